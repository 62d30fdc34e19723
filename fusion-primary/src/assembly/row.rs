//! One fused server's residual, as it comes.
//!
//! Invariant: blocks are kept in order, each with the length that the residual's length gives it.

use std::collections::VecDeque;

use bytes::Bytes;
use multicast::id::{NodeId, Seq};
use structures::delta::REGIONS;
use wire::message::fusion::{BLOCK_BYTES, ResidualFrame};

use super::{AssemblyError, block_length};

/// What a server says in `Begin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Promise {
    pub(super) row: u8,
    pub(super) cut: Seq,
    pub(super) lengths: [u64; REGIONS],
    pub(super) residual_bytes: u64,
}

impl Promise {
    /// Whether two servers hold the same lengths.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        (self.lengths, self.residual_bytes) == (other.lengths, other.residual_bytes)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) server: NodeId,
    /// The connection it comes over, once it has begun.
    pub(super) stream: Option<u64>,
    pub(super) promise: Option<Promise>,
    row: u8,
    blocks: VecDeque<Bytes>,
    /// Blocks that came.
    came: u64,
    ended: bool,
}

impl Row {
    pub(super) fn new(server: NodeId, row: u8) -> Self {
        Self {
            server,
            stream: None,
            promise: None,
            row,
            blocks: VecDeque::new(),
            came: 0,
            ended: false,
        }
    }

    /// Whether a frame over this connection is for this row: its own connection's, or the first one's `Begin`.
    pub(super) fn is_carried_by(&self, stream: u64, frame: &ResidualFrame) -> bool {
        match self.stream {
            Some(own) => own == stream,
            None => matches!(frame, ResidualFrame::Begin { .. }),
        }
    }

    pub(super) fn begin(&mut self, stream: u64, promise: Promise) -> Result<(), AssemblyError> {
        let server = self.server;
        if self.stream.is_some() {
            return Err(AssemblyError::OutOfTurn { server });
        }
        if promise.row != self.row {
            return Err(AssemblyError::WrongRow {
                server,
                found: promise.row,
                expected: self.row,
            });
        }
        self.stream = Some(stream);
        self.promise = Some(promise);
        Ok(())
    }

    pub(super) fn take_block(&mut self, index: u64, bytes: Bytes) -> Result<(), AssemblyError> {
        let total = self.promise.map_or(0, |promise| promise.residual_bytes);
        let expected_bytes = block_length(self.came, total);
        if self.ended || index != self.came || bytes.len() as u64 != expected_bytes || bytes.is_empty() {
            return Err(AssemblyError::WrongBlock {
                server: self.server,
                found: index,
                bytes: bytes.len(),
                expected: self.came,
                expected_bytes,
            });
        }
        self.came += 1;
        self.blocks.push_back(bytes);
        Ok(())
    }

    pub(super) fn end(&mut self) -> Result<(), AssemblyError> {
        let total = self.promise.map_or(0, |promise| promise.residual_bytes);
        let expected = total.div_ceil(BLOCK_BYTES);
        if self.ended {
            return Err(AssemblyError::OutOfTurn { server: self.server });
        }
        if self.came != expected {
            return Err(AssemblyError::EndedEarly {
                server: self.server,
                found: self.came,
                expected,
            });
        }
        self.ended = true;
        Ok(())
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn has_block(&self) -> bool {
        !self.blocks.is_empty()
    }

    pub(super) fn pop_block(&mut self) -> Option<Bytes> {
        self.blocks.pop_front()
    }
}
