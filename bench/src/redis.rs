//! Redis, for comparison: servers of our own, started for it and asked over the loopback.
//!
//! ```text
//! pair (a server and its replica) -> server (a process on a free port) <- connection <- resp (bytes)
//! ```
//!
//! What is measured with them is the business of whoever starts them. Nothing is written to a disk, and no server
//! outlives the value that stands for it.

mod connection;
mod pair;
pub mod resp;
mod server;

use std::io;

pub use self::pair::RedisPair;
use self::resp::Garbage;
pub(crate) use self::{
    connection::{Connection, unexpected},
    server::Server,
};

/// The program.
const PROGRAM: &str = "redis-server";

/// Redis did not do what it should.
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
    #[error("{PROGRAM} answered {answer} to {command}")]
    Unexpected {
        /// What was asked, as far as it tells the kind.
        command: String,
        /// How what came begins.
        answer: String,
    },
}

/// The list of a group.
pub(crate) fn list(group: multicast::id::GroupId) -> String {
    format!("group-{}", group.0)
}
