//! The operations of one primary that may still have to be undone: those above its stable one.
//!
//! Undoing is applying again: addition over GF(2^8) is its own inverse. Source: DESIGN, "Fused server".
//!
//! Invariant: entries are consecutive and end with the last operation applied; at most [`MAX_UNDO`] of them, none
//! taken once their bytes are [`MAX_UNDO_BYTES`].

use std::collections::VecDeque;

use multicast::{
    fifo::{MAX_UNSTABLE, MAX_UNSTABLE_BYTES},
    id::Seq,
};
use structures::delta::{REGIONS, Range};

/// Most operations kept; the primary's own limit of unstable operations keeps it from more.
pub const MAX_UNDO: usize = MAX_UNSTABLE;
/// Bytes of operations kept from which no further one is taken, counted as the primary counts its unstable ones: its
/// writers wait before it gets there.
pub const MAX_UNDO_BYTES: usize = MAX_UNSTABLE_BYTES;

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
    /// Bytes that it counts for in the limit.
    fn counted_bytes(&self) -> usize {
        let counted = self
            .ranges
            .iter()
            .map(|range| size_of::<Range>() + range.xor.len());
        counted.sum()
    }

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
    /// Bytes that they count for in the limit.
    counted_bytes: usize,
}

impl UndoRing {
    /// Whether one more operation fits.
    pub fn has_room(&self) -> bool {
        self.operations.len() < MAX_UNDO && self.counted_bytes < MAX_UNDO_BYTES
    }

    /// Operations kept, and the bytes that they count for.
    pub fn load(&self) -> (usize, usize) {
        (self.operations.len(), self.counted_bytes)
    }

    /// Bytes of memory that it takes, for what it keeps and for what it could keep.
    pub fn bytes(&self) -> usize {
        self.operations.capacity() * size_of::<Undo>() + self.bytes
    }

    /// Keeps an operation that was applied.
    pub fn push(&mut self, undo: Undo) {
        self.bytes += undo.bytes();
        self.counted_bytes += undo.counted_bytes();
        self.operations.push_back(undo);
    }

    /// Forgets everything up to `stable`.
    pub fn forget(&mut self, stable: Seq) {
        while self.operations.front().is_some_and(|oldest| oldest.seq <= stable) {
            let oldest = self.operations.pop_front().expect("just looked at");
            self.bytes -= oldest.bytes();
            self.counted_bytes -= oldest.counted_bytes();
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
        self.counted_bytes -= newest.counted_bytes();
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
    use structures::delta::RegionId;

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

    #[test]
    fn there_is_room_below_the_limit_of_bytes_and_none_at_it_until_some_are_forgotten() {
        let large = |seq, bytes: usize| Undo {
            ranges: vec![Range {
                region: RegionId::VALUES,
                offset: 0,
                xor: vec![1; bytes - size_of::<Range>()],
            }],
            ..undo(seq)
        };
        let mut ring = UndoRing::default();
        ring.push(large(1, 1000));
        ring.push(large(2, MAX_UNDO_BYTES - 1001));
        assert!(ring.has_room());
        let mut full = ring.clone();
        full.push(large(3, 1000));
        assert!(!full.has_room());
        assert_eq!(full.load(), (3, MAX_UNDO_BYTES + 999));
        full.forget(Seq(1));
        assert!(full.has_room());
        ring.pop_above(Seq(1));
        ring.push(large(2, MAX_UNDO_BYTES - 1000));
        assert!(!ring.has_room());
    }
}
