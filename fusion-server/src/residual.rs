//! The residual of a recovery: parity less the live primaries, scaled and streamed to whoever replaces the lost.
//!
//! ```text
//! server -> live primaries   WantBlocks        live primaries -> server   Block, in their channels
//! server -> replacements     Begin, Auxiliary*, Block*, End
//! ```
//!
//! A window of blocks slides over the residual ([`Window`]): while its first blocks are sent the next ones come and
//! the ones after are asked for. Each replacement gets them multiplied by what the decoding of its structure
//! multiplies this row by, so that it has only to add up what the servers send. Source: DESIGN, "Recovery without
//! freezing writers", steps 3 and 4.
//!
//! Invariants: a block that is sent is the lost primaries' contribution at their cuts, whatever the live ones do
//! meanwhile; at most [`MAX_PORTIONS`] portions wait for one replacement to read them.

use std::{array, collections::BTreeMap};

use bytes::Bytes;
use erasure::{DecodeError, Decoder};
use multicast::id::NodeId;
use structures::delta::{REGIONS, RegionId};
use wire::message::fusion::{BlockId, Loss};

pub use crate::outflow::{MAX_PORTIONS, Portion};
use crate::{
    coded::{Addend, Coded},
    outflow::Outflow,
    pace::Pace,
    primary_copy::PrimaryCopy,
    window::{Wanted, Window},
};

/// Everything that a residual is computed from, as the manager orders it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResidualOrder {
    /// The recovery.
    pub recovery: u64,
    /// All losses of it, by column.
    pub losses: Vec<Loss>,
    /// The rows of the code that send residuals, in order.
    pub rows: Vec<u8>,
    /// Whether this server also sends the plain regions.
    pub with_auxiliary: bool,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Residual {
    recovery: u64,
    lost: Vec<NodeId>,
    window: Window,
    pace: Pace,
    /// One to each replacement.
    outflows: BTreeMap<NodeId, Outflow>,
}

impl Residual {
    /// The residual that server `row` is ordered to send, with an empty window. All losses are among the copies.
    ///
    /// # Errors
    /// If rows and losses make no system that can be solved, or `row` is none of the rows.
    pub fn new(
        order: &ResidualOrder,
        coded: &Coded,
        copies: &BTreeMap<NodeId, PrimaryCopy>,
    ) -> Result<Self, DecodeError> {
        let held = order
            .losses
            .iter()
            .filter_map(|loss| Some((loss, copies.get(&loss.primary)?)));
        let held: Vec<(&Loss, &PrimaryCopy)> = held.collect();
        let longest = longest(held.iter().map(|(_, copy)| copy.coded_lengths()));
        let scale = Scale::new(order, coded.row())?;
        let mut outflows = BTreeMap::new();
        for (loss, copy) in held {
            let factor = scale.factor(loss.column)?;
            if let Some(outflow) = Outflow::new(order, loss, copy, coded, factor, longest) {
                outflows.insert(loss.primary, outflow);
            }
        }
        Ok(Self {
            recovery: order.recovery,
            lost: order.losses.iter().map(|loss| loss.primary).collect(),
            window: Window::new(coded.row(), longest, coded.planted),
            pace: Pace::default(),
            outflows,
        })
    }

    /// Which recovery it is of.
    pub fn recovery(&self) -> u64 {
        self.recovery
    }

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        self.window.bytes()
    }

    /// Lets the window slide on: see [`Window::fill`].
    pub fn fill(&mut self, coded: &Coded, copies: &BTreeMap<NodeId, PrimaryCopy>) {
        let live = copies.iter().filter(|(primary, _)| !self.lost.contains(primary));
        let live: Vec<_> = live
            .map(|(primary, copy)| (*primary, copy.coded_lengths()))
            .collect();
        self.window.fill(coded, &live);
    }

    /// What the primaries whose channels are open are to be asked for now.
    pub fn want(&mut self, open: &[NodeId]) -> Vec<Wanted> {
        self.window.want(open, self.pace.blocks_ahead())
    }

    /// A primary's channel is over.
    pub fn ask_again(&mut self, primary: NodeId) {
        self.window.ask_again(primary);
    }

    /// Notes that a primary sent an operation.
    pub fn note_operation(&mut self) {
        self.pace.note_operation();
    }

    /// Takes a live primary's block.
    pub fn take_block(&mut self, addend: Addend, block: BlockId, bytes: &[u8]) {
        self.pace.note_block();
        self.window.take_block(addend, block, bytes);
    }

    /// Notes what was added to a parity.
    pub fn note_delta(&mut self, addend: Addend, region: RegionId, offset: u64, xor: &[u8]) {
        self.window.note_delta(addend, region, offset, xor);
    }

    /// Notes that a replacement's connection took a portion.
    pub fn portion_sent(&mut self, primary: NodeId) {
        if let Some(outflow) = self.outflows.get_mut(&primary) {
            outflow.portion_sent();
        }
    }

    /// Whether everything was handed out and sent.
    pub fn is_finished(&self) -> bool {
        self.outflows.values().all(Outflow::is_finished)
    }

    /// The portions that are ready and that the replacements have room for.
    pub fn portions(&mut self, copies: &BTreeMap<NodeId, PrimaryCopy>) -> Vec<Portion> {
        let mut portions = Vec::new();
        for (primary, outflow) in &mut self.outflows {
            if let Some(copy) = copies.get(primary) {
                portions.extend(outflow.plain_portions(copy));
            }
        }
        while self.outflows.values().all(Outflow::takes_blocks)
            && let Some((block, bytes)) = self.window.pop_complete()
        {
            let bytes = Bytes::from(bytes);
            let takers = self.outflows.values_mut();
            portions.extend(takers.filter_map(|outflow| outflow.block_portion(block, &bytes)));
        }
        if self.window.is_exhausted() {
            portions.extend(self.outflows.values_mut().filter_map(Outflow::end_portion));
        }
        portions
    }
}

/// By what this server's residual is multiplied in decoding each loss.
struct Scale {
    decoder: Decoder,
    row: usize,
}

impl Scale {
    fn new(order: &ResidualOrder, row: u8) -> Result<Self, DecodeError> {
        let rows: Vec<_> = order.rows.iter().map(|row| usize::from(*row)).collect();
        let columns: Vec<_> = order.losses.iter().map(|loss| usize::from(loss.column)).collect();
        Ok(Self {
            decoder: Decoder::new(&rows, &columns)?,
            row: usize::from(row),
        })
    }

    fn factor(&self, column: u8) -> Result<u8, DecodeError> {
        self.decoder.factor(self.row, usize::from(column))
    }
}

/// The longest of each region.
pub(crate) fn longest(lengths: impl Iterator<Item = [u64; REGIONS]>) -> [u64; REGIONS] {
    lengths.fold([0; REGIONS], |longest, lengths| {
        array::from_fn(|region| longest[region].max(lengths[region]))
    })
}
