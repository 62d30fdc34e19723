//! A sender: gives every message of its own one place in the order, and knows when all have delivered it.
//!
//! Rule 2: the final timestamp is the largest proposal over all voters of all addressed groups. Rule 3: a
//! message is complete when every active member has *delivered* it, not when it received `Final`.
//! One sender owns the view and changes it ([`Sender::seal`]); the others follow it ([`Sender::follow`]).
//! Invariants: nothing is sent to a node outside the destinations; between [`Sender::seal`] and the last
//! `Sealed` nothing but `Seal` is sent; a follower proposes only to members that take part in its epoch.

use std::collections::{BTreeMap, BTreeSet};

pub use super::view::View;
use super::{
    clock::MAX_COUNTER,
    message::FromMember,
    pending::Pending,
    sequencer::{Numbers, OrderedBy},
    view_change::Sealing,
};
use crate::id::{Epoch, GroupId, Incarnation, MessageId, NodeId, Seq, Timestamp};

mod command;
mod follow;
mod order;
mod rounds;

pub use command::SenderCommand;

/// What a sender may do about the view in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    /// It installed the view, and keeps whatever is older.
    Owner,
    /// Another sender did.
    Follower,
}

/// The state of one sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sender<P, R> {
    id: Incarnation,
    next: Seq,
    role: Role,
    pub(super) epoch: Epoch,
    pub(super) view: View,
    pub(super) pending: BTreeMap<MessageId, Pending<P, R>>,
    /// The last timestamp each member is known to have delivered, of what this sender keeps.
    pub(super) delivered: BTreeMap<NodeId, Timestamp>,
    /// Members whose reads wait for their group's watermark.
    pub(super) wanting: BTreeSet<NodeId>,
    /// The last epoch that each member said it takes part in.
    in_view: BTreeMap<NodeId, Epoch>,
    pub(super) sealing: Option<Sealing<P>>,
    /// What it numbers messages with, under a sequencer.
    pub(super) numbers: Option<Numbers>,
}

impl<P: Clone, R: Clone + PartialEq> Sender<P, R> {
    /// A sender without members; [`Sender::seal`] or [`Sender::follow`] gives it its first view.
    pub fn new(id: Incarnation, ordering: OrderedBy) -> Self {
        Self {
            id,
            next: Seq::FIRST,
            role: Role::Owner,
            epoch: Epoch::default(),
            view: View::default(),
            pending: BTreeMap::new(),
            delivered: BTreeMap::new(),
            wanting: BTreeSet::new(),
            in_view: BTreeMap::new(),
            sealing: None,
            numbers: (ordering == OrderedBy::Sequencer).then(Numbers::default),
        }
    }

    /// Whether this sender sealed the last view that it knows of.
    #[cfg(test)]
    pub(super) fn is_owner(&self) -> bool {
        self.role == Role::Owner
    }

    /// The epoch in force.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The view in force; while a view change is under way, the one before it.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Whether a message to the group would reach a member: it has some in the view in force, or a view change
    /// is under way and decides.
    pub fn reaches(&self, group: GroupId) -> bool {
        self.is_sealing() || self.view.has(group)
    }

    /// Whether a view change is under way.
    pub fn is_sealing(&self) -> bool {
        self.sealing.is_some()
    }

    /// Whether no message addressed to the group is under way here; other senders may have some. Never while a
    /// view change is: a member may hold messages of a former sender that are not known here yet.
    pub fn is_drained(&self, group: GroupId) -> bool {
        !self.is_sealing()
            && !self
                .pending
                .values()
                .any(|pending| pending.groups.contains(&group))
    }

    /// Whether this sender may send at all: under a sequencer only the owner of the view may.
    pub fn may_send(&self) -> bool {
        self.numbers.is_none() || self.role == Role::Owner
    }

    /// Starts a message to the groups (ascending, not empty). While a view change is under way it waits for
    /// the new view, at a follower until all destinations take part in it. Where none of the groups has a
    /// member it is abandoned at once; where this sender [may not send](Sender::may_send) it is orphaned at once.
    pub fn multicast(&mut self, groups: Vec<GroupId>, payload: P) -> (MessageId, Vec<SenderCommand<P, R>>) {
        let id = MessageId {
            sender: self.id,
            seq: self.next,
        };
        self.next = self.next.next();
        if !self.may_send() {
            return (id, vec![SenderCommand::Orphaned { id }]);
        }
        if !self.is_sealing() && !groups.iter().any(|group| self.view.has(*group)) {
            return (id, vec![SenderCommand::Abandoned { id }]);
        }
        let may_propose = self.may_propose(&groups);
        self.pending.insert(id, Pending::awaited(groups, payload));
        let commands = if may_propose { self.propose(id) } else { Vec::new() };
        (id, commands)
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
            FromMember::Holding { epoch, id } if epoch == self.epoch => self.handle_holding(from, id),
            FromMember::Unknown { epoch, id } if self.is_in_force(epoch) => self.restate(from, id),
            FromMember::WantStable { epoch } if self.is_in_force(epoch) => {
                self.wanting.insert(from);
                self.answer_wanting()
            }
            FromMember::InView { epoch } => self.handle_in_view(from, epoch),
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

    pub(super) fn highest_epoch(&self) -> Epoch {
        self.sealing.as_ref().map_or(self.epoch, |sealing| sealing.epoch)
    }
}

#[cfg(test)]
mod tests;
