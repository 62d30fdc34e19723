//! The stream of one fused server to one replacement.

use bytes::Bytes;
use multicast::id::Seq;
use serde::{Deserialize, Serialize};
use structures::delta::{REGIONS, RegionId};

use super::BlockId;

/// Fused server to replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResidualFrame {
    /// First frame.
    Begin {
        /// The recovery.
        recovery: u64,
        /// The server's row.
        row: u8,
        /// The last operation included.
        cut: Seq,
        /// Bytes of each region of the replacement's structure at the cut.
        lengths: [u64; REGIONS],
        /// Bytes of the residual: per coded region the longest among all losses.
        residual_bytes: [u64; REGIONS],
    },
    /// The next bytes of a plain region, regions in order, each from its start (one server sends them).
    Auxiliary {
        /// Which region.
        region: RegionId,
        /// Its next bytes.
        bytes: Bytes,
    },
    /// The next block of the residual, in order, up to the last one that the replacement's structure has bytes of.
    /// It is scaled: the replacement's bytes are the plain sum over all servers.
    Block {
        /// Which.
        block: BlockId,
        /// As many bytes of it as the residual has.
        bytes: Bytes,
    },
    /// That was all.
    End,
}
