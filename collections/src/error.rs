//! What can go wrong with an operation on a collection.
//!
//! A crash is none of it: an operation that meets one is tried again under its number, which the structure
//! applies once, until it is answered or the patience ends.

use multicast::id::{NodeId, NodeNames};
use structures::op::Outcome;
use wire::{client::ClientError, message::client::Refusal};

/// Why an operation gave no result. Nothing was changed, but where
/// [`outcome_is_unknown`](Error::outcome_is_unknown).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key is empty or longer than the cluster allows.
    #[error("a key of {actual} bytes: it must have 1 to {limit}")]
    KeyLength {
        /// `key_bytes` of the cluster.
        limit: usize,
        /// What it takes.
        actual: usize,
    },
    /// The element is longer than the cluster allows.
    #[error("an element of {actual} bytes is over the limit of {limit}")]
    ElementTooLong {
        /// `element_bytes` of the cluster.
        limit: usize,
        /// What it takes.
        actual: usize,
    },
    /// The structure holds as much as a structure may.
    #[error("the structure is full")]
    Full,
    /// A list has no such place.
    #[error("the list has no place {index}")]
    NoSuchPlace {
        /// The place asked for.
        index: u64,
    },
    /// The codec cannot express the value.
    #[error("a {of} could not be encoded: {reason}")]
    Unencodable {
        /// Its type.
        of: &'static str,
        /// The codec's words.
        reason: String,
    },
    /// What the structure holds is not of this type: it was written with another one. If it was taken out, it is here
    /// and nowhere else.
    #[error("an element of {} bytes is no {of}: {reason}", bytes.len())]
    Undecodable {
        /// The type asked for.
        of: &'static str,
        /// What is or was there.
        bytes: Vec<u8>,
        /// The codec's words.
        reason: String,
    },
    /// More than f processes are gone. The state is not guessed; it comes back if enough of them come back with
    /// their memory.
    #[error("more than {tolerated} crashes; missing: {}", NodeNames(missing))]
    TooManyFaults {
        /// f.
        tolerated: usize,
        /// Who is missing.
        missing: Vec<NodeId>,
    },
    /// All replicas of the group are gone.
    #[error("the state is lost with {}", NodeNames(missing))]
    StateLost {
        /// Who held it last.
        missing: Vec<NodeId>,
    },
    /// The door refuses for another reason.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// Tried for so long, in vain. A write may have taken effect, or may yet.
    #[error("no answer within {patience_ms} ms; last: {last}")]
    OutOfPatience {
        /// How long it was tried.
        patience_ms: u128,
        /// What became of the last attempt.
        last: ClientError,
    },
    /// Between two attempts at a write so many newer sessions were opened that this one's is forgotten. The
    /// write may have taken effect.
    #[error("the session was evicted while a write of it was under way")]
    SessionEvicted,
    /// The structure was hosted in this process, and is not any more. A write that was under way may have taken
    /// effect: the next host recovers it then.
    #[error("the structure is no longer hosted in this process")]
    HostStopped,
    /// The door's answer is none to what was asked.
    #[error("an answer that was not asked for: {found}")]
    Unexpected {
        /// What came.
        found: String,
    },
}

impl Error {
    /// Whether a write that ended so may have changed the structure all the same.
    pub fn outcome_is_unknown(&self) -> bool {
        matches!(
            self,
            Self::OutOfPatience { .. }
                | Self::SessionEvicted
                | Self::StateLost { .. }
                | Self::HostStopped
                | Self::Unexpected { .. }
        )
    }

    /// What an outcome that is no result means.
    pub(crate) fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Full => Self::Full,
            Outcome::NoSession | Outcome::Forgotten => Self::SessionEvicted,
            outcome => Self::unexpected(&outcome),
        }
    }

    pub(crate) fn unexpected(found: &impl std::fmt::Debug) -> Self {
        Self::Unexpected {
            found: format!("{found:?}").chars().take(80).collect(),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::KeyLength { limit, actual } => Self::KeyLength { limit, actual },
            Refusal::ValueLength { limit, actual } => Self::ElementTooLong { limit, actual },
            Refusal::TooManyFaults { tolerated, missing } => Self::TooManyFaults { tolerated, missing },
            Refusal::StateLost { missing, .. } => Self::StateLost { missing },
            refusal => Self::Refused(refusal),
        }
    }
}
