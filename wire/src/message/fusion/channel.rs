//! The channel between a primary and a fused server: operations and images one way, acknowledgements the other.
//!
//! The order of a channel is what recovery rests on: a block or a chunk is the primary's as of its place between
//! two operations.

use std::sync::Arc;

use bytes::Bytes;
use erasure::Signature;
use multicast::id::{Epoch, Seq};
use serde::{Deserialize, Serialize};
use structures::delta::{Delta, REGIONS, RegionId};

use super::BlockId;
use crate::message::scrub::ScrubWindow;

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
        /// What it changed; shared by the frames to all servers and whoever keeps it.
        delta: Arc<Delta>,
    },
    /// Nothing new for a while, but everything up to here is applied at all active servers.
    Stable {
        /// The last stable operation.
        stable: Seq,
    },
    /// This primary's part of a block of a residual, as of this place in the channel.
    Block {
        /// The recovery.
        recovery: u64,
        /// Which block of a coded region.
        block: BlockId,
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
    /// The signatures that a scrub wants, as of this place in the channel.
    Signatures {
        /// The server's number for it.
        scrub: u64,
        /// The last operation that the signed bytes include.
        last: Seq,
        /// One a block, in order.
        signatures: Vec<Signature>,
    },
    /// Say whether this life is still the one that counts: reads wait for it.
    Confirm {
        /// The primary's number for it.
        round: u64,
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
    /// Put these blocks of a coded region into the channel. No more than [`BLOCKS_AHEAD`](super::BLOCKS_AHEAD) are
    /// asked for before some of them have come.
    WantBlocks {
        /// The recovery.
        recovery: u64,
        /// The first block.
        first: BlockId,
        /// How many of that region.
        count: u64,
    },
    /// Your life is over: a newer epoch was fenced or admitted.
    Fenced {
        /// The smallest epoch that would be accepted.
        epoch: Epoch,
    },
    /// This server has no image of yours; one must be sent (after a rebuild was ordered).
    NoImage,
    /// The image is applied up to here: more of it may be sent, [`IMAGE_CHUNKS_AHEAD`](super::IMAGE_CHUNKS_AHEAD) chunks at a time.
    ImageApplied {
        /// The region that the last chunk was of.
        region: RegionId,
        /// One past the last chunk's last byte.
        offset: u64,
    },
    /// Put the signatures of these blocks into the channel.
    WantSignatures {
        /// The server's number for it.
        scrub: u64,
        /// Which blocks.
        window: ScrubWindow,
    },
    /// The answer to `Confirm`: your life was not fenced here when this was said.
    Confirmed {
        /// The primary's number for it.
        round: u64,
    },
}
