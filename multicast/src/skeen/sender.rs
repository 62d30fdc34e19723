//! A sender: gives every message of its own one place in the order, and knows when all have delivered it.
//!
//! Rule 2: the final timestamp is the largest proposal over all members of all addressed groups. Rule 3: a
//! message is complete when every active member has *delivered* it, not when it received `Final`.
//! Invariants: nothing is sent to a node outside the destinations; between [`Sender::seal`] and the last
//! `Sealed` nothing but `Seal` is sent.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    clock::MAX_COUNTER,
    message::{FromMember, ToMember},
    pending::Pending,
    view_change::Sealing,
};
use crate::id::{Epoch, GroupId, Incarnation, MessageId, NodeId, Seq, Timestamp};

mod command;

pub use command::SenderCommand;

/// The members of each group.
pub type View = BTreeMap<GroupId, BTreeSet<NodeId>>;

/// The state of one sender.
#[derive(Clone, Debug)]
pub struct Sender<P, R> {
    id: Incarnation,
    next: Seq,
    pub(super) epoch: Epoch,
    pub(super) view: View,
    pub(super) pending: BTreeMap<MessageId, Pending<P, R>>,
    /// The last timestamp each member is known to have delivered.
    pub(super) delivered: BTreeMap<NodeId, Timestamp>,
    /// Members whose reads wait for their group's watermark.
    pub(super) wanting: BTreeSet<NodeId>,
    pub(super) sealing: Option<Sealing<P>>,
}

impl<P: Clone, R: Clone + PartialEq> Sender<P, R> {
    /// A sender without members; [`Sender::seal`] gives it its first view.
    pub fn new(id: Incarnation) -> Self {
        Self {
            id,
            next: Seq::FIRST,
            epoch: Epoch::default(),
            view: View::new(),
            pending: BTreeMap::new(),
            delivered: BTreeMap::new(),
            wanting: BTreeSet::new(),
            sealing: None,
        }
    }

    /// The epoch in force.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether a message to the group would reach a member: it has some in the view in force, or a view change
    /// is under way and decides.
    pub fn reaches(&self, group: GroupId) -> bool {
        self.is_sealing() || self.view.get(&group).is_some_and(|members| !members.is_empty())
    }

    /// Whether a view change is under way.
    pub fn is_sealing(&self) -> bool {
        self.sealing.is_some()
    }

    /// Whether no message addressed to the group is under way. Never while a view change is: a member may
    /// hold messages of a former sender that are not known here yet.
    pub fn is_drained(&self, group: GroupId) -> bool {
        !self.is_sealing()
            && !self
                .pending
                .values()
                .any(|pending| pending.groups.contains(&group))
    }

    /// Starts a message to the groups (ascending, not empty). While a view change is under way it waits for
    /// the new view. Where none of the groups has a member it is abandoned at once.
    pub fn multicast(&mut self, groups: Vec<GroupId>, payload: P) -> (MessageId, Vec<SenderCommand<P, R>>) {
        let id = MessageId {
            sender: self.id,
            seq: self.next,
        };
        self.next = self.next.next();
        self.pending.insert(id, Pending::new(groups, payload));
        if self.is_sealing() {
            return (id, Vec::new());
        }
        let commands = self.propose(id);
        if !commands.is_empty() {
            return (id, commands);
        }
        self.pending.remove(&id);
        (id, vec![SenderCommand::Abandoned { id }])
    }

    /// Takes one message of a member. One that names a counter above [`MAX_COUNTER`] changes nothing.
    pub fn handle(&mut self, from: NodeId, message: FromMember<P, R>) -> Vec<SenderCommand<P, R>> {
        if message.largest_counter() > MAX_COUNTER {
            tracing::error!(%from, limit = MAX_COUNTER, "a member's counter is refused");
            return Vec::new();
        }
        match message {
            FromMember::Proposal {
                epoch,
                id,
                timestamp,
                is_final,
            } if self.is_in_force(epoch) => self.handle_proposal(from, id, timestamp, is_final),
            // Also while a view change is under way: results are not part of what sealed members report.
            FromMember::Delivered {
                epoch,
                id,
                timestamp,
                result,
            } if epoch == self.epoch => self.handle_delivered(from, id, timestamp, result),
            FromMember::Unknown { epoch, id } if self.is_in_force(epoch) => self.restate(from, id),
            FromMember::WantStable { epoch } if self.is_in_force(epoch) => {
                self.wanting.insert(from);
                self.answer_wanting()
            }
            FromMember::Sealed {
                epoch,
                clock,
                delivered,
                held,
            } => self.handle_sealed(from, epoch, clock, delivered, held),
            FromMember::WrongEpoch { offered, own } if own > offered && own > self.highest_epoch() => {
                vec![SenderCommand::Superseded { epoch: own }]
            }
            // Of an epoch that is over; its view change took care of it.
            _ => Vec::new(),
        }
    }

