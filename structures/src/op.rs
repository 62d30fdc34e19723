//! What a client may ask of a protected structure, and what it can answer.
//!
//! The same operations serve both mechanisms. Outcomes are one byte, because the last ones of every
//! client are part of the protected state (see [`crate::session`]).

use multicast::id::{ClientId, Seq};
use serde::{Deserialize, Serialize};

/// One operation on a structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Opens the client's session: its window of outcomes. Must be the client's first write.
    /// Opening it again is harmless.
    OpenSession,
    /// Appends the element; if the key is there already, its value is replaced and its place kept
    /// (the report, "Fusing complex data structures": an insert of a known key updates the node).
    Insert {
        /// At most `key_bytes` long, not empty.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
        /// At most `element_bytes` long.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
    },
    /// Replaces the value of a key that is there.
    Update {
        /// As in `Insert`.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
        /// As in `Insert`.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
    },
    /// Removes the element of a key that is there.
    Delete {
        /// As in `Insert`.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
}

/// An operation as a client sent it: the pair (client, seq) names it, so that a retry is applied once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// Who asks.
    pub client: ClientId,
    /// Rises by one per write of this client to this group; a retry repeats it.
    pub seq: Seq,
    /// What is asked.
    pub op: Op,
}

/// What a structure answered to one write. The numbers are stored and sent: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Outcome {
    /// The session is open.
    SessionOpened = 1,
    /// A new element was appended.
    Inserted = 2,
    /// The element's value was replaced.
    Updated = 3,
    /// The element was removed.
    Deleted = 4,
    /// The key is not there; nothing changed.
    AbsentKey = 5,
    /// The key is empty or longer than `key_bytes`; nothing changed.
    BadKeyLength = 6,
    /// The value is longer than `element_bytes`; nothing changed.
    ValueTooLong = 7,
    /// The client has no session here (never opened, or evicted by newer ones); nothing changed.
    NoSession = 8,
    /// The sequence number is older than the client's window; whether it was applied is no longer known.
    Forgotten = 9,
    /// The structure holds `MAX_ELEMENTS`; nothing changed.
    Full = 10,
}

impl Outcome {
    /// The outcome stored as this byte, if it is one.
    pub fn from_byte(byte: u8) -> Option<Self> {
        use Outcome::*;
        [
            SessionOpened,
            Inserted,
            Updated,
            Deleted,
            AbsentKey,
            BadKeyLength,
            ValueTooLong,
            NoSession,
            Forgotten,
            Full,
        ]
        .into_iter()
        .find(|outcome| *outcome as u8 == byte)
    }

    /// Whether the structure's elements changed.
    pub fn changed(self) -> bool {
        matches!(self, Self::Inserted | Self::Updated | Self::Deleted)
    }
}

/// One element as a read returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    /// The key.
    #[serde(with = "serde_bytes")]
    pub key: Vec<u8>,
    /// The value.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
}
