//! Who is missing, and whether that is more than the code can make good: c + z <= f (DESIGN, "Recovery").
//!
//! Missing are the primaries of founded groups that are not active (c) and the fused servers that are not
//! active (z): a half-rebuilt server counts as crashed. A primary whose group never held anything is not missed.

use multicast::id::NodeId;
use wire::message::membership::{Member, Membership, Role, Standing};

/// Who is missing in a membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// Primaries of founded groups.
    pub(super) primaries: Vec<NodeId>,
    /// Fused servers.
    pub(super) servers: Vec<NodeId>,
}

impl Missing {
    /// Who is missing in this membership.
    pub(super) fn of(membership: &Membership) -> Self {
        let missing = |role: Role| {
            let gone = |member: &Member| {
                member.role == role && member.standing != Standing::Active && counts(membership, member)
            };
            membership
                .members
                .iter()
                .filter(|(_, m)| gone(m))
                .map(|(node, _)| *node)
                .collect()
        };
        Self {
            primaries: missing(Role::Primary),
            servers: missing(Role::FusionServer),
        }
    }

    /// These fused servers are missing too, although they are members: they are waited for.
    pub(super) fn and_servers(mut self, missed: impl IntoIterator<Item = NodeId>) -> Self {
        for node in missed {
            if !self.servers.contains(&node) {
                self.servers.push(node);
            }
        }
        self
    }

    /// Whether `faults` fused servers cannot make good for them.
    pub(super) fn exceeds(&self, faults: usize) -> bool {
        self.primaries.len() + self.servers.len() > faults
    }

    /// Everyone missing, in order of their ids.
    pub(super) fn names(&self) -> Vec<NodeId> {
        let mut names = [self.primaries.as_slice(), &self.servers].concat();
        names.sort_unstable();
        names
    }
}

/// Whether the member, active, would hold something.
fn counts(membership: &Membership, member: &Member) -> bool {
    member
        .group
        .is_none_or(|group| membership.founded.contains(&group))
}

/// Whether this is a primary whose group ever held anything.
pub(super) fn is_founded_primary(membership: &Membership, member: &Member) -> bool {
    member.role == Role::Primary && counts(membership, member)
}
