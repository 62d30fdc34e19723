//! A member: queues what is proposed to it, and delivers in the order of final timestamps.
//!
//! Invariants: every undelivered message stands in the queue exactly once, under its current timestamp;
//! only the head is delivered, and only when it is final; delivered timestamps rise; no proposal is ever at
//! or below a timestamp that was final or delivered here; only `Seal` raises the epoch.

use std::collections::BTreeMap;

use super::{
    clock::{LamportClock, MAX_COUNTER},
    message::{FromMember, ToMember},
};
use crate::id::{Epoch, GroupId, MessageId, NodeId, Timestamp};

#[cfg(test)]
mod defect;
mod deliver;
mod seal;

#[cfg(test)]
pub(crate) use defect::Defect;

/// What the owner of a member is to do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberCommand<P, R> {
    /// Send this to the sender it came from.
    Send(FromMember<P, R>),
    /// Apply the payload now and report the result with [`Member::delivered_with`].
    Deliver {
        /// The message.
        id: MessageId,
        /// Its final timestamp.
        timestamp: Timestamp,
        /// What to apply.
        payload: P,
    },
}

/// A message that was proposed and is not delivered.
#[derive(Clone, Debug)]
struct Queued<P> {
    groups: Vec<GroupId>,
    payload: P,
    timestamp: Timestamp,
    is_final: bool,
}

/// A delivered message that is not known to be stable.
#[derive(Clone, Debug)]
struct Unstable<P, R> {
    id: MessageId,
    groups: Vec<GroupId>,
    payload: P,
    /// Set as soon as the owner reports it.
    result: Option<R>,
}

/// The state of one member. `P` is the payload, `R` the result of applying it.
#[derive(Clone, Debug)]
pub struct Member<P, R> {
    node: NodeId,
    epoch: Epoch,
    /// Sealed and waiting for the view of `epoch`.
    sealed: bool,
    clock: LamportClock,
    messages: BTreeMap<MessageId, Queued<P>>,
    queue: BTreeMap<(Timestamp, MessageId), ()>,
    unstable: BTreeMap<Timestamp, Unstable<P, R>>,
    delivered: Timestamp,
    stable: Timestamp,
    #[cfg(test)]
    defect: Defect,
    #[cfg(test)]
    made_up_result: Option<R>,
}

impl<P: Clone, R: Clone> Member<P, R> {
    /// A member that holds the state of no message yet.
    pub fn new(node: NodeId) -> Self {
        Self::restored(node, Timestamp::default(), 0)
    }

    /// A member whose state, copied from another one, includes every message up to `watermark`. The clock
    /// goes on from the donor's, never from zero.
    pub fn restored(node: NodeId, watermark: Timestamp, clock: u64) -> Self {
        Self {
            node,
            epoch: Epoch::default(),
            sealed: true,
            clock: LamportClock::at(clock.max(watermark.counter)),
            messages: BTreeMap::new(),
            queue: BTreeMap::new(),
            unstable: BTreeMap::new(),
            delivered: watermark,
            stable: watermark,
            #[cfg(test)]
            defect: Defect::None,
            #[cfg(test)]
            made_up_result: None,
        }
    }

    /// The epoch it takes part in.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The last delivered timestamp.
    pub fn delivered(&self) -> Timestamp {
        self.delivered
    }

    /// The last timestamp known to be delivered at every active member.
    pub fn stable(&self) -> Timestamp {
        self.stable
    }

    /// The Lamport clock's counter.
    pub fn clock(&self) -> u64 {
        self.clock.counter()
    }

    /// Whether every message that was proposed here is delivered.
    pub fn is_idle(&self) -> bool {
        self.messages.is_empty()
    }

    /// Takes one message of a sender. One that names a counter above [`MAX_COUNTER`] changes nothing and is
    /// not answered: rather than an order that could not be continued, there is none.
    pub fn handle(&mut self, message: ToMember<P>) -> Vec<MemberCommand<P, R>> {
        if let ToMember::Seal { epoch } = message {
            return self.handle_seal(epoch);
        }
        if let Some(refusal) = self.refusal(message.epoch(), matches!(message, ToMember::View { .. })) {
            return vec![refusal];
        }
        if message.largest_counter() > MAX_COUNTER {
            tracing::error!(node = %self.node, limit = MAX_COUNTER, "a sender's counter is refused");
            return Vec::new();
        }
        match message {
            ToMember::Propose {
                id,
                groups,
                payload,
                stable,
                ..
            } => {
                self.raise_stable(stable);
                vec![self.handle_propose(id, groups, payload)]
            }
            ToMember::Final {
                id,
                timestamp,
                stable,
                ..
            } => {
                self.raise_stable(stable);
                self.handle_final(id, timestamp)
            }
            ToMember::Restate {
                id,
                groups,
                payload,
                timestamp,
                ..
            } => self.handle_restate(id, groups, payload, timestamp),
            ToMember::Stable { watermark, .. } => {
                self.raise_stable(watermark);
                Vec::new()
            }
            ToMember::View { clock, .. } => {
                self.sealed = false;
                self.clock.raise_to(clock);
                Vec::new()
            }
            ToMember::Seal { .. } => Vec::new(), // handled above
        }
    }

    /// The owner applied the payload of the message delivered at `timestamp`.
    pub fn delivered_with(&mut self, timestamp: Timestamp, result: R) -> Vec<MemberCommand<P, R>> {
        let Some(message) = self.unstable.get_mut(&timestamp) else {
            return Vec::new();
        };
        message.result = Some(result.clone());
        vec![MemberCommand::Send(FromMember::Delivered {
            epoch: self.epoch,
            id: message.id,
            timestamp,
            result,
        })]
    }

    /// A read waits for what was delivered but is not known to be stable: ask for the watermark.
    pub fn want_stable(&self) -> FromMember<P, R> {
        FromMember::WantStable { epoch: self.epoch }
    }

    /// Why a message of `epoch` may not be taken, if so (rule 4: it says its own epoch).
    fn refusal(&self, epoch: Epoch, is_view: bool) -> Option<MemberCommand<P, R>> {
        #[cfg(test)]
        if self.defect == Defect::NoEpochCheck {
            return None;
        }
        let fits = epoch == self.epoch && self.sealed == is_view;
        (!fits).then_some(MemberCommand::Send(FromMember::WrongEpoch {
            offered: epoch,
            own: self.epoch,
        }))
    }

    /// Rule 1: a tick of the clock; the same answer when repeated; the final timestamp once it is known.
    fn handle_propose(&mut self, id: MessageId, groups: Vec<GroupId>, payload: P) -> MemberCommand<P, R> {
        let known = self
            .messages
            .get(&id)
            .map(|queued| (queued.timestamp, queued.is_final));
        let delivered = || {
            self.unstable
                .iter()
                .find(|(_, m)| m.id == id)
                .map(|(t, _)| (*t, true))
        };
        let (timestamp, is_final) = known.or_else(delivered).unwrap_or_else(|| {
            let timestamp = self.next_proposal();
            self.queue.insert((timestamp, id), ());
            self.messages.insert(
                id,
                Queued {
                    groups,
                    payload,
                    timestamp,
                    is_final: false,
                },
            );
            (timestamp, false)
        });
        MemberCommand::Send(FromMember::Proposal {
            epoch: self.epoch,
            id,
            timestamp,
            is_final,
        })
    }

    fn next_proposal(&mut self) -> Timestamp {
        #[cfg(test)]
        if self.defect == Defect::NoTieBreak {
            return self.clock.tick(NodeId(0));
        }
        self.clock.tick(self.node)
    }
}

#[cfg(test)]
mod tests;
