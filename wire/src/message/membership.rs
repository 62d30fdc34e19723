//! Who is a member: the value that the membership store holds and that status replies show.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
};

use multicast::id::{Epoch, GroupId, Incarnation, NodeId};
use serde::{Deserialize, Serialize};

/// What a process does in its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Owns the view.
    GroupManager,
    /// One replica.
    DataNode,
    /// Holds one original structure.
    Primary,
    /// Holds one fused backup of all primaries.
    FusionServer,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GroupManager => "group-manager",
            Self::DataNode => "data-node",
            Self::Primary => "primary",
            Self::FusionServer => "fusion-server",
        })
    }
}

/// A member's standing. Only `Active` members count towards f.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Belongs to the cluster, but has not entered yet.
    Absent,
    /// Entered; its state is being transferred, decoded or rebuilt.
    Joining,
    /// Holds its whole state.
    Active,
    /// Was active and is not any more.
    Removed,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent",
            Self::Joining => "joining",
            Self::Active => "active",
            Self::Removed => "removed",
        })
    }
}

/// Where a member listens, as it said when it entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// For its peers (multicast, deltas, transfer) and the manager.
    pub peers: SocketAddr,
    /// For clients.
    pub clients: SocketAddr,
}

/// One process of the cluster, as the membership sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What it does.
    pub role: Role,
    /// The group it holds; none for fused servers.
    pub group: Option<GroupId>,
    /// Its standing.
    pub standing: Standing,
    /// The life of it that the standing is about; 0 while absent.
    pub incarnation: Incarnation,
    /// Where that life listens.
    pub addresses: Option<Addresses>,
    /// The epoch in which that life became active: a primary's deltas carry it.
    pub since: Epoch,
    /// A fused server's row of the code, for as long as it belongs to the cluster; nobody else has one.
    #[serde(default)]
    pub row: Option<u8>,
    /// A primary's column of the code, for as long as it belongs to the cluster; nobody else has one.
    #[serde(default)]
    pub column: Option<u8>,
}

impl Member {
    /// One that belongs to the cluster and has not entered yet.
    pub fn absent(role: Role, group: Option<GroupId>) -> Self {
        Self {
            role,
            group,
            standing: Standing::Absent,
            incarnation: Incarnation(0),
            addresses: None,
            since: Epoch(0),
            row: None,
            column: None,
        }
    }
}

/// One life of a manager: the one that may change the membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// Which manager of the cluster file.
    pub node: NodeId,
    /// Which life of it.
    pub incarnation: Incarnation,
}

/// The members of one epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Its number.
    pub epoch: Epoch,
    /// Who stored it, and alone may store the next; whoever suspects that manager stores itself as the owner first.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// Everyone but the managers: of the cluster file at first, and then of every change since.
    pub members: BTreeMap<NodeId, Member>,
    /// Groups that ever had an active member: such a group never starts empty again.
    pub founded: Vec<GroupId>,
    /// Who was removed on purpose, and has not been added again.
    #[serde(default)]
    pub left: BTreeSet<NodeId>,
    /// When each group was founded last: what a process holds of an epoch before that was discarded.
    #[serde(default)]
    pub began: BTreeMap<GroupId, Epoch>,
    /// The names of all groups that there ever were: a name keeps its number, also when nobody holds the group any more.
    #[serde(default)]
    pub groups: BTreeMap<GroupId, String>,
    /// Primaries that are about to leave on purpose: they serve nobody, and go once nothing of them is in the backups.
    #[serde(default)]
    pub leaving: BTreeSet<NodeId>,
    /// The life of each primary whose data was discarded last: it never comes back.
    #[serde(default)]
    pub discarded: BTreeMap<NodeId, Incarnation>,
}

impl Membership {
    /// The number of the group with this name, if there ever was one.
    pub fn group_named(&self, name: &str) -> Option<GroupId> {
        let mut groups = self.groups.iter();
        groups.find(|(_, known)| *known == name).map(|(group, _)| *group)
    }

    /// The group's name; its number where it has none.
    pub fn group_name(&self, group: GroupId) -> String {
        self.groups
            .get(&group)
            .cloned()
            .unwrap_or_else(|| group.to_string())
    }

    /// The groups that belong to nobody any more.
    pub fn closed_groups(&self) -> impl Iterator<Item = GroupId> {
        let is_held = |group: GroupId| self.members.values().any(|member| member.group == Some(group));
        self.groups.keys().copied().filter(move |group| !is_held(*group))
    }
}
