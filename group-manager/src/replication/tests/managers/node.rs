//! A data node's process: its core, and what its shell does with the core's commands.

use std::collections::VecDeque;

use data_node::replica::{Arrived, Command, Replica};
use multicast::{
    id::{Incarnation, NodeId},
    skeen::snapshot::Snapshot,
};
use structures::{Structure, delta::REGIONS};
use wire::message::{
    entry::Enter,
    membership::{Addresses, Role},
    replication::{Batch, ToNode},
};

use super::world::{SPEC, World};
use crate::coordinator::{EntryTicket, Event};

pub(super) struct Node {
    pub(super) life: Incarnation,
    pub(super) replica: Replica,
    /// Donors' streams that are complete.
    pub(super) streams: VecDeque<Arrived>,
    /// The stream of this donor that is not.
    pub(super) leaving: Option<Leaving>,
}

/// A state on its way to a joiner, piece by piece.
pub(super) struct Leaving {
    transfer: u64,
    to: NodeId,
    snapshot: Snapshot<Batch>,
    images: [Vec<u8>; REGIONS],
}

impl Node {
    /// What it holds, in its order.
    pub(super) fn elements(&self) -> Option<Vec<String>> {
        let elements = self.replica.structure()?.elements().into_iter();
        let name = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Some(elements.map(|element| name(&element.value)).collect())
    }

    /// Whether it has something to do by itself.
    pub(super) fn is_busy(&self) -> bool {
        !self.streams.is_empty() || self.leaving.is_some() || self.replica.is_catching_up()
    }
}

impl World {
    pub(super) fn start_node(&mut self, node: NodeId) {
        let life = self.next_life();
        self.note(|| format!("{node} starts as {life}"));
        let node_process = Node {
            life,
            replica: Replica::new(node, SPEC),
            streams: VecDeque::new(),
            leaving: None,
        };
        self.nodes.insert(node, node_process);
    }

    /// The process ends, and its links with it.
    pub(super) fn stop_node(&mut self, node: NodeId) {
        for place in self.linked_to(node) {
            self.break_link(place, node);
        }
        self.note(|| format!("{node} ends"));
        self.nodes.remove(&node);
    }

    /// A process with which nobody is in touch says `Enter` to this manager.
    pub(super) fn enter(&mut self, node: NodeId, place: usize) {
        let Some(incarnation) = self.nodes.get(&node).map(|node| node.life) else {
            return;
        };
        if !self.linked_to(node).is_empty() || !self.managers[place].is_awake() {
            return;
        }
        let enter = Enter {
            node,
            incarnation,
            role: Role::DataNode,
            addresses: addresses(node),
        };
        let ticket = EntryTicket(node.0.into());
        self.feed(place, Event::Entered { ticket, enter });
    }

    pub(super) fn node_is_called(&mut self, node: NodeId, place: usize) {
        let life = self.managers[place].own.incarnation;
        let commands = self
            .nodes
            .get_mut(&node)
            .map(|node| node.replica.handle_manager_called(life));
        self.node_does(node, commands.unwrap_or_default());
    }

    pub(super) fn node_hears(&mut self, node: NodeId, place: usize, message: ToNode) {
        let life = self.managers[place].own.incarnation;
        let Some(process) = self.nodes.get_mut(&node) else {
            return;
        };
        let commands = process.replica.handle_manager(life, message);
        self.node_does(node, commands);
    }

    /// Its link to this manager is over.
    pub(super) fn node_loses(&mut self, node: NodeId, place: usize) {
        let life = self.managers[place].own.incarnation;
        let is_alone = self.linked_to(node).is_empty();
        let Some(process) = self.nodes.get_mut(&node) else {
            return;
        };
        let commands = match is_alone {
            true => process.replica.handle_manager_lost(),
            false => process.replica.handle_manager_gone(life),
        };
        self.node_does(node, commands);
    }

    /// The node takes a message of a manager, or does a piece of its own work.
    pub(super) fn node_takes(&mut self, node: NodeId) {
        let spoken_to = |place: &usize| !self.links[&(*place, node)].to_node.is_empty();
        let places: Vec<usize> = self.linked_to(node).into_iter().filter(spoken_to).collect();
        let is_busy = self.nodes.get(&node).is_some_and(Node::is_busy);
        if places.len() + usize::from(is_busy) == 0 {
            return;
        }
        let choice = self.below(places.len() + usize::from(is_busy));
        let Some(place) = places.get(choice).copied() else {
            return self.node_works(node);
        };
        let link = self.links.get_mut(&(place, node));
        if let Some(message) = link.and_then(|link| link.to_node.pop_front()) {
            self.node_hears(node, place, message);
        }
    }

    fn node_works(&mut self, node: NodeId) {
        let Some(process) = self.nodes.get_mut(&node) else {
            return;
        };
        let commands = match process.streams.pop_front() {
            Some(stream) => process.replica.handle_arrived(stream),
            None if process.replica.is_catching_up() => process.replica.catch_up(),
            None => return self.piece_leaves(node),
        };
        self.node_does(node, commands);
    }

    fn node_does(&mut self, node: NodeId, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::ToManager { to, message } => {
                    if let Some(place) = self.place_of(to) {
                        self.say(place, node, message);
                    }
                }
                Command::ToEveryManager(message) => {
                    for place in self.linked_to(node) {
                        self.say(place, node, message.clone());
                    }
                }
                Command::Reply { .. } => panic!("no client is at a read port"),
                Command::EnterAnew => {
                    for place in self.linked_to(node) {
                        self.break_link(place, node);
                    }
                }
                Command::SendState {
                    transfer,
                    to,
                    snapshot,
                    ..
                } => {
                    let leaving = Leaving {
                        transfer,
                        to: NodeId(to.port().into()),
                        snapshot,
                        images: Default::default(),
                    };
                    if let Some(process) = self.nodes.get_mut(&node) {
                        process.leaving = Some(leaving);
                    }
                }
            }
        }
    }

    /// One more piece of the donor's state leaves; the last one ends the stream.
    fn piece_leaves(&mut self, donor: NodeId) {
        let Some(process) = self.nodes.get_mut(&donor) else {
            return;
        };
        let Some(mut leaving) = process.leaving.take() else {
            return;
        };
        if let Some((region, bytes)) = process.replica.next_piece(leaving.transfer) {
            leaving.images[usize::from(region.0)].extend_from_slice(&bytes);
            process.leaving = Some(leaving);
            return;
        }
        let arrived = Arrived {
            transfer: leaving.transfer,
            snapshot: leaving.snapshot,
            structure: Structure::from_images(SPEC, leaving.images),
            transfer_us: 5,
            install_us: 3,
        };
        if let Some(joiner) = self.nodes.get_mut(&leaving.to) {
            joiner.streams.push_back(arrived);
        }
    }
}

/// Where a node listens: its id is the port.
pub(super) fn addresses(node: NodeId) -> Addresses {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], node.0 as u16));
    Addresses {
        peers: address,
        clients: address,
    }
}
