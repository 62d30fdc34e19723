//! Fusion: between the manager and primaries or fused servers, primary and fused server, fused server and
//! a replacement primary. DESIGN: deltas in, residuals out.
//!
//! ```text
//! primary  -> server   Open, Delta*, Block*, Image*, ImageEnd      server -> primary  Opened, Ack, Gap, WantBlocks
//! server   -> replacement  Begin, Auxiliary*, Block*, End
//! manager  -> server   Fence, Residual, Abandon, Admit, Rebuild    server -> manager  Fenced, Rebuilt, ...
//! manager  -> primary  View, Start, Recover                        primary -> manager CaughtUp, Installed, ...
//! ```

use std::net::SocketAddr;

use bytes::Bytes;
use multicast::id::{Epoch, NodeId, Seq};
use serde::{Deserialize, Serialize};
use structures::delta::{Delta, REGIONS, RegionId};

/// Bytes of a block: the unit in which residuals are computed and sent.
pub const BLOCK_BYTES: u64 = 64 * 1024;

/// Blocks of a residual that are under way at once, at most: what one `WantBlocks` may ask for.
pub const WINDOW_BLOCKS: u64 = 16;

/// Chunks of an image that may be under way to one server, so that operations are not queued behind all of it.
pub const IMAGE_CHUNKS_AHEAD: usize = 8;

/// A fused server as a primary must see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSeat {
    /// Which.
    pub node: NodeId,
    /// Which life of it.
    pub incarnation: multicast::id::Incarnation,
    /// The epoch in which its (re)build was ordered: a change means an empty memory, to be sent the image.
    pub rebuild: Epoch,
    /// Its row of the code.
    pub row: u8,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it holds all primaries; if not, it is being rebuilt and does not count towards f.
    pub active: bool,
}

/// A primary as a fused server must see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimarySeat {
    /// Which.
    pub node: NodeId,
    /// Its column of the code.
    pub column: u8,
    /// The epoch its deltas carry; those of a smaller one are refused.
    pub since: Epoch,
}

/// One crashed primary of a recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Which.
    pub primary: NodeId,
    /// Its column of the code.
    pub column: u8,
    /// The last operation that survives: the smallest applied one over the live fused servers.
    pub cut: Seq,
    /// Where its replacement listens, if one has entered; the others' part is in the sum all the same.
    pub replacement: Option<SocketAddr>,
}

/// Manager to fused server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToServer {
    /// From now on refuse these primaries' deltas of epochs before this one; say what you applied.
    Fence {
        /// The new epoch.
        epoch: Epoch,
        /// The crashed primaries.
        primaries: Vec<NodeId>,
    },
    /// Undo the lost primaries above their cuts and drop what was pending of them.
    Cut {
        /// The recovery.
        recovery: u64,
        /// (primary, cut).
        cuts: Vec<(NodeId, Seq)>,
    },
    /// Compute the residual of these losses and stream it to each replacement. After `Cut`.
    Residual {
        /// The recovery.
        recovery: u64,
        /// All losses of it, by column.
        losses: Vec<Loss>,
        /// The primaries whose part is to be taken out.
        live: Vec<NodeId>,
        /// Whether this server is also the one that sends the auxiliary regions.
        with_auxiliary: bool,
    },
    /// Drop that recovery's residual: another crash came between, or it is finished.
    Abandon {
        /// The recovery.
        recovery: u64,
    },
    /// This primary may send: deltas of `since`, going on after what this server has applied of it.
    Admit {
        /// The primary.
        seat: PrimarySeat,
    },
    /// Forget everything; be rebuilt from these primaries' images.
    Rebuild {
        /// The epoch of the rebuild.
        epoch: Epoch,
        /// All primaries of the cluster that hold data.
        primaries: Vec<PrimarySeat>,
    },
    /// Nothing new, but alive.
    Heartbeat,
}

/// Fused server to manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromServer {
    /// The answer to `Fence`.
    Fenced {
        /// The epoch.
        epoch: Epoch,
        /// The last applied operation of each fenced primary.
        applied: Vec<(NodeId, Seq)>,
    },
    /// The answer to `Cut`.
    CutDone {
        /// The recovery.
        recovery: u64,
    },
    /// The cut cannot be reached: the undo ring no longer holds the operations above it.
    CutImpossible {
        /// The recovery.
        recovery: u64,
        /// Why.
        reason: String,
    },
    /// A replacement could not be reached or stopped reading.
    ResidualFailed {
        /// The recovery.
        recovery: u64,
        /// Why.
        reason: String,
    },
    /// A primary's image broke off half-way; only a new rebuild can help.
    RebuildBroken {
        /// The epoch of the rebuild.
        epoch: Epoch,
        /// Why.
        reason: String,
    },
    /// The answer to `Admit`.
    Admitted {
        /// The primary.
        primary: NodeId,
        /// Its epoch.
        since: Epoch,
    },
    /// Nothing new, but alive.
    Heartbeat,
}

