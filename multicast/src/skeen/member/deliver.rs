//! The second phase at a member: a final timestamp puts the message in its place, and whatever is final at the
//! head of the queue is delivered (rule 2).
//!
//! Invariant: an entry of the queue and its message change together, so that the queue is always in the order
//! of the current timestamps.

use super::{Member, MemberCommand, Outcome, Queued, Unstable, send};
use crate::{
    id::{GroupId, Incarnation, MessageId, Timestamp},
    skeen::message::FromMember,
};

#[cfg(test)]
use super::Defect;

impl<P: Clone, R: Clone> Member<P, R> {
    /// Rule 2: raise the clock, move the message to its final place, deliver what is final at the head.
    pub(super) fn handle_final(
        &mut self,
        from: Incarnation,
        id: MessageId,
        timestamp: Timestamp,
    ) -> Vec<MemberCommand<P, R>> {
        let delivered = self.unstable.get(&timestamp);
        if delivered.is_some_and(|message| message.id == id) {
            return self.repeat_delivered(from, timestamp, id);
        }
        let Some(message) = self.messages.get_mut(&id) else {
            // Nothing to put in order: say so instead of queueing what could never be delivered.
            let epoch = self.epoch;
            return vec![send(from, FromMember::Unknown { epoch, id })];
        };
        self.queue.remove(&(message.timestamp, id));
        self.queue.insert((timestamp, id));
        message.timestamp = timestamp;
        message.is_final = true;
        self.bump_clock(timestamp);
        let mut commands = Vec::new();
        #[cfg(test)]
        commands.extend(self.acknowledge_on_receipt(from, id, timestamp));
        commands.extend(self.hold_instead(from, id, timestamp));
        commands.extend(self.deliver_final_heads());
        commands
    }

    fn bump_clock(&mut self, timestamp: Timestamp) {
        #[cfg(test)]
        if self.defect == Defect::NoClockBumpOnFinal {
            return;
        }
        self.clock.raise_to(timestamp.counter);
    }

    /// A message that just became final waits for the state, or is part of it already: what the joiner says instead
    /// of `Delivered`. From then on nobody needs to remember the message on its behalf.
    fn hold_instead(
        &mut self,
        from: Incarnation,
        id: MessageId,
        timestamp: Timestamp,
    ) -> Option<MemberCommand<P, R>> {
        let is_included = self.included.map(|included| timestamp <= included);
        if is_included == Some(false) {
            return None;
        }
        if is_included == Some(true) {
            self.messages.remove(&id);
            self.queue.remove(&(timestamp, id));
        }
        let epoch = self.epoch;
        Some(send(from, FromMember::Holding { epoch, id }))
    }

    pub(super) fn handle_restate(
        &mut self,
        from: Incarnation,
        id: MessageId,
        groups: Vec<GroupId>,
        payload: P,
        timestamp: Timestamp,
    ) -> Vec<MemberCommand<P, R>> {
        if timestamp <= self.delivered {
            return match self.late(id) {
                Some(offer) => {
                    self.late.insert(id);
                    self.handle_final(from, id, offer)
                }
                None => self.repeat_delivered(from, timestamp, id),
            };
        }
        self.messages.entry(id).or_insert_with(|| {
            self.queue.insert((timestamp, id));
            Queued {
                groups,
                payload,
                timestamp,
                is_final: false,
                keeper: from,
            }
        });
        self.handle_final(from, id, timestamp)
    }

    /// What this member offered for a message that others finished without its group, which was lost meanwhile:
    /// its place among the others' messages is passed, so it takes the place that it was offered.
    fn late(&self, id: MessageId) -> Option<Timestamp> {
        self.messages.get(&id).map(|message| message.timestamp)
    }

    /// The same answer as at the delivery, as long as the message is not known to be stable; nothing, while its
    /// result is awaited.
    fn repeat_delivered(
        &self,
        from: Incarnation,
        timestamp: Timestamp,
        id: MessageId,
    ) -> Vec<MemberCommand<P, R>> {
        let epoch = self.epoch;
        let delivered = self.unstable.get(&timestamp).filter(|message| message.id == id);
        let answer = match delivered.map(|message| &message.outcome) {
            Some(Outcome::Awaited) => return Vec::new(),
            Some(Outcome::Known(result)) => FromMember::Delivered {
                epoch,
                id,
                timestamp,
                result: result.clone(),
            },
            Some(Outcome::PutOff | Outcome::Included) | None => FromMember::Holding { epoch, id },
        };
        vec![send(from, answer)]
    }

    pub(super) fn deliver_final_heads(&mut self) -> Vec<MemberCommand<P, R>> {
        let mut commands = Vec::new();
        if !self.is_installed() {
            return commands;
        }
        while let Some((timestamp, id)) = self.queue.first().copied() {
            if !self.messages.get(&id).is_some_and(|message| message.is_final) {
                break;
            }
            self.queue.pop_first();
            let Some(message) = self.messages.remove(&id) else {
                break;
            };
            self.delivered = timestamp;
            self.late.remove(&id);
            commands.push(MemberCommand::Deliver {
                id,
                timestamp,
                payload: message.payload.clone(),
            });
            let Queued {
                groups,
                payload,
                keeper,
                ..
            } = message;
            let outcome = Outcome::Awaited;
            self.unstable.insert(
                timestamp,
                Unstable {
                    id,
                    groups,
                    payload,
                    outcome,
                    keeper,
                },
            );
        }
        commands
    }

    /// A keeper's watermark covers what it keeps and nothing else: a message of another one below it may be
    /// unfinished in another group.
    pub(super) fn forget_stable(&mut self, keeper: Incarnation, watermark: Timestamp) {
        let up_to = self.unstable.range(..=watermark);
        let kept = up_to.filter(|(_, message)| self.is_kept_by(keeper, message.keeper));
        let stable: Vec<Timestamp> = kept.map(|(timestamp, _)| *timestamp).collect();
        for timestamp in stable {
            self.unstable.remove(&timestamp);
        }
    }

    /// Whether the sender keeps anything here: if it is gone for good, none of that goes on before the next view. Nothing
    /// is kept by anybody while a view change is under way.
    pub fn waits_for(&self, keeper: Incarnation) -> bool {
        let queued = self.messages.values().map(|message| message.keeper);
        let unstable = self.unstable.values().map(|message| message.keeper);
        !self.sealed && queued.chain(unstable).any(|other| other == keeper)
    }

    fn is_kept_by(&self, sender: Incarnation, keeper: Incarnation) -> bool {
        #[cfg(test)]
        if self.defect == Defect::ForgetForAll {
            return true;
        }
        sender == keeper
    }
}
