//! The second phase at a member: a final timestamp puts the message in its place, and whatever is final at the
//! head of the queue is delivered (rule 2).
//!
//! Invariant: an entry of the queue and its message change together, so that the queue is always in the order
//! of the current timestamps.

use super::{Member, MemberCommand, Queued, Unstable};
use crate::{
    id::{GroupId, MessageId, Timestamp},
    skeen::message::FromMember,
};

#[cfg(test)]
use super::Defect;

impl<P: Clone, R: Clone> Member<P, R> {
    /// Rule 2: raise the clock, move the message to its final place, deliver what is final at the head.
    pub(super) fn handle_final(&mut self, id: MessageId, timestamp: Timestamp) -> Vec<MemberCommand<P, R>> {
        if self
            .unstable
            .get(&timestamp)
            .is_some_and(|message| message.id == id)
        {
            return self.repeat_delivered(timestamp);
        }
        let Some(message) = self.messages.get_mut(&id) else {
            // Nothing to put in order: say so instead of queueing what could never be delivered.
            return vec![MemberCommand::Send(FromMember::Unknown {
                epoch: self.epoch,
                id,
            })];
        };
        self.queue.remove(&(message.timestamp, id));
        self.queue.insert((timestamp, id), ());
        message.timestamp = timestamp;
        message.is_final = true;
        self.bump_clock(timestamp);
        let mut commands = Vec::new();
        #[cfg(test)]
        commands.extend(self.acknowledge_on_receipt(id, timestamp));
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

    pub(super) fn handle_restate(
        &mut self,
        id: MessageId,
        groups: Vec<GroupId>,
        payload: P,
        timestamp: Timestamp,
    ) -> Vec<MemberCommand<P, R>> {
        if timestamp <= self.delivered {
            return self.repeat_delivered(timestamp);
        }
        self.messages.entry(id).or_insert_with(|| {
            self.queue.insert((timestamp, id), ());
            Queued {
                groups,
                payload,
                timestamp,
                is_final: false,
            }
        });
        self.handle_final(id, timestamp)
    }

    /// The same answer as at the delivery, as long as the message is not known to be stable.
    fn repeat_delivered(&self, timestamp: Timestamp) -> Vec<MemberCommand<P, R>> {
        let message = self.unstable.get(&timestamp);
        let result = message.and_then(|message| Some((message.id, message.result.clone()?)));
        result.map_or(Vec::new(), |(id, result)| {
            vec![MemberCommand::Send(FromMember::Delivered {
                epoch: self.epoch,
                id,
                timestamp,
                result,
            })]
        })
    }

    fn deliver_final_heads(&mut self) -> Vec<MemberCommand<P, R>> {
        let mut commands = Vec::new();
        while let Some((&(timestamp, id), ())) = self.queue.first_key_value() {
            if !self.messages.get(&id).is_some_and(|message| message.is_final) {
                break;
            }
            self.queue.pop_first();
            let Some(message) = self.messages.remove(&id) else {
                break;
            };
            self.delivered = timestamp;
            commands.push(MemberCommand::Deliver {
                id,
                timestamp,
                payload: message.payload.clone(),
            });
            let Queued { groups, payload, .. } = message;
            self.unstable.insert(
                timestamp,
                Unstable {
                    id,
                    groups,
                    payload,
                    result: None,
                },
            );
        }
        commands
    }

    pub(super) fn raise_stable(&mut self, watermark: Timestamp) {
        if watermark > self.stable {
            self.stable = watermark;
            self.unstable = self.unstable.split_off(&watermark);
            self.unstable.remove(&watermark);
        }
    }
}