    /// Whether messages of this epoch may be sent.
    fn is_in_force(&self, epoch: Epoch) -> bool {
        epoch == self.epoch && !self.is_sealing()
    }

    fn highest_epoch(&self) -> Epoch {
        self.sealing.as_ref().map_or(self.epoch, |sealing| sealing.epoch)
    }

    pub(super) fn propose(&self, id: MessageId) -> Vec<SenderCommand<P, R>> {
        let Some(pending) = self.pending.get(&id) else {
            return Vec::new();
        };
        self.to_destinations(pending, |stable| ToMember::Propose {
            epoch: self.epoch,
            id,
            groups: pending.groups.clone(),
            payload: pending.payload.clone(),
            stable,
        })
    }

    fn handle_proposal(
        &mut self,
        from: NodeId,
        id: MessageId,
        timestamp: Timestamp,
        is_final: bool,
    ) -> Vec<SenderCommand<P, R>> {
        let Some(pending) = self.pending.get_mut(&id) else {
            return Vec::new();
        };
        if pending.final_timestamp.is_some() {
            return Vec::new();
        }
        pending.proposals.insert(from, timestamp);
        let members = members_of(&self.view, &pending.groups);
        pending.final_timestamp = if is_final {
            Some(timestamp)
        } else {
            pending.largest_of_all(&members)
        };
        let Some(timestamp) = pending.final_timestamp else {
            return Vec::new();
        };
        let Some(pending) = self.pending.get(&id) else {
            return Vec::new();
        };
        let epoch = self.epoch;
        self.to_destinations(pending, |stable| ToMember::Final {
            epoch,
            id,
            timestamp,
            stable,
        })
    }

    fn handle_delivered(
        &mut self,
        from: NodeId,
        id: MessageId,
        timestamp: Timestamp,
        result: R,
    ) -> Vec<SenderCommand<P, R>> {
        let watermark = self.delivered.entry(from).or_default();
        *watermark = timestamp.max(*watermark);
        let mut commands = self.record_result(from, id, result);
        commands.extend(self.complete(id));
        commands.extend(self.answer_wanting());
        commands
    }

    fn record_result(&mut self, from: NodeId, id: MessageId, result: R) -> Vec<SenderCommand<P, R>> {
        let Some(pending) = self.pending.get_mut(&id) else {
            return Vec::new();
        };
        let peers = group_of(&self.view, from).and_then(|group| self.view.get(&group));
        let first = peers
            .into_iter()
            .flatten()
            .find_map(|peer| pending.results.get(peer));
        let differs = first.is_some_and(|first| *first != result);
        pending.delivered.insert(from);
        pending.results.insert(from, result);
        let diverged = SenderCommand::Diverged { id, node: from };
        differs.then_some(diverged).into_iter().collect()
    }

    /// The command that ends the message, if every destination delivered it.
    pub(super) fn complete(&mut self, id: MessageId) -> Option<SenderCommand<P, R>> {
        let pending = self.pending.get(&id)?;
        if !pending.is_complete(&members_of(&self.view, &pending.groups)) {
            return None;
        }
        let mut results = BTreeMap::new();
        for (node, result) in self.pending.remove(&id)?.results {
            if let Some(group) = group_of(&self.view, node) {
                results.entry(group).or_insert(result);
            }
        }
        Some(SenderCommand::Completed { id, results })
    }

    /// The whole message again, with its final timestamp, to one member that does not hold it.
    pub(super) fn restate(&self, to: NodeId, id: MessageId) -> Vec<SenderCommand<P, R>> {
        let Some(pending) = self.pending.get(&id) else {
            return Vec::new();
        };
        let Some(timestamp) = pending.final_timestamp else {
            return Vec::new();
        };
        let (groups, payload) = (pending.groups.clone(), pending.payload.clone());
        let message = ToMember::Restate {
            epoch: self.epoch,
            id,
            groups,
            payload,
            timestamp,
        };
        vec![SenderCommand::Send { to, message }]
    }

    fn to_destinations(
        &self,
        pending: &Pending<P, R>,
        message: impl Fn(Timestamp) -> ToMember<P>,
    ) -> Vec<SenderCommand<P, R>> {
        let mut commands = Vec::new();
        for group in &pending.groups {
            let stable = self.stable(*group);
            for to in self.view.get(group).into_iter().flatten() {
                commands.push(SenderCommand::Send {
                    to: *to,
                    message: message(stable),
                });
            }
        }
        commands
    }
}

/// All members of all these groups.
pub(super) fn members_of(view: &View, groups: &[GroupId]) -> BTreeSet<NodeId> {
    groups
        .iter()
        .filter_map(|group| view.get(group))
        .flatten()
        .copied()
        .collect()
}

pub(super) fn group_of(view: &View, node: NodeId) -> Option<GroupId> {
    view.iter()
        .find(|(_, members)| members.contains(&node))
        .map(|(group, _)| *group)
}

#[cfg(test)]
mod tests;
