//! What a client may ask of a protected structure, and what it can answer.
//!
//! The same operations serve both mechanisms and all structures; a structure that has no such operation
//! answers [`Outcome::Unsupported`]. Outcomes are one byte, because the last ones of every client are part of
//! the protected state (see [`crate::session`]); so are the elements that were taken out.

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
    /// Removes the element of a key that is there, and answers its value.
    Remove {
        /// As in `Insert`.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
    /// Puts an element before all others.
    PushFront {
        /// As in `Insert`.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
    },
    /// Puts an element behind all others.
    PushBack {
        /// As in `Insert`.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
    },
    /// Takes the first element out, and answers its value; of a priority queue, that of the smallest priority.
    PopFront,
    /// Takes the last element out, and answers its value.
    PopBack,
    /// Puts an element at a place; those from there on move up by one.
    InsertAt {
        /// From 0 to the number of elements.
        index: u64,
        /// As in `Insert`.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
    },
    /// Replaces the element at a place.
    SetAt {
        /// From 0 to the number of elements less one.
        index: u64,
        /// As in `Insert`.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
    },
    /// Takes the element at a place out, and answers its value; those behind it move down by one.
    RemoveAt {
        /// As in `SetAt`.
        index: u64,
    },
    /// Puts an element behind all of the same or a smaller priority; of priority queues.
    PushRanked {
        /// The smallest comes out first.
        priority: u64,
        /// As in `Insert`.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
    },
}

impl Op {
    /// The key it names, if it names one.
    pub fn key(&self) -> Option<&[u8]> {
        match self {
            Self::Insert { key, .. }
            | Self::Update { key, .. }
            | Self::Delete { key }
            | Self::Remove { key } => Some(key),
            _ => None,
        }
    }

    /// Whether its answer, if it changes anything, is a value taken out.
    pub fn takes_out(&self) -> bool {
        matches!(
            self,
            Self::Remove { .. } | Self::PopFront | Self::PopBack | Self::RemoveAt { .. }
        )
    }

    /// The value it brings, if it brings one.
    pub fn value(&self) -> Option<&[u8]> {
        match self {
            Self::Insert { value, .. }
            | Self::Update { value, .. }
            | Self::PushFront { value }
            | Self::PushBack { value }
            | Self::InsertAt { value, .. }
            | Self::SetAt { value, .. }
            | Self::PushRanked { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Bytes of its key and its value.
    pub fn bytes(&self) -> usize {
        self.key().map_or(0, <[u8]>::len) + self.value().map_or(0, <[u8]>::len)
    }
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
    /// A new element is in.
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
    /// The structure holds as much as it may; nothing changed.
    Full = 10,
    /// The element was removed, and its value is part of the answer.
    Removed = 11,
    /// There is no such place, or no element at all; nothing changed.
    AbsentPlace = 12,
    /// This kind of structure has no such operation; nothing changed.
    Unsupported = 13,
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
            Removed,
            AbsentPlace,
            Unsupported,
        ]
        .into_iter()
        .find(|outcome| *outcome as u8 == byte)
    }

    /// Whether the structure's elements changed.
    pub fn changed(self) -> bool {
        matches!(
            self,
            Self::Inserted | Self::Updated | Self::Deleted | Self::Removed
        )
    }
}

/// The whole answer to one write.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Answer {
    /// What became of it.
    pub outcome: Outcome,
    /// The value that was taken out; there is one with [`Outcome::Removed`] alone.
    pub value: Option<serde_bytes::ByteBuf>,
}

impl Answer {
    /// The answer of an operation that took this value out.
    pub fn removed(value: Vec<u8>) -> Self {
        Self {
            outcome: Outcome::Removed,
            value: Some(value.into()),
        }
    }
}

impl From<Outcome> for Answer {
    /// An answer without a value.
    fn from(outcome: Outcome) -> Self {
        Self { outcome, value: None }
    }
}

/// One element as a read returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    /// The key; of a priority queue, the priority as eight bytes, most significant first; of other
    /// structures without keys, nothing.
    #[serde(with = "serde_bytes")]
    pub key: Vec<u8>,
    /// The value.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
}

impl Element {
    /// Bytes that an element takes beside those of its key and value.
    pub const OVERHEAD_BYTES: usize = size_of::<Self>();

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        Self::OVERHEAD_BYTES + self.key.len() + self.value.len()
    }
}
