//! Some blocks of a residual in the making: a copy of the parity from which live primaries are taken out.
//!
//! ```text
//! R = parity over the window
//! Block(i, b) in i's channel:  R[b] += c * bytes, (i, b) is marked
//! later delta of i:            to the parity; and to R[b] where (i, b) is not marked yet
//! ```
//!
//! What is not marked follows the parity, so that the block, when it comes, takes out exactly what is in. The
//! order of i's channel makes that exact without stopping i. Source: DESIGN, "Recovery", step 3.
//!
//! Invariant: R\[b\] = lost primaries' part + the parts, as of now, of those live ones that are not marked at b.

use std::collections::{BTreeMap, BTreeSet};

use erasure::{Parity, coefficient, multiply_add};
use multicast::id::NodeId;
use wire::message::fusion::BLOCK_BYTES;

use crate::coded::{Addend, as_length};

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    row: usize,
    /// Number of the first block.
    first: u64,
    /// The residual's bytes from the first block on; the last block may be short.
    bytes: Vec<u8>,
    /// Blocks marked, per primary that was asked.
    marks: BTreeMap<NodeId, BTreeSet<u64>>,
}

impl Window {
    /// Copies `bytes` bytes of the parity from block `first` on, and asks these primaries.
    pub fn copy(parity: &Parity, first: u64, bytes: usize, asked: impl Iterator<Item = NodeId>) -> Self {
        let start = as_length(first * BLOCK_BYTES);
        let held = parity.as_slice().get(start..).unwrap_or_default();
        let mut copy = held[..bytes.min(held.len())].to_vec();
        copy.resize(bytes, 0);
        let marks = asked.map(|primary| (primary, BTreeSet::new())).collect();
        Self {
            row: parity.row(),
            first,
            bytes: copy,
            marks,
        }
    }

    /// Number of its first block.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Number of blocks.
    pub fn count(&self) -> u64 {
        (self.bytes.len() as u64).div_ceil(BLOCK_BYTES)
    }

    /// Whether every primary asked is taken out everywhere.
    pub fn is_complete(&self) -> bool {
        self.marks
            .values()
            .all(|marked| marked.len() as u64 == self.count())
    }

    /// The blocks still to come from a primary: the first, and how many. They come in order.
    pub fn wanted(&self, primary: NodeId) -> Option<(u64, u64)> {
        let marked = self.marks.get(&primary)?.len() as u64;
        (marked < self.count()).then(|| (self.first + marked, self.count() - marked))
    }

    /// The primaries from which blocks are still to come.
    pub fn asked(&self) -> impl Iterator<Item = NodeId> {
        self.marks.keys().copied()
    }

    /// Takes a primary's part of a block out, and marks it. A block of elsewhere, of a primary that was not
    /// asked, or one that came before, changes nothing.
    pub fn take_block(&mut self, addend: Addend, index: u64, bytes: &[u8]) {
        let within = (self.first..self.first + self.count()).contains(&index);
        let Some(marked) = self.marks.get_mut(&addend.primary) else {
            return;
        };
        if within && marked.insert(index) {
            self.add(addend, index * BLOCK_BYTES, bytes);
        }
    }

    /// Notes what a primary changed: blocks that it is not yet taken out of follow the parity.
    pub fn note_delta(&mut self, addend: Addend, offset: u64, xor: &[u8]) {
        let mut rest = xor;
        let mut offset = offset;
        while !rest.is_empty() {
            let index = offset / BLOCK_BYTES;
            let in_block = as_length((index + 1) * BLOCK_BYTES - offset).min(rest.len());
            let (here, behind) = rest.split_at(in_block);
            if self
                .marks
                .get(&addend.primary)
                .is_some_and(|marked| !marked.contains(&index))
            {
                self.add(addend, offset, here);
            }
            rest = behind;
            offset += in_block as u64;
        }
    }

    /// The residual's blocks, in order; `is_complete` has said so.
    pub fn into_blocks(self) -> impl Iterator<Item = (u64, Vec<u8>)> {
        let first = self.first;
        let blocks: Vec<_> = self
            .bytes
            .chunks(as_length(BLOCK_BYTES))
            .map(<[u8]>::to_vec)
            .collect();
        (first..).zip(blocks)
    }

    /// Adds scaled bytes where they lie within the window.
    fn add(&mut self, addend: Addend, offset: u64, bytes: &[u8]) {
        let start = self.first * BLOCK_BYTES;
        if offset < start {
            return;
        }
        let place = as_length(offset - start);
        let Some(target) = self.bytes.get_mut(place..) else {
            return;
        };
        let length = bytes.len().min(target.len());
        multiply_add(
            coefficient(self.row, usize::from(addend.column)),
            &bytes[..length],
            &mut target[..length],
        );
    }
}
