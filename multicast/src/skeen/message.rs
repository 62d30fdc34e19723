//! What senders and members of the atomic multicast tell each other.
//!
//! ```text
//! sender -> member  Propose            member -> sender  Proposal
//! sender -> member  Final              member -> sender  Delivered (a joining one: Holding)
//! sender -> member  Stable             member -> sender  WantStable
//! owner  -> member  Order              member -> owner   Delivered (a joining one: Holding)
//!
//! owner  -> member  Seal               member -> owner   Sealed
//! owner  -> member  Restate, View      member -> senders InView
//! ```

use serde::{Deserialize, Serialize};

use crate::id::{Epoch, GroupId, MessageId, Timestamp};

/// From the sender to a member; `P` is the payload. Every message carries the epoch it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ToMember<P> {
    /// First phase: offer a timestamp for this message. Repeating it is harmless.
    Propose {
        /// The epoch.
        epoch: Epoch,
        /// The message.
        id: MessageId,
        /// All groups it is addressed to, ascending.
        groups: Vec<GroupId>,
        /// What to deliver.
        payload: P,
        /// What the sender keeps in the receiver's group is stable up to here.
        stable: Timestamp,
    },
    /// Second phase: the message's place in the order, the largest of all proposals.
    Final {
        /// The epoch.
        epoch: Epoch,
        /// The message.
        id: MessageId,
        /// Its final timestamp.
        timestamp: Timestamp,
        /// What the sender keeps in the receiver's group is stable up to here.
        stable: Timestamp,
    },
    /// A final message told anew to a member that may not hold it. After a view change all of them come before
    /// `View`: what other senders order in the new epoch must not overtake them.
    Restate {
        /// The new epoch.
        epoch: Epoch,
        /// The message.
        id: MessageId,
        /// All groups it is addressed to, ascending.
        groups: Vec<GroupId>,
        /// What to deliver.
        payload: P,
        /// Its final timestamp.
        timestamp: Timestamp,
    },
    /// Everything up to the watermark that the sender keeps is stable.
    Stable {
        /// The epoch.
        epoch: Epoch,
        /// The watermark of the receiver's group.
        watermark: Timestamp,
    },
    /// Stop taking part in older epochs and report what is held. The only message that raises the epoch.
    Seal {
        /// The new epoch.
        epoch: Epoch,
    },
    /// The new epoch begins: what follows belongs to it.
    View {
        /// The new epoch.
        epoch: Epoch,
        /// The largest clock of all its members: nobody proposes below it.
        clock: u64,
    },
    /// Both phases at once, where one sender numbers all messages: the message with its final timestamp. A member
    /// that misses an earlier one leaves it: whoever sent both tells them again when it learns that their link broke.
    Order {
        /// The epoch.
        epoch: Epoch,
        /// The message.
        id: MessageId,
        /// All groups it is addressed to, ascending.
        groups: Vec<GroupId>,
        /// What to deliver.
        payload: P,
        /// Its final timestamp.
        timestamp: Timestamp,
        /// The last one before it that was ordered in the receiver's group in this epoch; zero for the first.
        after: Timestamp,
        /// What the sender keeps in the receiver's group is stable up to here.
        stable: Timestamp,
    },
}

impl<P> ToMember<P> {
    /// The epoch that the message belongs to.
    pub fn epoch(&self) -> Epoch {
        match self {
            Self::Propose { epoch, .. }
            | Self::Final { epoch, .. }
            | Self::Restate { epoch, .. }
            | Self::Stable { epoch, .. }
            | Self::Seal { epoch }
            | Self::View { epoch, .. }
            | Self::Order { epoch, .. } => *epoch,
        }
    }

    /// The largest counter that the message names; zero if it names none.
    pub(crate) fn largest_counter(&self) -> u64 {
        match self {
            Self::Propose { stable, .. } => stable.counter,
            Self::Final {
                timestamp, stable, ..
            } => timestamp.counter.max(stable.counter),
            Self::Restate { timestamp, .. } => timestamp.counter,
            Self::Stable { watermark, .. } => watermark.counter,
            Self::View { clock, .. } => *clock,
            Self::Order {
                timestamp,
                after,
                stable,
                ..
            } => timestamp.max(after).max(stable).counter,
            Self::Seal { .. } => 0,
        }
    }
}

