//! What a fused server's shell tells its core, and what the core tells the shell to do.

use multicast::id::{Epoch, NodeId};
use wire::message::{
    client::ReplyBody,
    fusion::{AckFrame, DeltaFrame, FromServer, ToServer},
    scrub::ScrubWindow,
};

use crate::{residual::Portion, scrub::Asker};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The manager speaks.
    Manager(ToServer),
    /// A primary connected.
    Called {
        /// The shell's number for the connection.
        connection: u64,
        /// Who, as its handshake says.
        primary: NodeId,
    },
    /// A primary speaks.
    Frame {
        /// Over which connection.
        connection: u64,
        /// What.
        frame: DeltaFrame,
    },
    /// A primary's connection ended.
    Ended {
        /// Which.
        connection: u64,
    },
    /// A portion of a residual was written to its replacement's connection.
    PortionSent {
        /// The recovery.
        recovery: u64,
        /// The lost primary.
        primary: NodeId,
    },
    /// A replacement cannot be reached or stopped reading.
    StreamFailed {
        /// The recovery.
        recovery: u64,
        /// The lost primary.
        primary: NodeId,
        /// Why.
        reason: String,
    },
    /// A client asks how blocks compare with the primaries'.
    Scrub {
        /// Whom to answer.
        asker: Asker,
        /// Which blocks.
        window: ScrubWindow,
    },
    /// A client's connection ended.
    ClientEnded {
        /// Which.
        connection: u64,
    },
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Tell the manager.
    ToManager(FromServer),
    /// Tell a primary.
    ToPrimary {
        /// Over which connection.
        connection: u64,
        /// What.
        frame: AckFrame,
    },
    /// Close a primary's connection, after what was sent. No `Ended` follows.
    Close {
        /// Which.
        connection: u64,
    },
    /// Send to a replacement, dialling it for the first portion of a recovery; `PortionSent` or
    /// `StreamFailed` follows.
    Stream(Portion),
    /// Drop the streams of that recovery.
    StopStreams {
        /// The recovery.
        recovery: u64,
    },
    /// Answer a client.
    Answer {
        /// Whom.
        asker: Asker,
        /// The answer.
        body: ReplyBody,
    },
}

/// What a fused server holds, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The largest epoch it heard of.
    pub epoch: Epoch,
    /// Coded bytes.
    pub parity_bytes: u64,
    /// Plain regions and undo rings.
    pub auxiliary_bytes: u64,
}
