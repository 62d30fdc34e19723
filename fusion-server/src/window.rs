//! The blocks of a residual in the making: copies of the parity from which live primaries are taken out.
//!
//! ```text
//! R[b] = parity at b                        a block enters at the window's end
//! Block(i, b) in i's channel:               R[b] += c * bytes, and i is no longer missing at b
//! later delta of i:                         to the parity; and to R[b] where i is still missing
//! nobody is missing at the first block:     it leaves
//! ```
//!
//! Where a primary is missing, the block follows the parity, so that what comes takes out exactly what is in. The
//! order of i's channel makes that exact without stopping i. Source: DESIGN, "Recovery", step 3.
//!
//! Invariants: R\[b\] = lost primaries' part + the parts, as of now, of those live ones that are missing at b; no
//! primary is asked for more than [`BLOCKS_AHEAD`] blocks that have not come.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use erasure::{coefficient, multiply_add};
use multicast::{id::NodeId, planted::Planted};
use structures::delta::{REGIONS, RegionId};
use wire::message::fusion::{BLOCK_BYTES, BLOCKS_AHEAD, BlockId, Blocks};

use crate::{
    coded::{Addend, Coded, as_length},
    defect::Defect,
};

/// Blocks that may be in the making at once: enough that those that are sent, those that come and those that are
/// asked for overlap.
pub const WINDOW_BLOCKS: usize = 16;

/// One block in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Making {
    bytes: Vec<u8>,
    /// Primaries whose part is still in it.
    missing: BTreeSet<NodeId>,
}

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    row: usize,
    /// All blocks of the residual.
    blocks: Blocks,
    /// Blocks that left.
    left: u64,
    making: VecDeque<Making>,
    asked: BTreeMap<NodeId, Asked>,
    planted: Planted<Defect>,
}

/// How far a primary was asked over the channel that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Asked {
    /// The place of the next block to ask for.
    next: u64,
    /// Blocks that were asked for and have not come.
    under_way: u64,
}

/// Blocks to be asked for: of whom, the first, and how many of its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The primary.
    pub primary: NodeId,
    /// The first block.
    pub first: BlockId,
    /// How many.
    pub count: u64,
}

impl Window {
    /// At the start of a residual of these lengths.
    pub fn new(row: u8, residual: [u64; REGIONS], planted: Planted<Defect>) -> Self {
        Self {
            row: usize::from(row),
            blocks: Blocks::of(residual),
            left: 0,
            making: VecDeque::new(),
            asked: BTreeMap::new(),
            planted,
        }
    }

    /// Lets blocks enter, as many as there is room for. `live` are the primaries in the parity that are not lost,
    /// with the lengths of their coded regions: who does not reach into a block is not in it.
    pub fn fill(&mut self, coded: &Coded, live: &[(NodeId, [u64; REGIONS])]) {
        while self.making.len() < WINDOW_BLOCKS
            && let Some(block) = self.blocks.at(self.end())
        {
            let region = usize::from(block.region.0);
            let reaches = live
                .iter()
                .filter(|(_, lengths)| block.bytes_of(lengths[region]) > 0);
            self.making.push_back(Making {
                bytes: copy(coded, block, as_length(self.blocks.bytes(block))),
                missing: reaches.map(|(primary, _)| *primary).collect(),
            });
        }
    }

    /// Whether every block has left.
    pub fn is_exhausted(&self) -> bool {
        self.left == self.blocks.count()
    }

    /// Bytes of the blocks in the making.
    pub fn bytes(&self) -> usize {
        self.making.iter().map(|making| making.bytes.capacity()).sum()
    }

    /// Takes a primary's part of a block out. One that it is not missing at changes nothing.
    pub fn take_block(&mut self, addend: Addend, block: BlockId, bytes: &[u8]) {
        let row = self.row;
        if let Some(making) = self.making(block)
            && making.missing.remove(&addend.primary)
        {
            add(row, addend, bytes, &mut making.bytes);
            let asked = self.asked.entry(addend.primary).or_default();
            asked.under_way = asked.under_way.saturating_sub(1);
        }
    }

