//! Redis with one replica, for comparison: the same bytes pushed to a list, each push followed by `WAIT 1`.
//!
//! `WAIT` answers when the replica has acknowledged all that its connection wrote before, which is the nearest that
//! Redis has to a reply after every copy applied the write. Nothing is written to a disk.

mod connection;
mod line;
mod pair;

use std::io;

pub use self::pair::RedisPair;
pub(super) use self::{connection::Connection, line::RedisLine};
use crate::resp::{Answer, Garbage};

/// The program.
const PROGRAM: &str = "redis-server";

/// Redis could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// There is no such program here.
    #[error("{PROGRAM} is not installed here")]
    NotInstalled,
    /// It could not be started, or a connection to it failed.
    #[error("{PROGRAM}: {0}")]
    Io(#[from] io::Error),
    /// It talks nonsense.
    #[error("{PROGRAM} sent {0}")]
    Garbage(#[from] Garbage),
    /// It did not get where it should.
    #[error("{PROGRAM}: {what} after {waited_s} s")]
    Silent {
        /// What did not happen.
        what: &'static str,
        /// How long it was waited for.
        waited_s: u64,
    },
    /// It answered an error, or something that was not asked.
    #[error("{PROGRAM} answered {answer:?} to {command}")]
    Unexpected {
        /// What was asked.
        command: String,
        /// What came.
        answer: Answer,
    },
}

/// The list of a group.
pub(super) fn list(group: multicast::id::GroupId) -> String {
    format!("group-{}", group.0)
}
