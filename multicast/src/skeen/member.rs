//! A member: queues what is proposed to it, and delivers in the order of final timestamps.
//!
//! Any number of senders propose; each message has a *keeper*, who is told what becomes of it and who says when
//! it is stable: the sender that proposed it in this epoch, and for everything older whoever sealed the member.
//! Invariants: every undelivered message stands in the queue exactly once, under its current timestamp;
//! only the head is delivered, and only when it is final; delivered timestamps rise; no proposal is ever at
//! or below a timestamp that was final or delivered here; only `Seal` raises the epoch; nothing is delivered
//! before there is a state to apply it to.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    clock::{LamportClock, MAX_COUNTER},
    message::{FromMember, ToMember},
};
use crate::id::{Epoch, GroupId, Incarnation, MessageId, NodeId, Timestamp};

#[cfg(test)]
mod defect;
mod deliver;
mod join;
mod order;
mod propose;
mod reads;
mod seal;

#[cfg(test)]
pub(crate) use defect::Defect;

/// What the owner of a member is to do, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MemberCommand<P, R> {
    /// Send this to a sender.
    Send {
        /// To which life of a manager.
        to: Incarnation,
        /// What.
        message: FromMember<P, R>,
    },
    /// Send this to every sender whose link is up.
    Announce(FromMember<P, R>),
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Queued<P> {
    groups: Vec<GroupId>,
    payload: P,
    timestamp: Timestamp,
    is_final: bool,
    keeper: Incarnation,
}

/// A delivered message that is not known to be stable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Unstable<P, R> {
    id: MessageId,
    groups: Vec<GroupId>,
    payload: P,
    outcome: Outcome<R>,
    keeper: Incarnation,
}

/// What delivering a message gave.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Outcome<R> {
    /// The owner has not reported it yet.
    Awaited,
    /// The owner reports it later, behind what it has still to catch up with.
    PutOff,
    /// The owner reported it.
    Known(R),
    /// The installed state includes it; the donor reported it.
    Included,
}

/// The state of one member. `P` is the payload, `R` the result of applying it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member<P, R> {
    node: NodeId,
    epoch: Epoch,
    /// Sealed and waiting for the view of `epoch`.
    sealed: bool,
    clock: LamportClock,
    messages: BTreeMap<MessageId, Queued<P>>,
    queue: BTreeSet<(Timestamp, MessageId)>,
    unstable: BTreeMap<Timestamp, Unstable<P, R>>,
    delivered: Timestamp,
    /// Up to here messages are part of the state that was installed; none, while there is no state.
    included: Option<Timestamp>,
    /// Final messages that are not at the place that the others gave them ([`deliver`]): no snapshot could say so.
    late: BTreeSet<MessageId>,
    /// A read waits until everything up to here is stable.
    wanted: Timestamp,
    #[cfg(test)]
    defect: Defect,
    #[cfg(test)]
    made_up_result: Option<R>,
}

impl<P: Clone, R: Clone> Member<P, R> {
    /// A founding member: its group never had a message.
    pub fn new(node: NodeId) -> Self {
        Self::restored(node, Timestamp::default(), 0)
    }

    /// A member whose state, copied from another one, includes every message up to `watermark`. The clock
    /// goes on from the donor's, never from zero. Only for a group in which no sender had a message under way
    /// from the copy to the view that admits it; [`Member::joining`] needs no such pause.
    pub fn restored(node: NodeId, watermark: Timestamp, clock: u64) -> Self {
        Self {
            clock: LamportClock::at(clock.max(watermark.counter)),
            delivered: watermark,
            included: Some(watermark),
            ..Self::joining(node)
        }
    }

