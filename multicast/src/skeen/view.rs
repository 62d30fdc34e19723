//! Who takes part in an epoch: the voters of each group, and which of them are only joining (rule 6).
//!
//! Invariant: a group whose voters are all joining has none: nobody there holds its state, so that no message
//! may become complete in it.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{GroupId, NodeId};

/// The members of each group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct View {
    voters: BTreeMap<GroupId, BTreeSet<NodeId>>,
    joining: BTreeSet<NodeId>,
}

impl View {
    /// The view of these active members.
    pub fn of(active: BTreeMap<GroupId, BTreeSet<NodeId>>) -> Self {
        Self::new(active, BTreeSet::new())
    }

    /// The view of these voters, of whom some are joining: they vote and hold messages, but deliver nothing
    /// before a state is installed. `joining` may name nodes that are no voters.
    pub fn new(mut voters: BTreeMap<GroupId, BTreeSet<NodeId>>, joining: BTreeSet<NodeId>) -> Self {
        for members in voters.values_mut().filter(|members| members.is_subset(&joining)) {
            members.clear();
        }
        Self { voters, joining }
    }

    /// Whether the group has an active member.
    pub fn has(&self, group: GroupId) -> bool {
        self.voters(group).next().is_some()
    }

    /// Active and joining members of the group, ascending.
    pub fn voters(&self, group: GroupId) -> impl Iterator<Item = NodeId> {
        self.voters.get(&group).into_iter().flatten().copied()
    }

    /// Active members of the group, ascending.
    pub fn active(&self, group: GroupId) -> impl Iterator<Item = NodeId> {
        self.voters(group).filter(|node| !self.is_joining(*node))
    }

    /// All voters of all these groups.
    pub fn voters_of(&self, groups: &[GroupId]) -> BTreeSet<NodeId> {
        groups.iter().flat_map(|group| self.voters(*group)).collect()
    }

    /// All voters.
    pub fn everybody(&self) -> BTreeSet<NodeId> {
        self.voters.values().flatten().copied().collect()
    }

    /// The group that the node votes in.
    pub fn group_of(&self, node: NodeId) -> Option<GroupId> {
        let mut groups = self.voters.iter();
        groups
            .find(|(_, members)| members.contains(&node))
            .map(|(group, _)| *group)
    }

    /// Whether the node's state is not there yet.
    pub fn is_joining(&self, node: NodeId) -> bool {
        self.joining.contains(&node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: GroupId = GroupId(1);

    fn nodes(nodes: &[u32]) -> BTreeSet<NodeId> {
        nodes.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn joining_members_vote_and_are_not_active() {
        let view = View::new(BTreeMap::from([(GROUP, nodes(&[1, 2]))]), nodes(&[2]));
        assert!(view.has(GROUP));
        assert_eq!(view.voters(GROUP).collect::<BTreeSet<_>>(), nodes(&[1, 2]));
        assert_eq!(view.active(GROUP).collect::<BTreeSet<_>>(), nodes(&[1]));
    }

    #[test]
    fn a_group_of_joining_members_alone_has_no_voters() {
        let view = View::new(BTreeMap::from([(GROUP, nodes(&[1, 2]))]), nodes(&[1, 2]));
        assert!(!view.has(GROUP));
        assert_eq!(view.everybody(), nodes(&[]));
    }
}
