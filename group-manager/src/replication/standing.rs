//! Who counts: what the stored membership says of each node, and whose link is up.
//!
//! Invariant: of a membership that is on its way into the store it is assumed that it gets there, wherever that is the
//! safe side: a member that is being removed is not present any more.

use multicast::id::{GroupId, Incarnation, NodeId};
use wire::message::membership::{Member, Membership, Standing};

use super::{Replication, view::Stage};

impl Replication {
    pub(super) fn member(&self, node: NodeId) -> Option<&Member> {
        self.membership.members.get(&node)
    }

    /// The group of a node of the cluster.
    pub(super) fn group_of(&self, node: NodeId) -> Option<GroupId> {
        self.member(node).and_then(|member| member.group)
    }

    /// Every node of the cluster, ascending.
    pub(super) fn nodes(&self) -> Vec<NodeId> {
        self.membership.members.keys().copied().collect()
    }

    pub(super) fn is_active(&self, node: NodeId) -> bool {
        self.member(node)
            .is_some_and(|member| member.standing == Standing::Active)
    }

    /// Active members of the group whose link is up, ascending: those that can take part now.
    pub(super) fn present(&self, group: GroupId) -> Vec<NodeId> {
        self.holders(group)
            .into_iter()
            .filter(|node| self.is_present(*node))
            .collect()
    }

    /// Whether the life that is linked is an active member and stays one: where its removal is on its way
    /// into the store, that life is of no account any more, even if it comes back meanwhile.
    pub(super) fn is_present(&self, node: NodeId) -> bool {
        let life = self.linked.get(&node).copied();
        life.is_some_and(|life| {
            is_active_life(&self.membership, node, life) && is_active_life(self.upcoming(), node, life)
        })
    }

    /// The membership that will be in force: the one on its way into the store, if there is one.
    pub(super) fn upcoming(&self) -> &Membership {
        match &self.stage {
            Stage::Storing { next } => next,
            _ => &self.membership,
        }
    }

    /// Active members of the group, reachable or not, ascending.
    pub(super) fn holders(&self, group: GroupId) -> Vec<NodeId> {
        let active = |(_, member): &(&NodeId, &Member)| {
            member.group == Some(group) && member.standing == Standing::Active
        };
        self.membership
            .members
            .iter()
            .filter(active)
            .map(|(node, _)| *node)
            .collect()
    }

    /// Whether nobody belongs to the group any more.
    pub(super) fn is_closed(&self, group: GroupId) -> bool {
        let mut members = self.membership.members.values();
        members.all(|member| member.group != Some(group))
    }

    /// Whether a message to the group reaches nobody, and never will.
    pub(super) fn is_gone(&self, group: GroupId) -> bool {
        self.is_lost(group) || self.is_closed(group)
    }

    /// Whether the group held something and nobody who holds it can be reached.
    pub(super) fn is_lost(&self, group: GroupId) -> bool {
        self.membership.founded.contains(&group) && self.present(group).is_empty()
    }
}

/// Whether this life of the node is an active member.
pub(super) fn is_active_life(membership: &Membership, node: NodeId, life: Incarnation) -> bool {
    let member = membership.members.get(&node);
    member.is_some_and(|member| member.standing == Standing::Active && member.incarnation == life)
}
