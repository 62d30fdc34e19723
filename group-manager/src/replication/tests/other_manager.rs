//! Another manager of the same cluster: a real sender, whose swaps and view changes a script calls for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::BytesMut;
use data_node::replica;
use multicast::{
    id::{ClientId, Epoch, GroupId, Incarnation, NodeId, Seq},
    skeen::{
        message::{FromMember, ToMember},
        sender::{SenderCommand, View},
    },
};
use structures::op::{Op, Write};
use wire::message::{
    membership::{Membership, Owner},
    replication::{Answers, Batch, Entry, FromNode, Parts, ToNode},
};

use super::{
    super::following::view_of,
    world::{World, life},
};
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

    /// It follows the stored membership; these members' links to it are up.
    pub(super) fn other_follows(&mut self, nodes: &[u64]) {
        let view = view_of(&self.stored);
        self.other.follow(self.stored.epoch, view);
        self.other_returns(nodes);
    }

    /// These members' links to it are up again.
    pub(super) fn other_returns(&mut self, nodes: &[u64]) {
        for node in nodes.iter().map(|node| NodeId(*node as u32)) {
            let process = self.processes.get_mut(&node).expect("a process of that node");
            let commands = process.replica.handle_manager_called(OTHER.incarnation);
            for said in self.say(node, commands) {
                let due = self.other.handle(node, said);
                self.keep(due);
            }
        }
    }

    /// It multicasts a write; members answer, and do not hear what comes of that.
    pub(super) fn other_proposes(&mut self, (group, ops): (GroupId, Vec<Op>)) {
        let (client, seq) = (ClientId(8), Seq(1));
        let writes = ops.into_iter().map(|op| Entry::Write(Write { client, seq, op }));
        let parts: Parts = vec![(group, writes.collect())];
        let mut payload = BytesMut::new();
        wire::codec::encode(&parts, &mut payload).expect("writes can be encoded");
        let (_, proposed) = self.other.multicast(vec![group], payload.freeze());
        for command in proposed {
            if let SenderCommand::Send { to, message } = command {
                self.hear_the_other(to, message);
            }
        }
    }

    /// These nodes hear all that it has to tell them.
    pub(super) fn other_finishes(&mut self, nodes: &[u64]) {
        let is_meant = |to: &NodeId| nodes.contains(&u64::from(to.0));
        let words = std::mem::take(&mut self.others_words);
        let (heard, kept): (VecDeque<_>, VecDeque<_>) = words.into_iter().partition(|(to, _)| is_meant(to));
        self.others_words = kept;
        for (to, message) in heard {
            self.hear_the_other(to, message);
        }
    }

    /// These nodes' links to it end.
    pub(super) fn other_leaves(&mut self, nodes: &[u64]) {
        for node in nodes.iter().map(|node| NodeId(*node as u32)) {
            let process = self.processes.get_mut(&node).expect("a process of that node");
            let commands = process.replica.handle_manager_gone(OTHER.incarnation);
            self.say(node, commands);
        }
    }

    fn hear_the_other(&mut self, to: NodeId, message: ToMember<Batch>) {
        if !self.processes.contains_key(&to) {
            return; // it crashed
        }
        for said in self.hears_of_the_other(to, ToNode::Multicast(message)) {
            let due = self.other.handle(to, said);
            self.keep(due);
        }
    }

    fn keep(&mut self, due: Vec<SenderCommand<Batch, Answers>>) {
        self.others_words
            .extend(due.into_iter().filter_map(|command| match command {
                SenderCommand::Send { to, message } => Some((to, message)),
                _ => None,
            }));
    }

    /// What the node says to the other manager.
    fn hears_of_the_other(&mut self, node: NodeId, message: ToNode) -> Vec<FromMember<Batch, Answers>> {
        let process = self.processes.get_mut(&node).expect("a process of that node");
        let commands = process.replica.handle_manager(OTHER.incarnation, message);
        self.say(node, commands)
    }

    /// Gives the manager under test what the node says to it; returns what it says to the other one.
    fn say(&mut self, node: NodeId, commands: Vec<replica::Command>) -> Vec<FromMember<Batch, Answers>> {
        let own = life(self.managers).incarnation;
        let process = self.processes.get_mut(&node).expect("a process of that node");
        let mut said = Vec::new();
        for command in commands {
            match command {
                replica::Command::ToManager { to, message } if to == OTHER.incarnation => said.push(message),
                replica::Command::ToManager { to, message } if to == own && process.linked => {
                    process.outbox.push_back(message);
                }
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
