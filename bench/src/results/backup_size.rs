//! One sample of one node's memory: a row of `backup_size.csv`.

use multicast::id::NodeId;
use serde::{Deserialize, Serialize};

use super::{Configuration, Role};

/// What a node held when every group had `elements_per_group` elements. All sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSizeRow {
    /// The run that this row belongs to.
    pub configuration: Configuration,
    /// The repetition, from 1.
    pub trial: u32,
    /// Elements in every group at the sample.
    pub elements_per_group: u64,
    /// Whose memory.
    pub node: NodeId,
    /// What the node is.
    pub role: Role,
    /// The elements' own bytes, or the fused bytes that stand for them.
    pub payload_bytes: u64,
    /// What is kept to find and order them: keys, links, indexes, sessions.
    pub auxiliary_bytes: u64,
    /// Live bytes of the process's allocator, less those of the same process before the first insert.
    pub heap_bytes: u64,
    /// Resident memory of the process.
    pub resident_bytes: u64,
}

impl BackupSizeRow {
    /// The part of `bytes`, held by this node, that is beyond one copy of each group: all of a fused
    /// backup, nothing of a primary, and of f + 1 data nodes the share of f, that is f / (f + 1) of each.
    pub fn beyond_one_copy(&self, bytes: u64) -> f64 {
        let faults = f64::from(self.configuration.faults);
        let share = match self.role {
            Role::DataNode => faults / (faults + 1.0),
            Role::Primary => 0.0,
            Role::FusionServer => 1.0,
        };
        bytes as f64 * share
    }
}
