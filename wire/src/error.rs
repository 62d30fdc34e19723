//! What can go wrong on a connection. Each ends that connection and nothing else.

use std::io;

use crate::handshake::{Purpose, Rejection};

/// Why a connection ended or could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The peer closed between two frames: the orderly end.
    #[error("the peer closed the connection")]
    Closed,
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame, {missing} bytes short")]
    Torn {
        /// Bytes that were still to come, as far as the frame's length told.
        missing: usize,
    },
    /// The length prefix is over the limit; nothing was allocated for it.
    #[error("a frame of {length} bytes is over the limit of {limit}")]
    FrameTooLong {
        /// What the peer announced.
        length: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The frame's bytes are no message of the expected kind.
    #[error("a frame of {length} bytes is no {expected}: {reason}")]
    Garbage {
        /// Length of the frame.
        length: usize,
        /// The message type that was expected.
        expected: &'static str,
        /// The codec's words.
        reason: String,
    },
    /// A message of ours does not fit into a frame.
    #[error("a {kind} could not be encoded: {reason}")]
    Unencodable {
        /// The message type.
        kind: &'static str,
        /// The codec's words.
        reason: String,
    },
    /// The first bytes are not those of a Fusebox handshake.
    #[error("not a fusebox peer: the handshake starts with {found:02x?}")]
    BadMagic {
        /// What came instead.
        found: [u8; 8],
    },
    /// The handshake was not finished in time.
    #[error("the handshake was not finished within {limit_ms} ms")]
    HandshakeSilent {
        /// [`crate::limits::HANDSHAKE_TIMEOUT`] in milliseconds.
        limit_ms: u128,
    },
    /// The peer speaks another protocol version.
    #[error("the peer speaks protocol version {theirs}, this process {ours}")]
    WrongVersion {
        /// The peer's.
        theirs: u16,
        /// Ours.
        ours: u16,
    },
    /// The peer belongs to a cluster with other settings.
    #[error("the peer belongs to another cluster ({theirs:016x}, this one is {ours:016x})")]
    WrongCluster {
        /// The peer's fingerprint.
        theirs: u64,
        /// Ours.
        ours: u64,
    },
    /// The purpose byte is unknown, or this process does not serve it.
    #[error("this process does not serve connections for purpose {purpose}")]
    WrongPurpose {
        /// The byte.
        purpose: u8,
    },
    /// The peer answered the handshake with a rejection.
    #[error("the peer rejected the {purpose:?} connection: {rejection}")]
    Rejected {
        /// What we asked for.
        purpose: Purpose,
        /// Why not.
        rejection: Rejection,
    },
    /// Dialling took too long.
    #[error("no answer within {limit_ms} ms")]
    DialTimeout {
        /// [`crate::limits::DIAL_TIMEOUT`] in milliseconds.
        limit_ms: u128,
    },
    /// The link's outbox is full: the peer reads too slowly, or not at all.
    #[error("the peer lets {queued} frames wait")]
    OutboxFull {
        /// [`crate::limits::OUTBOX_FRAMES`].
        queued: usize,
    },
    /// The operating system's error.
    #[error(transparent)]
    Io(#[from] io::Error),
}
