//! What must hold whatever happens: one claim a file.

pub(super) mod acknowledged;
mod once;
pub(super) mod one_owner;
mod progress;
mod same_order;
mod together;

use std::fmt;

use multicast::id::{GroupId, Incarnation, NodeId};
use wire::message::membership::Standing;

use super::world::World;

/// Which claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// [`one_owner`].
    OneOwner,
    /// [`acknowledged`].
    Acknowledged,
    /// [`same_order`].
    SameOrder,
    /// [`once`].
    Once,
    /// [`together`].
    Together,
    /// [`progress`].
    Progress,
}

/// A claim that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) claim: Claim,
    /// What was found instead.
    pub(super) found: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.claim, self.found)
    }
}

/// Now and then.
pub(super) fn judge(world: &mut World) {
    same_order::check(world);
    once::check(world);
}

/// When everything has healed.
pub(super) fn judge_at_the_end(world: &mut World) {
    judge(world);
    together::check(world);
    acknowledged::check_all(world);
    progress::check(world);
}

impl World {
    /// The lives that the store calls active members of the group.
    pub(super) fn holders(&self, group: GroupId) -> Vec<(NodeId, Incarnation)> {
        let members = self.store.stored.members.iter();
        members
            .filter(|(_, member)| member.group == Some(group) && member.standing == Standing::Active)
            .map(|(node, member)| (*node, member.incarnation))
            .collect()
    }

    /// Whether the group has held something, and every process that did is gone.
    pub(super) fn is_lost(&self, group: GroupId) -> bool {
        self.store.stored.founded.contains(&group) && self.living_holders(group).is_empty()
    }

    /// What each active member of the group holds, in its order.
    fn held(&self, group: GroupId) -> Vec<(NodeId, Vec<String>)> {
        let holders = self.living_holders(group).into_iter();
        holders
            .filter_map(|node| Some((node, self.nodes[&node].elements()?)))
            .collect()
    }
}
