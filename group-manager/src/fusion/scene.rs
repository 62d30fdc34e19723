//! What a recovery is about: who is lost, who lives, which fused servers hold the sum.
//!
//! Invariant: everything an attempt computes with is in its scene, so an attempt is void exactly when the
//! stored membership shows another scene.

use std::collections::BTreeMap;

use multicast::id::{GroupId, NodeId, Seq};
use wire::message::{
    fusion::{GroupLife, Loss},
    membership::{Membership, Standing},
};

use super::{cluster::FusionCluster, missing::is_founded_primary};

/// What a replacement is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) life: GroupLife,
    /// Whether the primary was about to leave.
    pub(super) leaving: bool,
}

/// The parties of a recovery, as a membership shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scene {
    /// All lost primaries, by column; the cuts are not known yet (0).
    pub(super) losses: Vec<Loss>,
    /// The lost primaries whose replacement has entered, by id.
    pub(super) replacements: BTreeMap<NodeId, Charge>,
    /// The active primaries, by id.
    pub(super) live: Vec<NodeId>,
    /// The active fused servers and their rows, by row.
    pub(super) servers: Vec<(NodeId, u8)>,
}

impl Scene {
    /// What a recovery would be about in this membership.
    pub(super) fn of(cluster: &FusionCluster, membership: &Membership) -> Self {
        let mut scene = Self {
            losses: vec![],
            replacements: BTreeMap::new(),
            live: vec![],
            servers: vec![],
        };
        for (node, member) in &membership.members {
            let active = member.standing == Standing::Active;
            if let Some(place) = cluster.primary(*node) {
                let joining = member.standing == Standing::Joining;
                if active {
                    scene.live.push(*node);
                } else if is_founded_primary(membership, member) {
                    let charge = Charge {
                        life: group_life(membership, place.group),
                        leaving: membership.leaving.contains(node),
                    };
                    scene.replacements.extend(joining.then_some((*node, charge)));
                    let replacement = member
                        .addresses
                        .filter(|_| joining)
                        .map(|addresses| addresses.peers);
                    scene.losses.push(Loss {
                        primary: *node,
                        column: place.column,
                        cut: Seq::default(),
                        replacement,
                    });
                }
            } else if let Some(place) = cluster.server(*node).filter(|_| active) {
                scene.servers.push((*node, place.row));
            }
        }
        scene.losses.sort_by_key(|loss| loss.column);
        scene.servers.sort_by_key(|(_, row)| *row);
        scene
    }

    /// Whether the end of this node's life makes the scene another one.
    pub(super) fn involves(&self, node: NodeId) -> bool {
        self.is_replaced(node) || self.live.contains(&node) || self.servers.iter().any(|(n, _)| *n == node)
    }

    /// Whether the node is the replacement of a lost primary.
    pub(super) fn is_replaced(&self, node: NodeId) -> bool {
        self.replacements.contains_key(&node)
    }

    /// The lost primaries, by column.
    pub(super) fn lost(&self) -> Vec<NodeId> {
        self.losses.iter().map(|loss| loss.primary).collect()
    }

    /// The lost primaries whose replacement has entered, by id.
    pub(super) fn replaced(&self) -> Vec<NodeId> {
        self.replacements.keys().copied().collect()
    }

    /// As many servers as there are losses, beginning with another one at every turn.
    pub(super) fn chosen(&self, turn: usize) -> Vec<(NodeId, u8)> {
        let count = self.losses.len().min(self.servers.len());
        (0..count)
            .map(|place| self.servers[(turn + place) % self.servers.len()])
            .collect()
    }
}

/// A group as its primary must know it.
pub(super) fn group_life(membership: &Membership, group: GroupId) -> GroupLife {
    let began = membership.began.get(&group).copied().unwrap_or_default();
    GroupLife { group, began }
}
