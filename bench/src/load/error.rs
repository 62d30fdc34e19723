//! What ends a load before its last slice.

use std::io;

use multicast::id::GroupId;
use wire::client::ClientError;

use crate::{
    cluster::ClusterError, floor::FloorError, redis::RedisError, results::FolderError, work::WorkError,
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
    /// The history could not be written.
    #[error("the history: {0}")]
    History(io::Error),
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
    /// The clients' task ended by itself.
    #[error("the clients stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}
