//! The links between processes: each in order and without gaps while both ends live; a process that dies, or
//! a link that breaks, loses the tail of what was under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{random::Random, replica::Outcome, replica::Request};
use crate::{
    id::{Incarnation, NodeId},
    skeen::message::{FromMember, ToMember},
};

/// One life of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Process {
    Manager(Incarnation),
    Node(NodeId, Incarnation),
}

/// One message under way.
#[derive(Clone, Debug)]
pub(super) enum Packet {
    ToMember(ToMember<Request>),
    FromMember(FromMember<Request, Outcome>),
}

/// All links that carry something.
#[derive(Debug, Default)]
pub(super) struct Network {
    links: BTreeMap<(Process, Process), VecDeque<Packet>>,
    /// Ways, one direction each, on which nothing gets through for now.
    held_up: BTreeSet<(Process, Process)>,
}

impl Network {
    pub(super) fn send(&mut self, from: Process, to: Process, packet: Packet) {
        self.links.entry((from, to)).or_default().push_back(packet);
    }

    /// Takes the oldest packet of some link whose receiver is awake.
    pub(super) fn arrive(
        &mut self,
        random: &mut Random,
        is_awake: impl Fn(Process) -> bool,
    ) -> Option<(Process, Process, Packet)> {
        let passes = |way: &&(Process, Process)| is_awake(way.1) && !self.held_up.contains(way);
        let links = self.links.keys().filter(passes);
        let links: Vec<(Process, Process)> = links.copied().collect();
        let (from, to) = random.pick(&links)?;
        let link = self.links.get_mut(&(from, to))?;
        let packet = link.pop_front()?;
        if link.is_empty() {
            self.links.remove(&(from, to));
        }
        Some((from, to, packet))
    }

    /// Nothing gets through on one of the ways that carry something, until all of them are free again.
    pub(super) fn hold_up(&mut self, random: &mut Random) {
        let ways: Vec<(Process, Process)> = self.links.keys().copied().collect();
        self.held_up.extend(random.pick(&ways));
    }

    /// Nothing gets through on this way, until all of them are free again.
    pub(super) fn hold_up_way(&mut self, way: (Process, Process)) {
        self.held_up.insert(way);
    }

    /// Whether anything is under way there.
    pub(super) fn carries(&self, way: (Process, Process)) -> bool {
        self.links.contains_key(&way)
    }

    pub(super) fn free(&mut self) {
        self.held_up.clear();
    }

    /// The process is dead: what was on its way to it is gone, and some of what it sent last.
    pub(super) fn bury(&mut self, dead: Process, random: &mut Random) {
        self.links.retain(|(_, to), _| *to != dead);
        self.lose_tails(random, |from, _| from == dead);
    }

    /// The process is replaced by another life: nothing of it arrives any more.
    pub(super) fn forget(&mut self, gone: Process) {
        self.links.retain(|(from, to), _| *from != gone && *to != gone);
    }

    /// The link between the two breaks, and is there again.
    pub(super) fn cut(&mut self, one: Process, other: Process, random: &mut Random) {
        self.lose_tails(random, |from, to| {
            (from, to) == (one, other) || (from, to) == (other, one)
        });
    }

    fn lose_tails(&mut self, random: &mut Random, hit: impl Fn(Process, Process) -> bool) {
        for ((from, to), link) in &mut self.links {
            if hit(*from, *to) {
                link.truncate(random.below(link.len() + 1));
            }
        }
        self.links.retain(|_, link| !link.is_empty());
    }
}
