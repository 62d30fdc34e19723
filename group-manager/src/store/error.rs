//! Why the membership could not be loaded or replaced. Every error about a place names it.

use std::{io, path::PathBuf};

use multicast::id::Epoch;
use wire::message::membership::Membership;

/// What a store can answer instead of doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another manager stored first.
    #[error("{expected} is no longer stored: the store holds {}", current.epoch)]
    Conflict {
        /// What the caller thought to be stored.
        expected: Epoch,
        /// What is stored.
        current: Box<Membership>,
    },
    /// A membership must be later than the one that it replaces.
    #[error("{next} does not follow {expected}")]
    EpochNotRising {
        /// What the caller thinks to be stored.
        expected: Epoch,
        /// The epoch of its membership.
        next: Epoch,
    },
    /// The file or the key holds something torn, or no membership at all.
    #[error("{place} holds no membership: {reason}")]
    Garbage {
        /// Which file, or which key.
        place: String,
        /// What does not fit.
        reason: String,
    },
    /// Another version of this program wrote there.
    #[error("{place} has version {found}, this program reads {ours}")]
    Version {
        /// Which file, or which key.
        place: String,
        /// What is there.
        found: u32,
        /// Ours.
        ours: u32,
    },
    /// The file is larger than any membership; it was not read.
    #[error("{} has {actual} bytes, over the limit of {limit}", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Its length.
        actual: u64,
        /// The limit.
        limit: u64,
    },
    /// No endpoint of etcd could be asked. After a swap it is unknown whether it was carried out.
    #[error("etcd does not answer: {}", failures.join("; "))]
    Unreachable {
        /// What each endpoint did instead, in the order in which they were asked.
        failures: Vec<String>,
    },
    /// An endpoint answered something that etcd does not say.
    #[error("{endpoint} does not answer as etcd: {reason}")]
    Answer {
        /// Which endpoint.
        endpoint: String,
        /// What does not fit.
        reason: String,
    },
    /// The operating system refused.
    #[error("could not {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Its words.
        source: io::Error,
    },
}
