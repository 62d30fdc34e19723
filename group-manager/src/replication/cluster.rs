//! The replicated cluster as its core needs to know it: checked, and without addresses.

use std::collections::BTreeMap;

use multicast::{
    id::{Epoch, GroupId, NodeId},
    skeen::sequencer::OrderedBy,
};
use settings::Join;
use structures::kind::StructureSpec;
use wire::message::membership::{Member, Membership, Role, Standing};

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

impl ReplicatedCluster {
    /// The stored membership, which names everyone; before anything is stored, the nodes of the cluster file. Before names
    /// were stored, the groups had the numbers of the file.
    pub(super) fn with_nodes(&self, mut stored: Membership) -> Membership {
        if stored.groups.is_empty() {
            stored.groups = self.groups.clone();
        }
        if stored.epoch > Epoch(0) {
            return stored;
        }
        for (node, group) in &self.nodes {
            let absent = Member::absent(Role::DataNode, Some(*group));
            stored.members.entry(*node).or_insert(absent);
        }
        stored
    }

    /// The same for whoever is to own it. A node that was joining has to begin anew: nobody carries on its transfer.
    pub(super) fn taken_up(&self, stored: Membership) -> Membership {
        let mut stored = self.with_nodes(stored);
        for member in stored.members.values_mut() {
            if member.standing == Standing::Joining {
                member.standing = Standing::Removed;
            }
        }
        stored
    }
}
