//! Comparing parity with primaries: a client asks a fused server, which asks the primaries, in band.
//!
//! ```text
//! client --Scrub(window)--> server --WantSignatures--> primaries     primaries --Signatures--> server --Scrubbed--> client
//! ```
//!
//! What travels are signatures ([`erasure::signature`]) instead of blocks: 64 bytes for 64 KiB. Source: DESIGN,
//! "Scrub".

use erasure::Signature;
use multicast::id::NodeId;
use serde::{Deserialize, Serialize};
use structures::{arena::MAX_REGION_BYTES, delta::RegionId};

use super::fusion::BlockId;

/// Most blocks of one window. Signing as many holds an operation up for about a tenth of a millisecond.
pub const MAX_SCRUB_BLOCKS: u64 = 8;

/// Which blocks are compared, and by which signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrubWindow {
    /// What the signatures' weights are drawn from. A new one finds what happened to cancel out before.
    pub seed: u64,
    /// The first block.
    pub first: BlockId,
    /// How many of its region; some may lie behind the region's end.
    pub count: u64,
}

impl ScrubWindow {
    /// Whether there can be such blocks, and they are not too many to be asked for at once.
    pub fn is_sound(&self) -> bool {
        RegionId::ALL.contains(&self.first.region)
            && (1..=MAX_SCRUB_BLOCKS).contains(&self.count)
            && self.first.offset() <= MAX_REGION_BYTES
    }

    /// Its blocks, in order.
    pub fn blocks(&self) -> impl Iterator<Item = BlockId> + use<> {
        let BlockId { region, index } = self.first;
        (index..index.saturating_add(self.count)).map(move |index| BlockId { region, index })
    }

    /// The signatures of the window's blocks of a region with these bytes, in order; behind its end there is
    /// nothing. Cost: that of signing so many blocks.
    pub fn signatures(&self, image: &[u8]) -> Vec<Signature> {
        let length = image.len() as u64;
        let part = |block: BlockId| {
            let start = block.offset().min(length);
            &image[start as usize..(start + block.bytes_of(length)) as usize]
        };
        self.blocks()
            .map(|block| Signature::of(self.seed, part(block)))
            .collect()
    }
}

/// How a server's bytes compare with the primaries' over a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scrubbed {
    /// Bytes of the region at this server: its parity's, or the longest plain copy's.
    pub region_bytes: u64,
    /// Where they do not agree, in the order of blocks within each copy.
    pub syndromes: Vec<Syndrome>,
}

/// By how much a block of a server and the primaries' disagree; never by zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Syndrome {
    /// The block.
    pub block: BlockId,
    /// In a region that the server keeps as it is: whose copy this is about. `None`: the parity of all.
    pub copy_of: Option<NodeId>,
    /// The server's signature plus the primaries', each times its coefficient. For a plain copy, as if the
    /// parity were that of its primary alone.
    pub signature: Signature,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::fusion::BLOCK_BYTES;

    fn window(region: u8, first: u64, count: u64) -> ScrubWindow {
        ScrubWindow {
            seed: 7,
            first: BlockId {
                region: RegionId(region),
                index: first,
            },
            count,
        }
    }

    #[test]
    fn a_window_is_of_a_known_region_has_blocks_and_at_most_the_limit_and_begins_where_regions_can() {
        let last = MAX_REGION_BYTES / BLOCK_BYTES;
        assert!(window(2, last, MAX_SCRUB_BLOCKS).is_sound());
        assert!(!window(3, last, MAX_SCRUB_BLOCKS).is_sound());
        assert!(!window(2, last + 1, MAX_SCRUB_BLOCKS).is_sound());
        assert!(!window(2, last, MAX_SCRUB_BLOCKS + 1).is_sound());
        assert!(!window(2, 0, 0).is_sound());
    }

    #[test]
    fn signatures_are_of_whole_blocks_the_short_last_one_and_nothing_behind_it() {
        let block = BLOCK_BYTES as usize;
        let image: Vec<u8> = (0..2 * block + 100).map(|at| (at * at / 8) as u8).collect();
        let expected = [
            Signature::of(7, &image[block..2 * block]),
            Signature::of(7, &image[2 * block..]),
            Signature::ZERO,
        ];
        assert_eq!(window(0, 1, 3).signatures(&image), expected);
    }
}
