//! What ends an experiment before its last step.

use std::path::PathBuf;

use wire::client::ClientError;

use super::LoadError;
use crate::{cluster::ClusterError, results::FolderError};

/// Why an experiment ended before its last step.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// The cluster file cannot be made or written.
    #[error("{path}: {source}", path = path.display())]
    ClusterFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration makes no cluster.
    #[error(transparent)]
    Plan(#[from] settings::PlanError),
    /// A process did not do what it should.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A process could not be killed.
    #[error("a node could not be killed: {0}")]
    Kill(#[from] std::io::Error),
    /// A client could not go on.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A node did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A crashed node did not come back.
    #[error("{what} within {waited_s} s")]
    NoRecovery {
        /// Who, and what did not happen.
        what: String,
        /// How long it was waited for.
        waited_s: u64,
    },
    /// The folder of results could not be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// Elements are lost or wrong.
    #[error(
        "after the recovery of {nodes} ({configuration}, {elements} elements per group): \
         {lost} lost, {wrong} wrong: {}", which.join("; ")
    )]
    NotAsWritten {
        /// Which configuration.
        configuration: String,
        /// Who recovered.
        nodes: String,
        /// Elements in each group.
        elements: u64,
        /// How many are missing.
        lost: u64,
        /// How many are wrong.
        wrong: u64,
        /// The first few.
        which: Vec<String>,
    },
}
