//! The residual of a recovery: parity less the live primaries, streamed to whoever replaces the lost ones.
//!
//! ```text
//! server -> live primaries   WantBlocks(window)       live primaries -> server   Block, in their channels
//! server -> replacements     Begin, Auxiliary*, Block*, End
//! ```
//!
//! A window of blocks at a time is in the making ([`Window`]); what is complete goes to every replacement,
//! and the next window begins. Source: DESIGN, "Recovery without freezing writers", steps 3 and 4.
//!
//! Invariants: a block that is sent is the lost primaries' contribution at their cuts, whatever the live
//! ones do meanwhile; at most [`MAX_PORTIONS`] portions wait for one replacement to read them.

use std::{collections::BTreeMap, net::SocketAddr};

use bytes::Bytes;
use erasure::Parity;
use multicast::id::NodeId;
use structures::delta::RegionId;
use wire::message::fusion::{BLOCK_BYTES, Loss, ResidualFrame, WINDOW_BLOCKS};

use crate::{
    coded::{Addend, as_length},
    primary_copy::PrimaryCopy,
    window::Window,
};

/// Portions (a window's blocks, or as many chunks) that may be on their way to one replacement.
pub const MAX_PORTIONS: usize = 2;

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

/// The stream to one replacement.
#[derive(Clone, Debug)]
struct Stream {
    address: SocketAddr,
    begun: bool,
    /// The next auxiliary byte to send; none if all are sent, or another server sends them.
    auxiliary: Option<(RegionId, usize)>,
    /// Portions handed out and not yet reported as sent.
    waiting: usize,
    ended: bool,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Residual {
    recovery: u64,
    losses: Vec<Loss>,
    /// Bytes of the whole residual: the longest values region among the losses.
    total: u64,
    /// The window in the making; none when every block is handed out.
    window: Option<Window>,
    streams: BTreeMap<NodeId, Stream>,
}

impl Residual {
    /// A residual of `total` bytes whose first window is still to be begun.
    pub fn new(recovery: u64, losses: Vec<Loss>, total: u64, with_auxiliary: bool) -> Self {
        let auxiliary = with_auxiliary.then_some((RegionId::ENTRIES, 0));
        let stream = |address| Stream {
            address,
            begun: false,
            auxiliary,
            waiting: 0,
            ended: false,
        };
        let replaced = losses
            .iter()
            .filter_map(|loss| Some((loss.primary, stream(loss.replacement?))));
        let streams = replaced.collect();
        Self {
            recovery,
            losses,
            total,
            window: None,
            streams,
        }
    }

    /// Which recovery it is of.
    pub fn recovery(&self) -> u64 {
        self.recovery
    }

    /// Whether this primary is one of the losses.
    pub fn has_lost(&self, primary: NodeId) -> bool {
        self.losses.iter().any(|loss| loss.primary == primary)
    }

    /// Begins the window at block `first`, if the residual goes that far.
    pub fn begin_window(&mut self, parity: &Parity, first: u64, asked: impl Iterator<Item = NodeId>) {
        let rest = self.total.saturating_sub(first * BLOCK_BYTES);
        let bytes = as_length(rest.min(WINDOW_BLOCKS * BLOCK_BYTES));
        self.window = (bytes > 0).then(|| Window::copy(parity, first, bytes, asked));
    }

    /// The window in the making.
    pub fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// Takes a live primary's block.
    pub fn take_block(&mut self, addend: Addend, index: u64, bytes: &[u8]) {
        if let Some(window) = &mut self.window {
            window.take_block(addend, index, bytes);
        }
    }

    /// Notes what was added to the parity.
    pub fn note_delta(&mut self, addend: Addend, offset: u64, xor: &[u8]) {
        if let Some(window) = &mut self.window {
            window.note_delta(addend, offset, xor);
        }
    }

    /// Notes that a replacement's connection took a portion.
    pub fn portion_sent(&mut self, primary: NodeId) {
        if let Some(stream) = self.streams.get_mut(&primary) {
            stream.waiting = stream.waiting.saturating_sub(1);
        }
    }

