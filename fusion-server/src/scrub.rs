//! A scrub under way: signatures of some blocks of the parity, to which those of the primaries are added.
//!
//! ```text
//! S[b] = signature of the parity at b       when it begins
//! Signatures in i's channel:                S[b] += c * signature, and i is no longer awaited
//! later delta of i:                         to the parity; and where i is awaited, S += c * its signature
//! nobody is awaited:                        every S is zero, or it is a syndrome
//! ```
//!
//! The trick of a residual ([`crate::window`]), with 64 bytes instead of a block: who is awaited follows the
//! parity, so that its signatures, when they come, take out exactly what is in, and nobody stops. A plain copy needs
//! no trick: at this place of its primary's channel the two are the same. Source: DESIGN, "Scrub".
//!
//! Invariant: S\[b\] = the signature of what is wrong at b + the parts, as of now, of primaries that are awaited.

use std::collections::BTreeSet;

use erasure::{Signature, coefficient};
use multicast::id::NodeId;
use structures::delta::RegionId;
use wire::message::{
    fusion::BlockId,
    scrub::{ScrubWindow, Syndrome},
};

use crate::coded::{Addend, Coded, as_length};

/// Who asked for a scrub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The shell's number for the client's connection.
    pub connection: u64,
    /// The client's number for its request.
    pub request: u64,
}

/// What is compared with what.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Comparison {
    /// The parity with all primaries: S of each block.
    Parity(Vec<Signature>),
    /// Each primary's plain copy with that primary: where those that came differ.
    Copies(Vec<Syndrome>),
}

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrub {
    number: u64,
    asker: Asker,
    row: usize,
    window: ScrubWindow,
    comparison: Comparison,
    /// The primaries whose signatures have not come.
    awaited: BTreeSet<NodeId>,
}

impl Scrub {
    /// Begins: signs the parity's blocks. `awaited` are the primaries that are asked. The window is sound.
    pub fn begin(
        number: u64,
        asker: Asker,
        window: ScrubWindow,
        coded: &Coded,
        awaited: BTreeSet<NodeId>,
    ) -> Self {
        let region = window.first.region;
        let comparison = match coded.layout().is_coded(region) {
            true => Comparison::Parity(window.signatures(coded.parity(region).as_slice())),
            false => Comparison::Copies(Vec::new()),
        };
        Self {
            number,
            asker,
            row: usize::from(coded.row()),
            window,
            comparison,
            awaited,
        }
    }

    /// Its number, by which answers to it are known.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Who asked for it.
    pub fn asker(&self) -> Asker {
        self.asker
    }

    /// The blocks that it compares.
    pub fn window(&self) -> ScrubWindow {
        self.window
    }

    /// Whether this primary's signatures have not come.
    pub fn awaits(&self, primary: NodeId) -> bool {
        self.awaited.contains(&primary)
    }

    /// Whether everybody's signatures have come.
    pub fn is_complete(&self) -> bool {
        self.awaited.is_empty()
    }

    /// Takes the signatures of a primary, one a block, and our plain copy of its region, which is empty if the
    /// region is coded. Those of a primary that is not awaited change nothing.
    pub fn take(&mut self, addend: Addend, signatures: &[Signature], copy: &[u8]) {
        if !self.awaited.remove(&addend.primary) {
            return;
        }
        let factor = self.coefficient(addend);
        match &mut self.comparison {
            Comparison::Parity(sums) => {
                for (sum, signature) in sums.iter_mut().zip(signatures) {
                    sum.add_scaled(factor, signature);
                }
            }
            Comparison::Copies(syndromes) => {
                let ours = self.window.signatures(copy);
                for ((block, theirs), ours) in self.window.blocks().zip(signatures).zip(ours) {
                    let mut signature = Signature::ZERO;
                    signature.add_scaled(factor, theirs);
                    signature.add_scaled(factor, &ours);
                    let copy_of = Some(addend.primary);
                    syndromes.extend(syndrome(block, copy_of, signature));
                }
            }
        }
    }

    /// Notes what was added to a parity: the blocks of a primary that is awaited follow it.
    pub fn note_delta(&mut self, addend: Addend, region: RegionId, offset: u64, xor: &[u8]) {
        let factor = self.coefficient(addend);
        let Comparison::Parity(sums) = &mut self.comparison else {
            return;
        };
        if region != self.window.first.region || !self.awaited.contains(&addend.primary) {
            return;
        }
        let end = offset + xor.len() as u64;
        for (block, sum) in self.window.blocks().zip(sums) {
            let from = offset.max(block.offset());
            let to = end.min(BlockId::offset(next(block)));
            if from < to {
                let part = &xor[as_length(from - offset)..as_length(to - offset)];
                sum.add_range(self.window.seed, as_length(from - block.offset()), factor, part);
            }
        }
    }

    /// Where the bytes do not agree; `is_complete` has said that all are compared.
    pub fn into_syndromes(self) -> Vec<Syndrome> {
        match self.comparison {
            Comparison::Parity(sums) => {
                let sums = self.window.blocks().zip(sums);
                sums.filter_map(|(block, sum)| syndrome(block, None, sum))
                    .collect()
            }
            Comparison::Copies(syndromes) => syndromes,
        }
    }

    fn coefficient(&self, addend: Addend) -> u8 {
        coefficient(self.row, usize::from(addend.column))
    }
}

/// The block behind this one.
fn next(block: BlockId) -> BlockId {
    BlockId {
        index: block.index.saturating_add(1),
        ..block
    }
}

fn syndrome(block: BlockId, copy_of: Option<NodeId>, signature: Signature) -> Option<Syndrome> {
    (!signature.is_zero()).then_some(Syndrome {
        block,
        copy_of,
        signature,
    })
}
