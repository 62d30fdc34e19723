//! What one run of the experiment holds fixed, and the roles that nodes play in it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One configuration; runs are ordered so that the mechanisms of the same groups are neighbours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Configuration {
    /// How many groups the cluster protects.
    pub groups: u32,
    /// How many crashes it tolerates, f.
    pub faults: u32,
    /// The mechanism's name, such as `replication` or `fusion-linked`.
    pub mechanism: String,
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, groups = {}, f = {}",
            self.mechanism, self.groups, self.faults
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
