//! Why the membership could not be loaded or replaced. Every error about a file names it.

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
    /// The file is torn, or no membership at all.
    #[error("{} is no membership file: {reason}", path.display())]
    Garbage {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The file was written by another version of this program.
    #[error("{} has version {found}, this program reads {ours}", path.display())]
    Version {
        /// Which file.
        path: PathBuf,
        /// The file's.
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
