//! Blocks: the unit in which residuals are computed and sent.
//!
//! Invariant: a residual's blocks are those of its regions, region by region, each from its start; only the last
//! one of a region is short.

use serde::{Deserialize, Serialize};
use structures::delta::{REGIONS, RegionId};

/// Bytes of a block.
pub const BLOCK_BYTES: u64 = 64 * 1024;

/// Which block of which region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlockId {
    /// The region.
    pub region: RegionId,
    /// Its number within the region, from 0.
    pub index: u64,
}

impl BlockId {
    /// Its first byte, from the start of the region.
    pub fn offset(self) -> u64 {
        self.index.saturating_mul(BLOCK_BYTES)
    }

    /// The bytes of it that a region of `length` bytes has: all, some or none.
    pub fn bytes_of(self, length: u64) -> u64 {
        length.saturating_sub(self.offset()).min(BLOCK_BYTES)
    }
}

/// All blocks of regions of these lengths, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    lengths: [u64; REGIONS],
}

impl Blocks {
    /// Of regions of these lengths, in bytes.
    pub fn of(lengths: [u64; REGIONS]) -> Self {
        Self { lengths }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// The block at this place in the order, from 0.
    pub fn at(&self, place: u64) -> Option<BlockId> {
        let mut index = place;
        for (region, count) in RegionId::ALL.into_iter().zip(self.counts()) {
            if index < count {
                return Some(BlockId { region, index });
            }
            index -= count;
        }
        None
    }

    /// The place of a block in the order, if it is one of these.
    pub fn place(&self, block: BlockId) -> Option<u64> {
        let region = usize::from(block.region.0);
        let counts = self.counts();
        let before: u64 = counts.get(..region)?.iter().sum();
        (block.index < *counts.get(region)?).then_some(before + block.index)
    }

    /// Bytes of a block; none if it is not one of these.
    pub fn bytes(&self, block: BlockId) -> u64 {
        let length = self.lengths.get(usize::from(block.region.0));
        length.map_or(0, |length| block.bytes_of(*length))
    }

    fn counts(&self) -> [u64; REGIONS] {
        self.lengths.map(|length| length.div_ceil(BLOCK_BYTES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(region: u8, index: u64) -> BlockId {
        BlockId {
            region: RegionId(region),
            index,
        }
    }

    #[test]
    fn blocks_come_region_by_region_and_an_empty_region_has_none() {
        let blocks = Blocks::of([2 * BLOCK_BYTES, 0, BLOCK_BYTES + 1]);
        let order: Vec<_> = (0..).map_while(|place| blocks.at(place)).collect();
        assert_eq!(order, [block(0, 0), block(0, 1), block(2, 0), block(2, 1)]);
        assert_eq!(blocks.count(), 4);
        let places: Vec<_> = order.iter().map(|block| blocks.place(*block)).collect();
        assert_eq!(places, [0, 1, 2, 3].map(Some));
    }

    #[test]
    fn a_block_that_is_none_of_these_has_no_place_and_no_bytes() {
        let blocks = Blocks::of([BLOCK_BYTES, 0, 1]);
        for strange in [
            block(0, 1),
            block(1, 0),
            block(2, 1),
            block(3, 0),
            block(0, u64::MAX),
        ] {
            assert_eq!(
                (blocks.place(strange), blocks.bytes(strange)),
                (None, 0),
                "{strange:?}"
            );
        }
    }

    #[test]
    fn only_the_last_block_of_a_region_is_short() {
        let blocks = Blocks::of([BLOCK_BYTES + 5, 0, BLOCK_BYTES]);
        let bytes = [block(0, 0), block(0, 1), block(2, 0)].map(|block| blocks.bytes(block));
        assert_eq!(bytes, [BLOCK_BYTES, 5, BLOCK_BYTES]);
    }
}
