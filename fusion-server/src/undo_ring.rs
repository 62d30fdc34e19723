//! The operations of one primary that may still have to be undone: those above its stable one.
//!
//! Undoing is applying again: addition over GF(2^8) is its own inverse. Source: DESIGN, "Fused server".
//!
//! Invariant: entries are consecutive and end with the last operation applied; at most [`MAX_UNDO`] of them.

use std::collections::VecDeque;

use multicast::{fifo::MAX_UNSTABLE, id::Seq};
use structures::delta::{REGIONS, Range};

/// Most operations kept; the primary's own limit of unstable operations keeps it from more.
pub const MAX_UNDO: usize = MAX_UNSTABLE;

/// One applied operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// Its number.
    pub seq: Seq,
    /// What it changed.
    pub ranges: Vec<Range>,
    /// Bytes of each region before it.
    pub old_lengths: [u64; REGIONS],
}

impl Undo {
    /// Bytes of memory behind it.
    fn bytes(&self) -> usize {
        let xors: usize = self.ranges.iter().map(|range| range.xor.capacity()).sum();
        self.ranges.capacity() * size_of::<Range>() + xors
    }
}

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoRing {
    operations: VecDeque<Undo>,
    /// Bytes of memory behind the operations.
    bytes: usize,
}

impl UndoRing {
    /// Whether one more operation fits.
    pub fn has_room(&self) -> bool {
        self.operations.len() < MAX_UNDO
    }

    /// Bytes of memory that it takes, for what it keeps and for what it could keep.
    pub fn bytes(&self) -> usize {
        self.operations.capacity() * size_of::<Undo>() + self.bytes
    }

    /// Keeps an operation that was applied.
    pub fn push(&mut self, undo: Undo) {
        self.bytes += undo.bytes();
        self.operations.push_back(undo);
    }

    /// Forgets everything up to `stable`.
    pub fn forget(&mut self, stable: Seq) {
        while self.operations.front().is_some_and(|oldest| oldest.seq <= stable) {
            let oldest = self.operations.pop_front().expect("just looked at");
            self.bytes -= oldest.bytes();
        }
    }

    /// Gives back the memory of operations that are forgotten: for when no more of them are coming.
    pub fn shrink(&mut self) {
        self.operations.shrink_to_fit();
    }

    /// Takes the newest operation out, if it is above `cut`.
    pub fn pop_above(&mut self, cut: Seq) -> Option<Undo> {
        self.operations.back().filter(|newest| newest.seq > cut)?;
        let newest = self.operations.pop_back()?;
        self.bytes -= newest.bytes();
        Some(newest)
    }

    /// The smallest number that can be cut at, if `applied` is the last operation applied.
    pub fn lowest_cut(&self, applied: Seq) -> Seq {
        self.operations
            .front()
            .map_or(applied, |oldest| Seq(oldest.seq.0 - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undo(seq: u64) -> Undo {
        Undo {
            seq: Seq(seq),
            ranges: vec![],
            old_lengths: [0; REGIONS],
        }
    }

    fn ring(seqs: std::ops::RangeInclusive<u64>) -> UndoRing {
        let mut ring = UndoRing::default();
        seqs.for_each(|seq| ring.push(undo(seq)));
        ring
    }

    #[test]
    fn operations_come_out_newest_first_down_to_the_cut() {
        let mut ring = ring(4..=6);
        let popped: Vec<_> = std::iter::from_fn(|| ring.pop_above(Seq(4)))
            .map(|undo| undo.seq.0)
            .collect();
        assert_eq!(popped, [6, 5]);
        assert_eq!(ring.lowest_cut(Seq(4)), Seq(3));
    }

    #[test]
    fn what_is_stable_is_forgotten_and_takes_no_memory() {
        let mut ring = ring(4..=6);
        ring.forget(Seq(5));
        assert_eq!(ring.lowest_cut(Seq(6)), Seq(5));
        ring.forget(Seq(6));
        ring.shrink();
        assert_eq!((ring.bytes(), ring.lowest_cut(Seq(6))), (0, Seq(6)));
    }

    #[test]
    fn there_is_room_for_the_limit_and_not_one_more() {
        assert!(ring(1..=MAX_UNDO as u64 - 1).has_room());
        assert!(!ring(1..=MAX_UNDO as u64).has_room());
    }
}
