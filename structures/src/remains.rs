//! What is left of a structure that is being taken apart: bytes that are zeroed and cut off, from the end.
//!
//! A structure that leaves its cluster takes its part out of the backups' sums this way, by deltas like any others; a
//! whole one would not fit into one of them. In between, the bytes are no structure, so nothing is served of them.
//!
//! Invariant: once [`Remains::take_off`] has nothing to say, every region is empty, as before the first write.

use crate::arena::Arena;
use crate::delta::{Delta, RegionId};
use crate::transaction::Transaction;

/// Most bytes that one step takes off.
pub(crate) const STEP_BYTES: usize = 64 * 1024;

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remains(Arena);

impl Remains {
    /// These bytes are all that is left.
    pub(crate) fn of(arena: Arena) -> Self {
        Self(arena)
    }

    pub(crate) fn arena(&self) -> &Arena {
        &self.0
    }

    /// Takes the last bytes off, [`STEP_BYTES`] at most, and says what that changed; none if nothing is left. Constant
    /// cost.
    pub(crate) fn take_off(&mut self) -> Option<Delta> {
        let lengths = RegionId::ALL.map(|region| (region, self.0.len(region)));
        let (region, length) = lengths.into_iter().rev().find(|(_, length)| *length > 0)?;
        let mut tx = Transaction::begin(&mut self.0);
        tx.cut(region, length.saturating_sub(STEP_BYTES));
        Some(tx.commit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::REGIONS;

    #[test]
    fn what_is_taken_off_adds_up_to_everything_in_steps_of_bounded_size() {
        let lengths = [2 * STEP_BYTES + 1, 0, STEP_BYTES];
        let images = lengths.map(|length| (0..length).map(|byte| byte as u8 | 1).collect());
        let mut copy = Arena::from_images(images).expect("short regions");
        let mut remains = Remains::of(copy.clone());
        let mut steps = 0;
        while let Some(delta) = remains.take_off() {
            let bytes: usize = delta.ranges.iter().map(|range| range.xor.len()).sum();
            assert!((1..=STEP_BYTES).contains(&bytes), "{bytes}");
            copy.apply(&delta).expect("what is cut is zero");
            assert_eq!(&copy, remains.arena());
            steps += 1;
        }
        assert_eq!((steps, copy.lengths()), (4, [0; REGIONS]));
    }
}