    /// A member without a state: it votes and holds messages at once, and delivers nothing before
    /// [`Member::install`]. One for each view that admits the node anew: a transfer that is repeated within the
    /// view goes on with the same one, which would otherwise forget what it voted for.
    pub fn joining(node: NodeId) -> Self {
        Self {
            node,
            epoch: Epoch::default(),
            sealed: true,
            clock: LamportClock::default(),
            messages: BTreeMap::new(),
            queue: BTreeSet::new(),
            unstable: BTreeMap::new(),
            delivered: Timestamp::default(),
            included: None,
            late: BTreeSet::new(),
            wanted: Timestamp::default(),
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

    /// Everything up to here was delivered here and is known to be delivered at every active member.
    pub fn stable(&self) -> Timestamp {
        let first = self.unstable.first_key_value();
        first.map_or(self.delivered, |(timestamp, _)| timestamp.just_below())
    }

    /// The Lamport clock's counter.
    pub fn clock(&self) -> u64 {
        self.clock.counter()
    }

    /// Whether every message that was proposed here is delivered.
    pub fn is_idle(&self) -> bool {
        self.messages.is_empty()
    }

    /// Takes one message of the sender with this life. One that names a counter above [`MAX_COUNTER`] changes
    /// nothing and is not answered: rather than an order that could not be continued, there is none.
    pub fn handle(&mut self, from: Incarnation, message: ToMember<P>) -> Vec<MemberCommand<P, R>> {
        if let ToMember::Seal { epoch } = message {
            return self.handle_seal(from, epoch);
        }
        if let Some(refusal) = self.refusal(&message) {
            return vec![send(from, refusal)];
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
                self.forget_stable(from, stable);
                vec![self.handle_propose(from, id, groups, payload)]
            }
            ToMember::Final {
                id,
                timestamp,
                stable,
                ..
            } => {
                self.forget_stable(from, stable);
                self.handle_final(from, id, timestamp)
            }
            ToMember::Restate {
                id,
                groups,
                payload,
                timestamp,
                ..
            } => self.handle_restate(from, id, groups, payload, timestamp),
            ToMember::Stable { watermark, .. } => {
                self.forget_stable(from, watermark);
                Vec::new()
            }
            ToMember::View { clock, .. } => self.handle_view(from, clock),
            ToMember::Order {
                id,
                groups,
                payload,
                timestamp,
                after,
                stable,
                ..
            } => {
                self.forget_stable(from, stable);
                let is_next = self.knows_up_to(after);
                let taken = is_next.then(|| self.handle_restate(from, id, groups, payload, timestamp));
                taken.unwrap_or_default()
            }
            ToMember::Seal { .. } => Vec::new(), // handled above
        }
    }

    /// The owner applied the payload of the message delivered at `timestamp`.
    pub fn delivered_with(&mut self, timestamp: Timestamp, result: R) -> Vec<MemberCommand<P, R>> {
        let Some(message) = self.unstable.get_mut(&timestamp) else {
            return Vec::new();
        };
        message.outcome = Outcome::Known(result.clone());
        let (keeper, id, epoch) = (message.keeper, message.id, self.epoch);
        vec![send(
            keeper,
            FromMember::Delivered {
                epoch,
                id,
                timestamp,
                result,
            },
        )]
    }

    /// The owner keeps the message delivered at `timestamp` and applies it later, behind what it has still to catch up
    /// with. As long as this member is joining, it counts as one that holds the message: nobody waits for its result.
    pub fn put_off(&mut self, timestamp: Timestamp) -> Option<MemberCommand<P, R>> {
        let message = self.unstable.get_mut(&timestamp)?;
        if matches!(message.outcome, Outcome::Awaited) {
            message.outcome = Outcome::PutOff;
        }
        let (epoch, id) = (self.epoch, message.id);
        Some(send(message.keeper, FromMember::Holding { epoch, id }))
    }

    /// Why a message may not be taken, if so (rule 4: it says its own epoch). Between `Seal` and `View` only what
    /// completes the older epochs is taken.
    fn refusal(&self, message: &ToMember<P>) -> Option<FromMember<P, R>> {
        #[cfg(test)]
        if self.defect == Defect::NoEpochCheck {
            return None;
        }
        let fits = match message {
            ToMember::View { .. } => self.sealed,
            ToMember::Restate { .. } => true,
            _ => !self.sealed,
        };
        let fits = fits && message.epoch() == self.epoch;
        (!fits).then_some(FromMember::WrongEpoch {
            offered: message.epoch(),
            own: self.epoch,
        })
    }
}

fn send<P, R>(to: Incarnation, message: FromMember<P, R>) -> MemberCommand<P, R> {
    MemberCommand::Send { to, message }
}

#[cfg(test)]
mod tests;
