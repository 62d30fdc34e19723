//! What one run of the experiment holds fixed, and the roles that nodes play in it.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ValueBytes;

/// One configuration: the first columns of every row. Runs are ordered so that the mechanisms of the same groups
/// are neighbours.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Configuration {
    /// The mechanism's name, such as `replication` or `fusion-linked`.
    pub mechanism: String,
    /// How many groups the cluster protects.
    pub groups: u32,
    /// How many crashes it tolerates, f.
    pub faults: u32,
    /// What every group protects, such as `linked-list`.
    pub structure: String,
    /// What the clients do, such as `insert`.
    pub workload: String,
    /// How long the values are.
    pub value_bytes: ValueBytes,
}

impl Configuration {
    /// All but the mechanism: what two mechanisms must have in common to be compared.
    pub fn setting(&self) -> (u32, u32, &str, &str, ValueBytes) {
        let Self {
            groups,
            faults,
            structure,
            workload,
            value_bytes,
            ..
        } = self;
        (*groups, *faults, structure, workload, *value_bytes)
    }
}

impl Ord for Configuration {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.setting(), &self.mechanism).cmp(&(other.setting(), &other.mechanism))
    }
}

impl PartialOrd for Configuration {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            mechanism,
            groups,
            faults,
            structure,
            value_bytes,
            ..
        } = self;
        write!(
            f,
            "{mechanism}, {structure}, {value_bytes} B values, groups = {groups}, f = {faults}"
        )
    }
}

/// What a measured node is to its group; decides what of its memory counts as backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Holds one of the f + 1 copies of its group.
    DataNode,
    /// Holds the only original of its group.
    Primary,
    /// Holds a fused backup of all primaries.
    FusionServer,
}

impl Role {
    /// Whether the node answers for a group: its recovery is the group's, and counts in the summary.
    pub fn holds_a_group(self) -> bool {
        matches!(self, Self::DataNode | Self::Primary)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataNode => "data-node",
            Self::Primary => "primary",
            Self::FusionServer => "fusion-server",
        })
    }
}
