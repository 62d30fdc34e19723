//! Elements by priority: what a priority queue should hold.

use std::collections::BTreeSet;

use super::Version;

/// Elements in the order in which they come out: by priority, equals by their number, which is the order in
/// which they were pushed.
#[derive(Debug, Default)]
pub(in crate::work) struct Ranked {
    /// The number of the next element.
    next: u32,
    order: BTreeSet<(u64, u32)>,
}

impl Ranked {
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The elements in the order in which they come out.
    pub(in crate::work) fn versions(&self) -> impl Iterator<Item = Version> {
        self.order.iter().map(|(_, number)| unchanged(*number))
    }

    /// Puts the next element in, with the priority of its number.
    pub(super) fn push(&mut self, priority: impl Fn(u32) -> u64) -> Version {
        let number = self.next;
        self.next += 1;
        self.order.insert((priority(number), number));
        unchanged(number)
    }

    /// Takes the first one out.
    pub(super) fn pop(&mut self) -> Option<Version> {
        let (_, number) = self.order.pop_first()?;
        Some(unchanged(number))
    }

    pub(super) fn first(&self) -> Option<Version> {
        let (_, number) = self.order.first()?;
        Some(unchanged(*number))
    }
}

fn unchanged(number: u32) -> Version {
    Version { number, changes: 0 }
}
