//! A sender that gives every message its number itself: one round instead of two, where one sender is enough.
//!
//! The sequencer of Kaashoek and Tanenbaum ("Group Communication in the Amoeba Distributed Operating System", ICDCS
//! 1991), here the owner of the view, so that a view change is its election. It is the baseline that shows what
//! Skeen's second round costs, and what it buys: any sender may send, and only the groups addressed take part.
//! Invariant: a number is above every one that any member of the view knows, and numbers rise. No two messages have the
//! same one: where an offer names its member a number names the epoch, for a group that is back after all of it was away
//! may know of a message that the owner of a later view knew nothing of.

use std::collections::BTreeMap;

use super::clock::LamportClock;
#[cfg(test)]
use super::{member::Defect, sender::Sender};
use crate::id::{Epoch, GroupId, NodeId, Timestamp};

/// Who decides on the place of a message in the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OrderedBy {
    /// The members: the largest of their offers. Any sender may send.
    #[default]
    Skeen,
    /// The owner of the view, which numbers all messages. Nobody else sends.
    Sequencer,
}

/// The numbers of one sender.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Numbers {
    clock: LamportClock,
    epoch: Epoch,
    /// The last one of each group in this epoch.
    last: BTreeMap<GroupId, Timestamp>,
    #[cfg(test)]
    begins_at_one: bool,
}

impl Numbers {
    /// A new epoch begins, of whose members none knows a larger counter.
    pub(super) fn begin_epoch(&mut self, epoch: Epoch, largest: u64) {
        self.epoch = epoch;
        self.last.clear();
        #[cfg(test)]
        if self.begins_at_one {
            return;
        }
        self.clock.raise_to(largest);
    }

    /// The next number.
    pub(super) fn next(&mut self) -> Timestamp {
        // Of more epochs than fit those that are so far apart do not meet.
        self.clock.tick(NodeId(self.epoch.0 as u32))
    }

    /// The number goes to this group: gives the one before it there; zero for the first.
    pub(super) fn chain(&mut self, group: GroupId, number: Timestamp) -> Timestamp {
        self.last.insert(group, number).unwrap_or_default()
    }
}

#[cfg(test)]
impl<P, R> Sender<P, R> {
    /// The same with this fault, if it is one of a sender, for the simulation, which must catch it.
    pub(crate) fn with_defect(mut self, defect: Defect) -> Self {
        if let Some(numbers) = &mut self.numbers {
            numbers.begins_at_one = defect == Defect::NumbersFromOne;
        }
        self
    }
}
