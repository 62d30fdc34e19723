//! A data node of the cluster in memory: its core, what waits for it, and a state that leaves it piece by piece.

use std::collections::VecDeque;

use data_node::replica::{self, Arrived, Replica};
use multicast::{
    id::{Incarnation, NodeId},
    skeen::snapshot::Snapshot,
};
use structures::{Structure, delta::REGIONS};
use wire::message::replication::{Batch, FromNode, ToNode};

use super::{LIMITS, World, life};

/// One process of a data node.
pub(in super::super) struct Process {
    pub(in super::super) life: Incarnation,
    pub(in super::super) replica: Replica,
    /// From the manager, not taken yet.
    pub(in super::super) inbox: VecDeque<ToNode>,
    /// To the manager, not arrived yet.
    pub(in super::super) outbox: VecDeque<FromNode>,
    /// A donor's stream that is complete.
    pub(in super::super) streams: VecDeque<Arrived>,
    /// The stream of this donor that is not.
    pub(in super::super) leaving: Option<Leaving>,
    /// Whether the manager's link is up.
    pub(in super::super) linked: bool,
}

/// A state on its way to a joiner, piece by piece.
pub(in super::super) struct Leaving {
    transfer: u64,
    to: NodeId,
    snapshot: Snapshot<Batch>,
    images: [Vec<u8>; REGIONS],
}

impl Process {
    /// Whether it has something to do by itself.
    pub(super) fn is_busy(&self) -> bool {
        self.leaving.is_some() || self.replica.is_catching_up()
    }
}

impl World {
    /// Starts a process, unless that very one runs.
    pub(in super::super) fn start(&mut self, node: NodeId, life: Incarnation) {
        if self
            .processes
            .get(&node)
            .is_some_and(|process| process.life == life)
        {
            return;
        }
        let replica = Replica::new(node, LIMITS);
        let (inbox, outbox, streams) = Default::default();
        self.processes.insert(
            node,
            Process {
                life,
                replica,
                inbox,
                outbox,
                streams,
                leaving: None,
                linked: false,
            },
        );
    }

    /// The node takes one message of the manager, or else a stream that arrived.
    pub(in super::super) fn node_takes(&mut self, node: NodeId) {
        let Some(process) = self.processes.get_mut(&node) else {
            return;
        };
        let manager = life(self.managers).incarnation;
        let commands = match process.inbox.pop_front() {
            Some(message) => process.replica.handle_manager(manager, message),
            None => match process.streams.pop_front() {
                Some(stream) => process.replica.handle_arrived(stream),
                None if process.replica.is_catching_up() => process.replica.catch_up(),
                None => return self.piece_leaves(node),
            },
        };
        let own = manager;
        for command in commands {
            match command {
                // To a manager of before, or another one.
                replica::Command::ToManager { to, .. } if to != own => {}
                replica::Command::ToManager { message, .. } | replica::Command::ToEveryManager(message) => {
                    if let Some(process) = self.processes.get_mut(&node).filter(|process| process.linked) {
                        process.outbox.push_back(message);
                    }
                }
                replica::Command::Reply { .. } => panic!("no client is at a read port"),
                replica::Command::EnterAnew => panic!("nobody holds so much"),
                replica::Command::SendState {
                    transfer,
                    to,
                    snapshot,
                    ..
                } => {
                    let to = NodeId(to.port().into());
                    let images = Default::default();
                    if let Some(process) = self.processes.get_mut(&node) {
                        process.leaving = Some(Leaving {
                            transfer,
                            to,
                            snapshot,
                            images,
                        });
                    }
                }
            }
        }
    }

    /// One more piece of the donor's state leaves; the last one ends the stream.
    fn piece_leaves(&mut self, donor: NodeId) {
        let Some(process) = self.processes.get_mut(&donor) else {
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
        let Leaving {
            transfer,
            to,
            snapshot,
            images,
        } = leaving;
        let (transfer_us, install_us) = (5, 3);
        let structure = Structure::from_images(LIMITS, images);
        if let Some(joiner) = self.processes.get_mut(&to) {
            joiner.streams.push_back(Arrived {
                transfer,
                snapshot,
                structure,
                transfer_us,
                install_us,
            });
        }
    }

    /// The keys that a node holds, in the structure's order.
    pub(in super::super) fn keys(&self, node: NodeId) -> Option<Vec<String>> {
        let structure = self.processes.get(&node)?.replica.structure()?;
        Some(
            structure
                .elements()
                .iter()
                .map(|element| String::from_utf8_lossy(&element.key).into_owned())
                .collect(),
        )
    }
}
