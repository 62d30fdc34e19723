//! The replicated cluster as its core needs to know it: checked, and without addresses.

use std::collections::BTreeMap;

use multicast::{
    id::{GroupId, NodeId},
    skeen::sequencer::OrderedBy,
};
use settings::Join;
use structures::kind::StructureSpec;

/// What the cluster file says.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicatedCluster {
    /// How many managers the cluster has.
    pub managers: usize,
    /// Who decides on the order of writes.
    pub ordering: OrderedBy,
    /// Lengths of keys and values.
    pub spec: StructureSpec,
    /// Writes wait while a group has fewer than 1 + this many active members.
    pub min_backups: usize,
    /// What writers notice of a node that enters.
    pub join: Join,
    /// How long a silent member is believed in, microseconds.
    pub suspicion_us: u64,
    /// Every data node of the cluster file and its group: the members, until a membership is stored.
    pub nodes: BTreeMap<NodeId, GroupId>,
    /// The names of its groups.
    pub groups: BTreeMap<GroupId, String>,
}