/// From a member to the sender; `P` is the payload, `R` the result of delivering it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FromMember<P, R> {
    /// The answer to `Propose`.
    Proposal {
        /// The epoch.
        epoch: Epoch,
        /// The message.
        id: MessageId,
        /// The member's offer, or the final timestamp if the member knows it already.
        timestamp: Timestamp,
        /// Whether the timestamp is final.
        is_final: bool,
    },
    /// The message was delivered here, after everything before it.
    Delivered {
        /// The epoch.
        epoch: Epoch,
        /// The message.
        id: MessageId,
        /// Its final timestamp.
        timestamp: Timestamp,
        /// What delivering it gave; the same at every member of a group.
        result: R,
    },
    /// A joining member has the message with its final timestamp, or a state that includes it; it counts from
    /// then on, although nothing is delivered before the state is there.
    Holding {
        /// The epoch.
        epoch: Epoch,
        /// The message.
        id: MessageId,
    },
    /// The answer to `Seal`: everything a takeover needs to know of this member.
    Sealed {
        /// The new epoch.
        epoch: Epoch,
        /// The member's Lamport clock.
        clock: u64,
        /// The last delivered timestamp.
        delivered: Timestamp,
        /// Undelivered messages, and delivered ones that are not known to be stable, by id.
        held: Vec<Held<P>>,
    },
    /// The message came from an epoch that is not this member's.
    WrongEpoch {
        /// What was offered.
        offered: Epoch,
        /// The member's own.
        own: Epoch,
    },
    /// A `Final` named a message that this member does not hold.
    Unknown {
        /// The epoch.
        epoch: Epoch,
        /// The message.
        id: MessageId,
    },
    /// A read waits here for the stable watermark of what the receiver keeps.
    WantStable {
        /// The epoch.
        epoch: Epoch,
    },
    /// The member takes part in this epoch: it takes messages of every sender that follows the same view. Said to
    /// all when the epoch begins, and to one whose link comes up later.
    InView {
        /// The epoch.
        epoch: Epoch,
    },
}

impl<P, R> FromMember<P, R> {
    /// The largest counter that the message names; zero if it names none.
    pub(crate) fn largest_counter(&self) -> u64 {
        match self {
            Self::Proposal { timestamp, .. } | Self::Delivered { timestamp, .. } => timestamp.counter,
            Self::Sealed {
                clock,
                delivered,
                held,
                ..
            } => {
                let held = held.iter().map(|held| held.standing.timestamp().counter);
                held.fold((*clock).max(delivered.counter), u64::max)
            }
            Self::Holding { .. }
            | Self::WrongEpoch { .. }
            | Self::Unknown { .. }
            | Self::WantStable { .. }
            | Self::InView { .. } => 0,
        }
    }
}

/// One message as a sealed member holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Held<P> {
    /// The message.
    pub id: MessageId,
    /// All groups it is addressed to, ascending.
    pub groups: Vec<GroupId>,
    /// What to deliver.
    pub payload: P,
    /// How far it got here.
    pub standing: Standing,
}

/// The three states of a message at a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Standing {
    /// Proposed here with this timestamp.
    Tentative(Timestamp),
    /// Its final timestamp is known here.
    Final(Timestamp),
    /// It was delivered here at this timestamp.
    Delivered(Timestamp),
}

impl Standing {
    /// The timestamp, whatever it is.
    fn timestamp(self) -> Timestamp {
        let (Self::Tentative(timestamp) | Self::Final(timestamp) | Self::Delivered(timestamp)) = self;
        timestamp
    }

    /// The final timestamp, where it is known.
    pub fn final_timestamp(self) -> Option<Timestamp> {
        match self {
            Self::Tentative(_) => None,
            Self::Final(timestamp) | Self::Delivered(timestamp) => Some(timestamp),
        }
    }
}
