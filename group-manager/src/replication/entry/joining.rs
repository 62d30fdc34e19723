//! Joining without a freeze (DESIGN section 3, rule 6): a node votes first and gets the state while writes go on.
//!
//! ```text
//! let_join: store it as joining -> Join, Seal, View (it votes and holds messages from here on)
//!   -> SendState to a donor, AwaitState to it -> CaughtUp -> store it as active -> Seal, View
//! ```
//!
//! Invariants: a joining member is told to `Join` once for each view that lets it in, before that view's `Seal`, since it
//! would forget its votes otherwise; a donor's state is of the view in force, so every further view begins the transfer
//! anew; a joining member that is lost is removed like any other, since writes wait for its votes.

use multicast::id::Incarnation;
use wire::message::{
    membership::{Membership, Standing},
    replication::ToNode,
};

use super::{
    super::{is_active_life, view::Stage},
    Command, Entry, GroupId, Micros, NodeId, Replication, Step,
};

impl Replication {
    /// Joining members whose link is up, ascending.
    pub(in crate::replication) fn joining(&self) -> impl Iterator<Item = NodeId> {
        let nodes = self.membership.members.iter();
        let joining = nodes.filter(|(node, member)| {
            member.standing == Standing::Joining && self.linked.get(node) == Some(&member.incarnation)
        });
        joining.map(|(node, _)| *node)
    }

    /// Enters the nodes that are to vote into the next membership.
    pub(in crate::replication) fn let_join(&self, next: &mut Membership) {
        let epoch = next.epoch;
        for node in &self.to_join {
            let (Some(member), Some(life)) = (next.members.get_mut(node), self.linked.get(node)) else {
                continue;
            };
            member.standing = Standing::Joining;
            member.incarnation = *life;
            member.since = epoch;
            member.addresses = self.dialled.get(node).map(|(_, addresses)| *addresses);
        }
    }

    /// Whoever joins by the membership just stored has to be a voter before it is sealed.
    pub(in crate::replication) fn tell_joiners(&self) -> Vec<Command> {
        let is_new = |node: &NodeId| {
            let member = self.member(*node);
            member.is_some_and(|member| member.since == self.membership.epoch)
        };
        let joining = self.joining().filter(is_new);
        let epoch = self.membership.epoch;
        joining
            .filter_map(|node| self.group_of(node).map(|group| (node, group)))
            .map(|(node, group)| Command::ToNode(node, ToNode::Join { epoch, group }))
            .collect()
    }

    /// A group without an active member has no voters, so what its joining members hold is not seen by the views until
    /// a holder is back: they begin anew then, since they may have delivered what that one never heard of.
    pub(in crate::replication) fn let_joiners_of_lost_groups_go(&mut self) {
        for node in self.joining().collect::<Vec<_>>() {
            let Some(group) = self.group_of(node) else {
                continue;
            };
            if !self.present(group).is_empty() || !self.to_remove.insert(node) {
                continue;
            }
            self.to_admit.remove(&node);
            if let Some(state) = self.groups.get_mut(&group) {
                state.entry = state.entry.take().filter(|entry| entry.node != node);
                state.waiting_to_enter.push_back(node);
            }
        }
    }

    /// Whoever was joining under another owner begins anew here: its link is up already.
    pub(in crate::replication) fn queue_strangers(&mut self) {
        let is_member = |node: &NodeId, life: Incarnation| is_active_life(&self.membership, *node, life);
        let linked = self.linked.iter().filter(|(node, life)| !is_member(node, **life));
        for (node, _) in linked {
            let group = self.membership.members.get(node).and_then(|member| member.group);
            if let Some(state) = group.and_then(|group| self.groups.get_mut(&group)) {
                state.waiting_to_enter.push_back(*node);
            }
        }
    }

    /// After a view: transfers to joining members begin, or begin anew.
    pub(in crate::replication) fn restart_streams(&mut self, now: Micros) -> Vec<Command> {
        if self.stage != Stage::Steady {
            return Vec::new();
        }
        let joining: Vec<NodeId> = self.joining().collect();
        let waits = |entry: &Entry| {
            let has_state = matches!(entry.step, Step::Admitting { .. } | Step::Draining);
            !has_state && joining.contains(&entry.node)
        };
        let entries = self
            .groups
            .iter()
            .filter_map(|(group, state)| Some((*group, state.entry.as_ref()?)));
        let groups: Vec<GroupId> = entries
            .filter(|(_, entry)| waits(entry))
            .map(|(group, _)| group)
            .collect();
        groups
            .into_iter()
            .flat_map(|group| self.start_transfer(now, group))
            .collect()
    }

    /// The view change that ends now held writers back: for the entries that it is a part of.
    pub(in crate::replication) fn note_pause(&mut self, now: Micros) {
        let pause = now.0.saturating_sub(self.sealed_at.0);
        for entry in self.groups.values_mut().filter_map(|state| state.entry.as_mut()) {
            if matches!(entry.step, Step::Joining | Step::Admitting { .. }) {
                entry.paused_us += pause;
            }
        }
    }

    /// A joining member is lost: the next view does without its votes.
    pub(in crate::replication) fn give_up_joiner(&mut self, node: NodeId, life: Incarnation) {
        let is_joining = |membership: &Membership| {
            let member = membership.members.get(&node);
            member.is_some_and(|member| member.standing == Standing::Joining && member.incarnation == life)
        };
        if is_joining(&self.membership) || is_joining(self.upcoming()) {
            self.to_remove.insert(node);
        }
    }
}
