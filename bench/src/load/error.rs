//! What ends a load before its last slice.

use std::{io, path::PathBuf};

use multicast::id::{GroupId, NodeId};
use wire::client::ClientError;

use crate::{
    cluster::ClusterError, floor::FloorError, redis::RedisError, results::FolderError, scrub::ScrubError,
    work::WorkError,
};

/// Why a load ended before its last slice.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A cluster did not start, or stopped doing what it should.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The plan makes no cluster.
    #[error(transparent)]
    Plan(#[from] settings::PlanError),
    /// Redis did not start, or stopped doing what it should.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// The floor could not be measured.
    #[error(transparent)]
    Floor(#[from] FloorError),
    /// The folder of results could not be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A scratch folder or a file in it could not be written.
    #[error("the cluster's files: {0}")]
    Scratch(io::Error),
    /// The history's file could not be begun, or is there already.
    #[error("--history {}: {source}", path.display())]
    HistoryFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The history could not be written.
    #[error("the history: {0}")]
    History(io::Error),
    /// The way to a far manager could not be laid.
    #[error("the way to a far manager: {0}")]
    Way(io::Error),
    /// A client's clock does not ring.
    #[error("a timer: {0}")]
    Alarm(io::Error),
    /// A session with a group could not be opened, or a question about it was not answered.
    #[error("at the door of {group}: {source}")]
    Door {
        /// The group.
        group: GroupId,
        /// Why.
        source: ClientError,
    },
    /// A running cluster's group is not empty: what a load finds there is not what it would expect.
    #[error("{group} holds {elements} elements; a load begins with empty groups")]
    NotEmpty {
        /// The group.
        group: GroupId,
        /// How many it holds.
        elements: u64,
    },
    /// A request failed, or was answered wrongly.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// What is there in the end is not what was answered.
    #[error("{holder} holds {found} elements in the end instead of {expected}")]
    Count {
        /// Who.
        holder: String,
        /// How many it holds.
        found: u64,
        /// How many it should.
        expected: u64,
    },
    /// A push was answered otherwise.
    #[error("a push to {group} was answered {answer} instead of Inserted")]
    NotInserted {
        /// The group.
        group: GroupId,
        /// The answer.
        answer: String,
    },
    /// The manager does not say when something took place, or where.
    #[error("the manager says nothing of {node}: {what}")]
    NoReport {
        /// Who was lost and came back.
        node: NodeId,
        /// What is missing.
        what: &'static str,
    },
    /// A fused server that came back could not be compared with the primaries.
    #[error(transparent)]
    Scrub(#[from] ScrubError),
    /// It could, and does not fit.
    #[error("the parity of {0}, which came back, does not fit the primary")]
    Unsound(NodeId),
    /// The clients' task ended by itself.
    #[error("the clients stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}
