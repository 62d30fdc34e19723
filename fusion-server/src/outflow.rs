//! What one replacement is sent: its plain regions, then its part of the residual, block by block.
//!
//! Invariants: the frames are in the order that [`ResidualFrame`] states; at most [`MAX_PORTIONS`] portions are
//! handed out and not yet sent.

use std::net::SocketAddr;

use bytes::Bytes;
use erasure::multiply_sum;
use multicast::id::NodeId;
use structures::delta::{REGIONS, RegionId};
use wire::message::fusion::{BLOCK_BYTES, BlockId, Blocks, Layout, Loss, ResidualFrame};

use crate::{
    coded::{Coded, as_length},
    primary_copy::PrimaryCopy,
    residual::ResidualOrder,
};

/// Portions of a block or a chunk that may be on their way to one replacement.
pub const MAX_PORTIONS: usize = 8;

/// Frames for one replacement, to be sent together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    /// The recovery.
    pub recovery: u64,
    /// The lost primary whose replacement it is for.
    pub primary: NodeId,
    /// Where that replacement listens.
    pub address: SocketAddr,
    /// The frames, in order.
    pub frames: Vec<ResidualFrame>,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct Outflow {
    recovery: u64,
    primary: NodeId,
    address: SocketAddr,
    /// By what the residual is multiplied for this replacement.
    factor: u8,
    /// The blocks that its structure has bytes of.
    blocks: Blocks,
    layout: Layout,
    /// The stream's first frame, until it is handed out.
    begin: Option<ResidualFrame>,
    /// The next plain byte to send; none if all are sent, or another server sends them.
    plain: Option<(RegionId, usize)>,
    /// Portions handed out and not yet reported as sent.
    waiting: usize,
    ended: bool,
}

impl Outflow {
    /// To the replacement of this loss, if it has entered.
    pub(crate) fn new(
        order: &ResidualOrder,
        loss: &Loss,
        copy: &PrimaryCopy,
        coded: &Coded,
        factor: u8,
        residual_bytes: [u64; REGIONS],
    ) -> Option<Self> {
        let layout = coded.layout();
        let first_plain = layout.plain().next().map(|region| (region, 0));
        Some(Self {
            recovery: order.recovery,
            primary: loss.primary,
            address: loss.replacement?,
            factor,
            blocks: Blocks::of(copy.coded_lengths()),
            layout,
            begin: Some(ResidualFrame::Begin {
                recovery: order.recovery,
                row: coded.row(),
                cut: loss.cut,
                lengths: copy.lengths(),
                residual_bytes,
            }),
            plain: first_plain.filter(|_| order.with_auxiliary),
            waiting: 0,
            ended: false,
        })
    }

    pub(crate) fn portion_sent(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// Whether everything was handed out and sent.
    pub(crate) fn is_finished(&self) -> bool {
        self.ended && self.waiting == 0
    }

    /// Whether the next block may be handed out.
    pub(crate) fn takes_blocks(&self) -> bool {
        self.begin.is_none() && self.plain.is_none() && self.waiting < MAX_PORTIONS
    }

    /// The stream's beginning and the next chunks of the plain regions.
    pub(crate) fn plain_portions(&mut self, copy: &PrimaryCopy) -> Vec<Portion> {
        let mut portions = Vec::new();
        while self.waiting < MAX_PORTIONS && (self.begin.is_some() || self.plain.is_some()) {
            let mut frames = Vec::from_iter(self.begin.take());
            frames.extend(self.next_chunk(copy));
            if !frames.is_empty() {
                portions.push(self.portion(frames));
            }
        }
        portions
    }

    /// A block of the residual, scaled, if this replacement has bytes of it.
    pub(crate) fn block_portion(&mut self, block: BlockId, residual: &Bytes) -> Option<Portion> {
        self.blocks.place(block)?;
        let bytes = scaled(self.factor, residual);
        Some(self.portion(vec![ResidualFrame::Block { block, bytes }]))
    }

    /// The stream's end, once.
    pub(crate) fn end_portion(&mut self) -> Option<Portion> {
        if self.ended || !self.takes_blocks() {
            return None;
        }
        self.ended = true;
        Some(self.portion(vec![ResidualFrame::End]))
    }

    /// The next chunk of the plain regions, or on to the next region.
    fn next_chunk(&mut self, copy: &PrimaryCopy) -> Option<ResidualFrame> {
        let (region, offset) = self.plain?;
        let image = copy.plain(region);
        let end = image.len().min(offset + as_length(BLOCK_BYTES));
        let next_region = || self.layout.plain().find(|later| *later > region);
        self.plain = match end < image.len() {
            true => Some((region, end)),
            false => next_region().map(|later| (later, 0)),
        };
        let bytes = Bytes::copy_from_slice(&image[offset..end]);
        (offset < end).then_some(ResidualFrame::Auxiliary { region, bytes })
    }

    fn portion(&mut self, frames: Vec<ResidualFrame>) -> Portion {
        self.waiting += 1;
        Portion {
            recovery: self.recovery,
            primary: self.primary,
            address: self.address,
            frames,
        }
    }
}

/// The factor times these bytes; the bytes themselves if it is 1, as always with one fused server.
fn scaled(factor: u8, bytes: &Bytes) -> Bytes {
    if factor == 1 {
        return bytes.clone();
    }
    let mut scaled = vec![0; bytes.len()];
    multiply_sum(&[(factor, bytes)], &mut scaled);
    Bytes::from(scaled)
}
