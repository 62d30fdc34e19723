//! The two rounds of one message: offers, the final timestamp, deliveries (rules 2 and 3).

use std::collections::BTreeMap;

use super::{Sender, SenderCommand};
use crate::{
    id::{MessageId, NodeId, Timestamp},
    skeen::{message::ToMember, pending::Pending},
};

impl<P: Clone, R: Clone + PartialEq> Sender<P, R> {
    /// The first round of the message, or its only one; nothing where its destinations have no members.
    pub(in crate::skeen) fn propose(&mut self, id: MessageId) -> Vec<SenderCommand<P, R>> {
        if self.numbers.is_some() {
            return self.order(id);
        }
        if let Some(pending) = self.pending.get_mut(&id) {
            pending.is_proposed = true;
        }
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

    pub(super) fn handle_proposal(
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
        let voters = self.view.voters_of(&pending.groups);
        pending.final_timestamp = if is_final {
            Some(timestamp)
        } else {
            pending.largest_of_all(&voters)
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

    pub(super) fn handle_delivered(
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

    /// A joining member holds the message for good. An active one may say so of a message that it delivered
    /// before it was asked; only its own `Delivered` counts.
    pub(super) fn handle_holding(&mut self, from: NodeId, id: MessageId) -> Vec<SenderCommand<P, R>> {
        if !self.view.is_joining(from) {
            return Vec::new();
        }
        if let Some(pending) = self.pending.get_mut(&id) {
            pending.delivered.insert(from);
        }
        let mut commands: Vec<_> = self.complete(id).into_iter().collect();
        commands.extend(self.answer_wanting());
        commands
    }

    fn record_result(&mut self, from: NodeId, id: MessageId, result: R) -> Vec<SenderCommand<P, R>> {
        let Some(pending) = self.pending.get_mut(&id) else {
            return Vec::new();
        };
        let group = self.view.group_of(from);
        let first = group.and_then(|group| {
            let mut peers = self.view.active(group);
            peers.find_map(|peer| pending.results.get(&peer))
        });
        let differs = first.is_some_and(|first| *first != result);
        pending.delivered.insert(from);
        if !self.view.is_joining(from) {
            pending.results.insert(from, result);
        }
        let diverged = SenderCommand::Diverged { id, node: from };
        differs.then_some(diverged).into_iter().collect()
    }

    /// The command that ends the message, if every destination delivered it.
    pub(in crate::skeen) fn complete(&mut self, id: MessageId) -> Option<SenderCommand<P, R>> {
        let pending = self.pending.get(&id)?;
        if !pending.is_complete(&self.view.voters_of(&pending.groups)) {
            return None;
        }
        let mut results = BTreeMap::new();
        for (node, result) in self.pending.remove(&id)?.results {
            if let Some(group) = self.view.group_of(node) {
                results.entry(group).or_insert(result);
            }
        }
        Some(SenderCommand::Completed { id, results })
    }

    /// The whole message again, with its final timestamp, to one member that does not hold it.
    pub(in crate::skeen) fn restate(&self, to: NodeId, id: MessageId) -> Vec<SenderCommand<P, R>> {
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
            let send = |to| SenderCommand::Send {
                to,
                message: message(stable),
            };
            commands.extend(self.view.voters(*group).map(send));
        }
        commands
    }
}
