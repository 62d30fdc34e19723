//! A sender that does not own the view: it learns of it from the membership store, and of each member that the
//! member takes part in it.
//!
//! What it had under way when another sender sealed the view is that one's to finish, or nobody's where no
//! sealed member holds it. Which of the two is not known here: so it is given back, and is sent again as a
//! new message. Whoever delivers both must apply them once (rule 7).

use super::{Role, Sender, SenderCommand};
use crate::{
    id::{Epoch, GroupId, MessageId, NodeId},
    skeen::{message::ToMember, pending::Pending, view::View},
};

impl<P: Clone, R: Clone + PartialEq> Sender<P, R> {
    /// Another sender owns `epoch`, with exactly this view. What was pending is orphaned, in its order; what is
    /// sent from now on waits until its destinations say [`InView`](crate::skeen::message::FromMember::InView).
    /// An epoch that is not larger than every one before changes nothing.
    pub fn follow(&mut self, epoch: Epoch, view: View) -> Vec<SenderCommand<P, R>> {
        if epoch <= self.highest_epoch() {
            return Vec::new();
        }
        self.sealing = None;
        self.role = Role::Follower;
        self.epoch = epoch;
        self.view = view;
        self.delivered.clear();
        self.wanting.clear();
        self.orphan_all()
    }

    /// From now on this sender owns the view. What is pending may have been finished by the owner of an epoch
    /// that this one has not seen.
    pub(in crate::skeen) fn begin_to_own(&mut self, epoch: Epoch) -> Vec<SenderCommand<P, R>> {
        let missed = self.role == Role::Follower && epoch != self.highest_epoch().next();
        self.role = Role::Owner;
        if missed { self.orphan_all() } else { Vec::new() }
    }

    /// Takes back a message that no member has heard of in this epoch, nor will; whether there was one. Nobody is told.
    pub fn withdraw(&mut self, id: MessageId) -> bool {
        let is_unheard = |pending: &Pending<P, R>| pending.is_awaited && !pending.is_proposed;
        let withdrawn = self.pending.get(&id).is_some_and(is_unheard);
        if withdrawn {
            self.pending.remove(&id);
        }
        withdrawn
    }

    fn orphan_all(&mut self) -> Vec<SenderCommand<P, R>> {
        let pending = std::mem::take(&mut self.pending);
        let awaited = pending.into_iter().filter(|(_, pending)| pending.is_awaited);
        awaited.map(|(id, _)| SenderCommand::Orphaned { id }).collect()
    }

    /// Whether all destinations take part in the view in force, as far as this sender has to know it: an owner's
    /// messages follow its own `View`.
    pub(super) fn may_propose(&self, groups: &[GroupId]) -> bool {
        let mut voters = self.view.voters_of(groups).into_iter();
        let is_in_view = |voter: NodeId| self.in_view.get(&voter) == Some(&self.epoch);
        !self.is_sealing() && (self.role == Role::Owner || voters.all(is_in_view))
    }

    /// A member that says so once more has had its link broken in between: what was under way is told again.
    pub(super) fn handle_in_view(&mut self, from: NodeId, epoch: Epoch) -> Vec<SenderCommand<P, R>> {
        let last = self.in_view.entry(from).or_default();
        let is_repeated = *last == epoch;
        *last = epoch.max(*last);
        if !self.is_in_force(epoch) {
            Vec::new()
        } else if is_repeated {
            self.repeat(from)
        } else {
            self.propose_waiting()
        }
    }

    fn propose_waiting(&mut self) -> Vec<SenderCommand<P, R>> {
        let waiting = self.pending.iter().filter(|(_, pending)| !pending.is_proposed);
        let ready = waiting.filter(|(_, pending)| self.may_propose(&pending.groups));
        let ready: Vec<MessageId> = ready.map(|(id, _)| *id).collect();
        ready.into_iter().flat_map(|id| self.propose(id)).collect()
    }

    /// Everything under way to this member that it is not known to have, in the order of the ids.
    fn repeat(&self, to: NodeId) -> Vec<SenderCommand<P, R>> {
        let Some(group) = self.view.group_of(to) else {
            return Vec::new();
        };
        let (epoch, stable) = (self.epoch, self.stable(group));
        let mut commands = Vec::new();
        for (id, pending) in &self.pending {
            let concerned = pending.is_proposed && pending.groups.contains(&group);
            if !concerned || pending.delivered.contains(&to) {
                continue;
            }
            if pending.final_timestamp.is_some() {
                commands.extend(self.restate(to, *id));
                continue;
            }
            let (id, groups, payload) = (*id, pending.groups.clone(), pending.payload.clone());
            let message = ToMember::Propose {
                epoch,
                id,
                groups,
                payload,
                stable,
            };
            commands.push(SenderCommand::Send { to, message });
        }
        commands
    }
}
