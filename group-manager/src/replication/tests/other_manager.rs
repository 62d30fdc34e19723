//! Another manager of the same cluster: a real sender, whose swaps and view changes a script calls for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use data_node::replica;
use multicast::{
    id::{Epoch, GroupId, Incarnation, NodeId},
    skeen::{
        message::FromMember,
        sender::{SenderCommand, View},
    },
};
use wire::message::{
    membership::{Membership, Owner},
    replication::{Answers, Batch, FromNode, ToNode},
};

use super::world::World;
use crate::coordinator::{Command, Event};

/// The other manager's only life: 8.10.
pub(super) const OTHER: Owner = Owner {
    node: NodeId(8),
    incarnation: Incarnation(10),
};

impl World {
    /// The other manager stores itself as the owner, and nothing else.
    pub(super) fn others_swap(&mut self) -> Membership {
        self.stored.epoch = self.stored.epoch.next();
        self.stored.owner = Some(OTHER);
        self.stored.clone()
    }

    /// It seals these members and finishes what they hold; they say to every manager that they are in the view.
    pub(super) fn other_seals(&mut self, nodes: &[u64]) {
        let mut voters: BTreeMap<GroupId, BTreeSet<NodeId>> = BTreeMap::new();
        for node in nodes.iter().map(|node| NodeId(*node as u32)) {
            voters.entry(self.cluster.nodes[&node]).or_default().insert(node);
        }
        let mut due: VecDeque<_> = self.other.seal(self.stored.epoch, View::of(voters)).into();
        while let Some(command) = due.pop_front() {
            if let SenderCommand::Send { to, message } = command {
                for said in self.hears_of_the_other(to, ToNode::Multicast(message)) {
                    due.extend(self.other.handle(to, said));
                }
            }
        }
    }

    /// What the node says to the other manager.
    fn hears_of_the_other(&mut self, node: NodeId, message: ToNode) -> Vec<FromMember<Batch, Answers>> {
        let process = self.processes.get_mut(&node).expect("a process of that node");
        let mut said = Vec::new();
        for command in process.replica.handle_manager(OTHER.incarnation, message) {
            match command {
                replica::Command::ToManager { to, message } if to == OTHER.incarnation => said.push(message),
                replica::Command::ToEveryManager(message) => {
                    said.push(message.clone());
                    if process.linked {
                        process.outbox.push_back(message);
                    }
                }
                _ => {}
            }
        }
        let multicast = said.into_iter().filter_map(|message| match message {
            FromNode::Multicast(message) => Some(message),
            _ => None,
        });
        multicast.collect()
    }

    /// What the manager under test hears of the other one.
    pub(super) fn of_the_other(&mut self, word: &str) -> Vec<Command> {
        let event = match word {
            "up" => Event::ManagerLinked(OTHER.incarnation),
            "down" => Event::ManagerLost(OTHER.incarnation),
            "seen" => Event::MembershipSeen(self.stored.clone()),
            "stuck" => Event::ManagerStuck(self.stored.epoch),
            _ => panic!("nothing of the other manager: {word}"),
        };
        self.feed(event)
    }

    /// A member is told to be in a later epoch than the manager under test knows of.
    pub(super) fn is_in(&mut self, node: NodeId, own: Epoch) -> Vec<Command> {
        let offered = self.stored.epoch;
        let refusal = FromMember::WrongEpoch { offered, own };
        self.feed(Event::FromNode(node, FromNode::Multicast(refusal)))
    }
}
