//! What a primary may not say to a fused server. It costs that primary its connection and changes nothing.

use multicast::id::Seq;
use structures::{
    arena::ArenaError,
    delta::{REGIONS, RegionId},
};
use wire::message::fusion::BlockId;

use crate::undo_ring::{MAX_UNDO, MAX_UNDO_BYTES};

/// Why a primary's connection is closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrimaryFault {
    /// A frame before `Open`.
    #[error("the connection was not opened")]
    NotOpened,
    /// A second `Open`.
    #[error("the connection was opened already")]
    OpenedTwice,
    /// A delta that does not fit its regions.
    #[error(transparent)]
    Delta(#[from] ArenaError),
    /// More operations are unstable than can be kept for undoing, or more bytes of them.
    #[error(
        "operation {seq} cannot be kept beside {kept} of {bytes} bytes: the limits are {MAX_UNDO} and {MAX_UNDO_BYTES}"
    )]
    RingFull {
        /// The operation.
        seq: Seq,
        /// Operations that are kept.
        kept: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// An operation cannot be stable before it was applied here.
    #[error("{stable} is said to be stable, and {applied} is the last one applied")]
    StableAhead {
        /// What the primary says.
        stable: Seq,
        /// The last operation applied.
        applied: Seq,
    },
    /// A chunk of an image, or its end, while none is being sent.
    #[error("no image is being sent")]
    NoImageExpected,
    /// A chunk that does not go on where the one before ended.
    #[error("a chunk of {bytes} bytes at {offset} of region {} cannot follow byte {expected} of region {}",
        region.0, expected_region.0)]
    ImageOutOfOrder {
        /// The chunk's region.
        region: RegionId,
        /// Its first byte.
        offset: u64,
        /// Its length.
        bytes: usize,
        /// The region that the image is at.
        expected_region: RegionId,
        /// The byte that the image is at.
        expected: u64,
    },
    /// The image ended with other lengths than came.
    #[error("the image ended at {found:?} bytes, {expected:?} came")]
    ImageLengths {
        /// What `ImageEnd` says.
        found: [u64; REGIONS],
        /// What came.
        expected: [u64; REGIONS],
    },
    /// A block that is too long.
    #[error("block {} of region {} has {bytes} bytes, over the limit of {limit}", block.index, block.region.0)]
    BlockTooLong {
        /// Which.
        block: BlockId,
        /// Its length.
        bytes: usize,
        /// Bytes of a whole block.
        limit: u64,
    },
    /// More or fewer signatures than a scrub wants.
    #[error("{found} signatures came for {expected} blocks")]
    SignatureCount {
        /// What came.
        found: usize,
        /// Blocks of the scrub's window.
        expected: u64,
    },
}