    /// Whether everything was handed out and sent.
    pub fn is_finished(&self) -> bool {
        self.streams
            .values()
            .all(|stream| stream.ended && stream.waiting == 0)
    }

    /// The next auxiliary chunks, for each replacement that has room for them.
    pub fn auxiliary_portions(&mut self, copies: &BTreeMap<NodeId, PrimaryCopy>, row: u8) -> Vec<Portion> {
        let mut portions = Vec::new();
        for loss in &self.losses {
            let (Some(stream), Some(copy)) = (self.streams.get_mut(&loss.primary), copies.get(&loss.primary))
            else {
                continue;
            };
            while stream.waiting < MAX_PORTIONS && !(stream.begun && stream.auxiliary.is_none()) {
                let mut frames = Vec::new();
                if !stream.begun {
                    frames.push(begin(self.recovery, row, loss, copy, self.total));
                    stream.begun = true;
                }
                frames.extend(auxiliary_chunks(&mut stream.auxiliary, copy));
                stream.waiting += 1;
                let (recovery, address) = (self.recovery, stream.address);
                portions.push(Portion {
                    recovery,
                    primary: loss.primary,
                    address,
                    frames,
                });
            }
        }
        portions
    }

    /// The window's blocks for every replacement, if they are complete and all have room for them; and the
    /// number of the block after them. With them goes the end, if they are the last.
    pub fn block_portions(&mut self) -> Option<(Vec<Portion>, u64)> {
        let ready = |stream: &Stream| {
            stream.begun && stream.auxiliary.is_none() && stream.waiting < MAX_PORTIONS && !stream.ended
        };
        if !self.streams.values().all(ready) || !self.window.as_ref().is_none_or(Window::is_complete) {
            return None;
        }
        let (frames, next) = match self.window.take() {
            Some(window) => {
                let next = window.first() + window.count();
                (block_frames(window), next)
            }
            None => (Vec::new(), 0),
        };
        let last = next * BLOCK_BYTES >= self.total;
        let recovery = self.recovery;
        let portions = self.streams.iter_mut().map(|(primary, stream)| {
            stream.waiting += 1;
            stream.ended = last;
            let mut frames = frames.clone();
            frames.extend(last.then_some(ResidualFrame::End));
            Portion {
                recovery,
                primary: *primary,
                address: stream.address,
                frames,
            }
        });
        Some((portions.collect(), next))
    }
}

fn begin(recovery: u64, row: u8, loss: &Loss, copy: &PrimaryCopy, residual_bytes: u64) -> ResidualFrame {
    ResidualFrame::Begin {
        recovery,
        row,
        cut: loss.cut,
        lengths: copy.lengths(),
        residual_bytes,
    }
}

fn block_frames(window: Window) -> Vec<ResidualFrame> {
    let frame = |(index, bytes)| ResidualFrame::Block {
        index,
        bytes: Bytes::from(bytes),
    };
    window.into_blocks().map(frame).collect()
}

/// Up to a window's worth of chunks of the plain regions; moves the cursor, to none at the end.
fn auxiliary_chunks(cursor: &mut Option<(RegionId, usize)>, copy: &PrimaryCopy) -> Vec<ResidualFrame> {
    let mut frames = Vec::new();
    while let Some((region, offset)) = *cursor {
        if frames.len() as u64 == WINDOW_BLOCKS {
            break;
        }
        let image = copy.plain(region);
        let end = image.len().min(offset + as_length(BLOCK_BYTES));
        if offset < end {
            frames.push(ResidualFrame::Auxiliary {
                region,
                bytes: Bytes::copy_from_slice(&image[offset..end]),
            });
        }
        *cursor = match end < image.len() {
            true => Some((region, end)),
            false => RegionId::ALL
                .into_iter()
                .find(|later| *later > region)
                .map(|later| (later, 0)),
        };
    }
    frames
}