/// Manager to primary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToPrimary {
    /// The fused servers of this epoch. Acknowledgements wait for all active ones; a server that left the
    /// list is not waited for any more; one that is new and not active is to be sent the image.
    View {
        /// The epoch.
        epoch: Epoch,
        /// All servers that are active or being rebuilt.
        servers: Vec<ServerSeat>,
        /// Writes wait while fewer than this many are active.
        min_backups: usize,
    },
    /// Begin with an empty structure (the group never had one), sending deltas of this epoch.
    Found {
        /// The epoch of this life.
        since: Epoch,
    },
    /// You are the replacement of a crashed primary: expect residuals, then say `Installed`.
    Recover {
        /// The recovery.
        recovery: u64,
        /// All losses of it, by column: what the residuals are a sum of.
        losses: Vec<Loss>,
        /// The servers whose residuals will come, with their rows, in order.
        rows: Vec<(NodeId, u8)>,
    },
    /// That recovery was abandoned; another `Recover` follows.
    Abandon {
        /// The recovery.
        recovery: u64,
    },
    /// All servers know your new life: serve, and send deltas of this epoch. A recovered primary goes on at
    /// its cut + 1; one that was only suspected goes on with the memory it has.
    Resume {
        /// The epoch of this life.
        since: Epoch,
    },
    /// Nothing new, but alive.
    Heartbeat,
}

/// Primary to manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromPrimary {
    /// From now on no acknowledgement does without this server, and it has everything acknowledged before.
    CaughtUp {
        /// The server.
        server: NodeId,
        /// The epoch of the rebuild that it completes.
        rebuild: Epoch,
    },
    /// The view was taken over: no acknowledgement waits for a server outside it.
    Viewed {
        /// Its epoch.
        epoch: Epoch,
    },
    /// The structure was decoded, checked and installed.
    Installed {
        /// The recovery.
        recovery: u64,
        /// First to last byte, without the arithmetic, microseconds.
        transfer_us: u64,
        /// Arithmetic, microseconds.
        decode_us: u64,
        /// Checks and derived indexes, microseconds.
        install_us: u64,
    },
    /// What came is no sound structure; it is not served.
    InstallFailed {
        /// The recovery.
        recovery: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing new, but alive.
    Heartbeat,
}

/// Primary to fused server, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeltaFrame {
    /// First frame of every connection.
    Open {
        /// The epoch of this life.
        since: Epoch,
        /// The server's rebuild that this connection belongs to.
        rebuild: Epoch,
        /// The last operation that this server's copy includes if `with_image`: what follows the image
        /// starts after it. Otherwise the operation before the first one that can be sent again.
        base: Seq,
        /// Whether the image follows, because the server is being rebuilt.
        with_image: bool,
    },
    /// One operation.
    Delta {
        /// Its number.
        seq: Seq,
        /// Everything up to here is applied at all active servers: undo is no longer needed.
        stable: Seq,
        /// What it changed.
        delta: Delta,
    },
    /// This primary's part of a block of a residual, as of this place in the channel.
    Block {
        /// The recovery.
        recovery: u64,
        /// Which block of the values region.
        index: u64,
        /// Its bytes; short or empty at and after the end of the region.
        bytes: Bytes,
    },
    /// The next bytes of the image for a rebuild; regions in order, each from its start. Deltas below the
    /// cursor apply; what they change above it is already contained in what will come.
    Image {
        /// Which region.
        region: RegionId,
        /// Where the bytes belong.
        offset: u64,
        /// Its next bytes.
        bytes: Bytes,
    },
    /// The image is complete.
    ImageEnd {
        /// Bytes of each region now.
        lengths: [u64; REGIONS],
    },
}

/// Fused server to primary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AckFrame {
    /// The answer to `Open`: send what comes after.
    Opened {
        /// The last applied operation.
        applied: Seq,
    },
    /// Everything up to here is applied.
    Ack {
        /// The last applied operation.
        applied: Seq,
    },
    /// An operation is missing before the one that came: send again from here.
    Gap {
        /// The next one that will be accepted.
        expected: Seq,
    },
    /// Put these blocks of your values region into the channel.
    WantBlocks {
        /// The recovery.
        recovery: u64,
        /// The first block.
        first: u64,
        /// How many.
        count: u64,
    },
    /// Your life is over: a newer epoch was fenced or admitted.
    Fenced {
        /// The smallest epoch that would be accepted.
        epoch: Epoch,
    },
    /// This server has no image of yours; one must be sent (after a rebuild was ordered).
    NoImage,
    /// The image is applied up to here: more of it may be sent, [`IMAGE_CHUNKS_AHEAD`] chunks at a time.
    ImageApplied {
        /// The region that the last chunk was of.
        region: RegionId,
        /// One past the last chunk's last byte.
        offset: u64,
    },
}

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
        /// Bytes of the residual: the longest values region among all losses.
        residual_bytes: u64,
    },
    /// The next bytes of an auxiliary region, regions in order, each from its start (one server sends them).
    Auxiliary {
        /// Which region.
        region: RegionId,
        /// Its next bytes.
        bytes: Bytes,
    },
    /// The next block of the residual, in order.
    Block {
        /// Which.
        index: u64,
        /// Its bytes; only the last one is shorter than a block.
        bytes: Bytes,
    },
    /// That was all.
    End,
}
