//! Why a cluster does not do what it should.

use std::io;

use multicast::id::NodeId;
use settings::LoadError;
use wire::{
    client::ClientError,
    message::membership::{Member, Membership, Role},
};

/// Why a cluster could not be launched, or stopped doing what it should.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The cluster file is not usable.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A process could not be started.
    #[error("{role} {section} could not be started: {source}")]
    Start {
        /// What it was to be.
        role: Role,
        /// Its section of the cluster file.
        section: u32,
        /// The operating system's error.
        source: io::Error,
    },
    /// A process ended, or said something else than where it listens.
    #[error(
        "{role} {section} did not start: it did not say where it listens{}",
        instead(said)
    )]
    NoAddress {
        /// What it was to be.
        role: Role,
        /// Its section of the cluster file.
        section: u32,
        /// Its first line.
        said: String,
    },
    /// The manager did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Waited in vain.
    #[error("after {waited_ms} ms {what}: {standings}")]
    OutOfPatience {
        /// How long.
        waited_ms: u128,
        /// What did not happen.
        what: String,
        /// Everybody's standing.
        standings: String,
    },
}

/// What a process said instead, if it said anything to whoever started it; its errors are on standard error.
fn instead(said: &str) -> String {
    match said.trim() {
        "" => String::new(),
        said => format!(", but {said:?}"),
    }
}

/// Everybody's standing, in words.
pub(super) fn standings(members: &Membership) -> String {
    let standing =
        |(node, member): (&NodeId, &Member)| format!("{} {} {}", member.role, node.0, member.standing);
    members
        .members
        .iter()
        .map(standing)
        .collect::<Vec<_>>()
        .join(", ")
}
