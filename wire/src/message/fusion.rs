//! Fusion: between the manager and primaries or fused servers, primary and fused server, fused server and
//! a replacement primary. DESIGN: deltas in, residuals out.
//!
//! ```text
//! primary  -> server   Open, Delta*, Stable, Block*, Image*, ImageEnd, Signatures
//! server   -> primary  Opened, Ack, Gap, WantBlocks, ImageApplied, Fenced, NoImage, WantSignatures
//! server   -> replacement  Begin, Auxiliary*, Block*, End
//! manager  -> server   Fence, Cut, Residual, Abandon, Admit, Rebuild  server  -> manager  Fenced, CutDone, ...
//! manager  -> primary  View, Found, Recover, Resume                   primary -> manager  CaughtUp, Installed, ...
//! ```
//!
//! Which regions of a structure are coded is not said by any message: both ends know the [`Layout`] from the
//! cluster file.

mod block;
mod channel;
mod layout;
mod orders;
mod residual;
mod seats;

pub use self::{
    block::{BLOCK_BYTES, BlockId, Blocks},
    channel::{AckFrame, DeltaFrame},
    layout::Layout,
    orders::{FromPrimary, FromServer, ToPrimary, ToServer},
    residual::ResidualFrame,
    seats::{GroupLife, Loss, PrimarySeat, ServerSeat},
};

/// Blocks of a residual that may be under way from one primary to one server: what one of its operations may have
/// to wait behind.
pub const BLOCKS_AHEAD: u64 = 4;

/// Chunks of an image that may be under way to one server, so that operations are not queued behind all of it.
pub const IMAGE_CHUNKS_AHEAD: usize = 4;
