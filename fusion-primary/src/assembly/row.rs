//! One fused server's residual, as it comes.
//!
//! Invariant: blocks come in order, each with the length that the residual's length gives it, up to the last one
//! that the structure has bytes of.

use multicast::id::{NodeId, Seq};
use structures::{
    arena::MAX_REGION_BYTES,
    delta::{REGIONS, RegionId},
};
use wire::message::fusion::{BlockId, Blocks, Layout, ResidualFrame};

use super::AssemblyError;

/// What a server says in `Begin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Promise {
    pub(super) row: u8,
    pub(super) cut: Seq,
    pub(super) lengths: [u64; REGIONS],
    pub(super) residual_bytes: [u64; REGIONS],
}

impl Promise {
    /// Whether the lengths can be: the residual is of the longest of the lost structures, and none is longer than may be.
    ///
    /// # Errors
    /// `NoRoom`, `ResidualShort`.
    pub(super) fn check(&self, server: NodeId, layout: Layout) -> Result<(), AssemblyError> {
        let coded = layout.coded_lengths(self.lengths);
        for region in RegionId::ALL {
            let place = usize::from(region.0);
            let length = self.lengths[place].max(self.residual_bytes[place]);
            if length > MAX_REGION_BYTES {
                return Err(AssemblyError::NoRoom { region, length });
            }
            let (found, expected) = (self.residual_bytes[place], coded[place]);
            if found < expected {
                return Err(AssemblyError::ResidualShort {
                    server,
                    region,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }

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
    /// The blocks that the structure has bytes of, once they are promised.
    blocks: Option<Blocks>,
    /// How many of them came.
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
            blocks: None,
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

    pub(super) fn begin(
        &mut self,
        stream: u64,
        promise: Promise,
        layout: Layout,
    ) -> Result<(), AssemblyError> {
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
        self.blocks = Some(Blocks::of(layout.coded_lengths(promise.lengths)));
        Ok(())
    }

    /// Judges the next block by its name and length.
    pub(super) fn take_block(&mut self, block: BlockId, bytes: u64) -> Result<(), AssemblyError> {
        let total = self
            .promise
            .map_or([0; REGIONS], |promise| promise.residual_bytes);
        let expected = self.blocks.and_then(|blocks| blocks.at(self.came));
        let expected_bytes = expected.map_or(0, |expected| Blocks::of(total).bytes(expected));
        if self.ended || expected != Some(block) || bytes != expected_bytes {
            return Err(AssemblyError::WrongBlock {
                server: self.server,
                found: block,
                bytes,
                expected,
                expected_bytes,
            });
        }
        self.came += 1;
        Ok(())
    }

    pub(super) fn end(&mut self) -> Result<(), AssemblyError> {
        let (server, found) = (self.server, self.came);
        let expected = self.blocks.map_or(0, |blocks| blocks.count());
        if self.ended {
            return Err(AssemblyError::OutOfTurn { server });
        }
        if found != expected {
            return Err(AssemblyError::EndedEarly {
                server,
                found,
                expected,
            });
        }
        self.ended = true;
        Ok(())
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }
}