    /// Notes what a primary changed: blocks that it is missing at follow the parity.
    pub fn note_delta(&mut self, addend: Addend, region: RegionId, offset: u64, xor: &[u8]) {
        let (row, planted) = (self.row, self.planted);
        let (mut offset, mut rest) = (offset, xor);
        while !rest.is_empty() {
            let index = offset / BLOCK_BYTES;
            let within = as_length(offset - index * BLOCK_BYTES);
            let (here, behind) = rest.split_at(rest.len().min(as_length(BLOCK_BYTES) - within));
            if let Some(making) = self.making(BlockId { region, index })
                && (making.missing.contains(&addend.primary) || planted.is(Defect::NoBlockMark))
                && let Some(target) = making.bytes.get_mut(within..)
            {
                add(row, addend, here, target);
            }
            offset += here.len() as u64;
            rest = behind;
        }
    }

    /// Lets the first block go, once nobody is missing at it.
    pub fn pop_complete(&mut self) -> Option<(BlockId, Vec<u8>)> {
        let block = self.blocks.at(self.left)?;
        let first = self.making.pop_front_if(|first| first.missing.is_empty())?;
        self.left += 1;
        Some((block, first.bytes))
    }

    /// What these primaries, whose channels are open, are to be asked for so that at most `ahead` blocks are under way
    /// together: the blocks that leave first come first. They count as asked for from then on.
    pub fn want(&mut self, open: &[NodeId], ahead: u64) -> Vec<Wanted> {
        let under_way: u64 = self.asked.values().map(|asked| asked.under_way).sum();
        let mut wanted: Vec<Wanted> = Vec::new();
        for _ in under_way..ahead {
            let next = open
                .iter()
                .filter_map(|primary| Some((self.next_missing(*primary)?, *primary)));
            let Some((place, primary)) = next.min() else {
                break;
            };
            let first = self
                .blocks
                .at(place)
                .expect("blocks in the making are of the residual");
            let asked = self.asked.entry(primary).or_default();
            asked.next = place + 1;
            asked.under_way += 1;
            match wanted
                .iter_mut()
                .find(|wanted| wanted.goes_on_with(primary, first))
            {
                Some(wanted) => wanted.count += 1,
                None => wanted.push(Wanted {
                    primary,
                    first,
                    count: 1,
                }),
            }
        }
        wanted
    }

    /// A primary's channel is over: what it was asked for over it does not come any more.
    pub fn ask_again(&mut self, primary: NodeId) {
        self.asked.remove(&primary);
    }

    /// One past the place of the last block in the making.
    fn end(&self) -> u64 {
        self.left + self.making.len() as u64
    }

    /// The place of the next block that a primary can be asked for.
    fn next_missing(&self, primary: NodeId) -> Option<u64> {
        let asked = self.asked.get(&primary).copied().unwrap_or_default();
        if asked.under_way >= BLOCKS_AHEAD {
            return None;
        }
        let from = asked.next.max(self.left);
        let making = self.making.range(as_length(from - self.left)..);
        let missing = making
            .zip(from..)
            .find(|(making, _)| making.missing.contains(&primary));
        missing.map(|(_, place)| place)
    }

    fn making(&mut self, block: BlockId) -> Option<&mut Making> {
        let place = self.blocks.place(block)?.checked_sub(self.left)?;
        self.making.get_mut(as_length(place))
    }
}

impl Wanted {
    /// Whether this block of this primary is the next one after these.
    fn goes_on_with(&self, primary: NodeId, block: BlockId) -> bool {
        let next = (self.primary, self.first.region, self.first.index + self.count);
        next == (primary, block.region, block.index)
    }
}

/// The parity's bytes of a block, with zeroes behind its end.
fn copy(coded: &Coded, block: BlockId, bytes: usize) -> Vec<u8> {
    let held = coded.parity(block.region).as_slice();
    let held = held.get(as_length(block.offset())..).unwrap_or_default();
    let mut copy = Vec::with_capacity(bytes);
    copy.extend_from_slice(&held[..bytes.min(held.len())]);
    copy.resize(bytes, 0);
    copy
}

/// Adds a primary's bytes, scaled, as far as the target goes.
fn add(row: usize, addend: Addend, bytes: &[u8], target: &mut [u8]) {
    let length = bytes.len().min(target.len());
    let coefficient = coefficient(row, usize::from(addend.column));
    multiply_add(coefficient, &bytes[..length], &mut target[..length]);
}
