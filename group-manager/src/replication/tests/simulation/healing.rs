//! The end of a run: everybody comes back, and what was answered must be there.

use multicast::id::{GroupId, Incarnation, NodeId};
use structures::{op::Op, query::Query};
use wire::message::{
    client::{Refusal, ReplyBody, RequestBody},
    membership::Standing,
};

use super::{super::world::SUSPICION_US, GROUPS, Run};
use crate::coordinator::{Coordinator, Event};

impl Run {
    /// Every process that is there comes back; only then others start.
    pub(super) fn heal(&mut self) {
        if self.has_other {
            let nodes = self.running();
            self.world.other_leaves(&nodes);
        }
        for _ in 0..5 {
            for node in self.world.processes.keys().copied().collect::<Vec<_>>() {
                self.enter(node);
                self.world.settle();
            }
            self.world.now.0 += SUSPICION_US;
            self.world.feed(Event::Tick);
            self.world.settle();
        }
        for node in self.world.cluster.nodes.keys().copied().collect::<Vec<_>>() {
            self.enter(node);
            self.world.settle();
        }
        self.note_answers();
    }

    /// What the second manager leaves at the queues' heads when it is gone keeps no write waiting for good.
    pub(super) fn check_what_the_other_left(&mut self) {
        let nodes = self.running();
        self.world.other_follows(&nodes);
        let served: Vec<GroupId> = GROUPS
            .into_iter()
            .filter(|group| self.lost(*group).is_none())
            .collect();
        for group in served {
            self.world.other_proposes((group, vec![Op::OpenSession]));
            self.world.other_leaves(&nodes);
            let before = self.world.replies.len();
            self.world.write(group, Op::OpenSession);
            self.world.settle();
            self.world.now.0 += SUSPICION_US;
            self.world.feed(Event::Tick);
            self.world.settle();
            assert_eq!(self.world.replies.len(), before + 1, "{group} answers");
        }
    }

    pub(super) fn check_healed(&mut self) {
        assert_eq!(self.world.core.membership(), &self.world.stored);
        for group in GROUPS {
            match self.lost(group) {
                Some(missing) => self.check_lost(group, missing),
                None => self.check_whole(group),
            }
        }
    }

    /// The holders of the group, if none of their processes is left.
    pub(super) fn lost(&self, group: GroupId) -> Option<Vec<NodeId>> {
        let members = self.world.stored.members.iter();
        let holders: Vec<_> = members
            .filter(|(_, member)| member.group == Some(group) && member.standing == Standing::Active)
            .map(|(node, member)| (*node, member.incarnation))
            .collect();
        let lives = |(node, life): &(NodeId, Incarnation)| {
            self.world
                .processes
                .get(node)
                .is_some_and(|process| process.life == *life)
        };
        let all_gone = !holders.is_empty() && !holders.iter().any(lives);
        all_gone.then(|| holders.into_iter().map(|(node, _)| node).collect())
    }

    fn check_lost(&mut self, group: GroupId, missing: Vec<NodeId>) {
        self.world.ask(RequestBody::Read {
            group,
            query: Query::All,
        });
        let last = self.world.replies.pop().map(|(_, body)| body);
        assert_eq!(
            last,
            Some(ReplyBody::Refused(Refusal::StateLost { group, missing }))
        );
    }

    fn check_whole(&self, group: GroupId) {
        let nodes = self
            .world
            .cluster
            .nodes
            .iter()
            .filter(|(_, of)| **of == group)
            .map(|(node, _)| *node);
        let nodes: Vec<NodeId> = nodes.collect();
        assert_eq!(self.world.core.present(group), nodes, "everyone is active again");
        let first = self.world.keys(nodes[0]).expect("an active member holds a state");
        for node in nodes {
            assert_eq!(self.world.keys(node).as_ref(), Some(&first), "{node} of {group}");
        }
        for (of, key) in &self.answered {
            assert!(
                *of != group || first.contains(key),
                "{key} of {group} was answered and is not there"
            );
        }
    }
}
