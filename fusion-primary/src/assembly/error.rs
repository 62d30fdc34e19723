//! Why a structure could not be put together. Nothing of it is served then.

use erasure::DecodeError;
use multicast::id::{NodeId, Seq};
use structures::delta::{REGIONS, RegionId};
use wire::message::fusion::BlockId;

/// What was wrong with the residuals or their order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyError {
    /// The recovery is not about this primary.
    #[error("{primary} is none of the losses")]
    NotLost {
        /// Us.
        primary: NodeId,
    },
    /// The rows and losses make no system that can be solved.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A server's residual is of another cut.
    #[error("{server} cut at {found}, not at {expected}")]
    WrongCut {
        /// Who.
        server: NodeId,
        /// Its cut.
        found: Seq,
        /// The recovery's.
        expected: Seq,
    },
    /// A server says that it is another row.
    #[error("{server} sends row {found}, not {expected}")]
    WrongRow {
        /// Who.
        server: NodeId,
        /// What it sends.
        found: u8,
        /// What it is.
        expected: u8,
    },
    /// Two servers hold regions of different lengths.
    #[error("{server} holds regions of {found:?} bytes, another server of {expected:?}")]
    RowsDisagree {
        /// Who.
        server: NodeId,
        /// Its lengths.
        found: [u64; REGIONS],
        /// Those of a server before it.
        expected: [u64; REGIONS],
    },
    /// A frame before `Begin`, a second `Begin`, or one after `End`.
    #[error("{server} sent a frame out of turn")]
    OutOfTurn {
        /// Who.
        server: NodeId,
    },
    /// A block out of order, or of the wrong length.
    #[error("{server} sent {found:?} with {bytes} bytes, not {expected:?} with {expected_bytes}")]
    WrongBlock {
        /// Who.
        server: NodeId,
        /// The block.
        found: BlockId,
        /// Its length.
        bytes: u64,
        /// The one that was due, if one was.
        expected: Option<BlockId>,
        /// The length that was due.
        expected_bytes: u64,
    },
    /// The stream's end came before the last block.
    #[error("{server} ended after {found} of {expected} blocks")]
    EndedEarly {
        /// Who.
        server: NodeId,
        /// Blocks that came.
        found: u64,
        /// Blocks of the residual.
        expected: u64,
    },
    /// The connection ended before the stream did.
    #[error("the stream of {server} broke off")]
    BrokeOff {
        /// Who.
        server: NodeId,
    },
    /// More bytes of a plain region than it has.
    #[error("{server} sent {found} bytes of region {}, which has {expected}", region.0)]
    RegionLong {
        /// Who.
        server: NodeId,
        /// The region.
        region: RegionId,
        /// Bytes that came.
        found: u64,
        /// Its length.
        expected: u64,
    },
    /// A residual that is shorter than the structure that it is to yield.
    #[error("{server} has a residual of {found} bytes of region {}, which has {expected}", region.0)]
    ResidualShort {
        /// Who.
        server: NodeId,
        /// The region.
        region: RegionId,
        /// Bytes of the residual.
        found: u64,
        /// Length of the region.
        expected: u64,
    },
    /// A region did not come wholly.
    #[error("{found} bytes of region {} came, which has {expected}", region.0)]
    RegionShort {
        /// The region.
        region: RegionId,
        /// Bytes that came.
        found: u64,
        /// Its length.
        expected: u64,
    },
    /// A region is longer than can be held.
    #[error("there is no room for the {length} bytes of region {}", region.0)]
    NoRoom {
        /// Which.
        region: RegionId,
        /// Its length.
        length: u64,
    },
    /// Bytes behind the end of a region add up to something: the rows are not of one state.
    #[error("byte {offset} of region {} is not zero, behind its {length} bytes", region.0)]
    TailNotZero {
        /// The region.
        region: RegionId,
        /// Which byte.
        offset: u64,
        /// Length of the region.
        length: u64,
    },
}
