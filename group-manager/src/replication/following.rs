//! A manager that does not own the membership: it sends to the members as the stored view has them, and changes
//! nothing, until it suspects the owner and takes over.
//!
//! ```text
//! Following --the owner is suspected, all members are accounted for--> Storing (itself as the owner) --> Sealing
//!     ^    \--and some may still come----> Claiming --Stored--> Gathering --> Storing ...
//!     +---- somebody else stored a membership (a conflict, or the store's watch)
//! ```
//!
//! Rule 5: of those that take over at once one wins the swap. What this manager had under way when another one
//! sealed the members is sent again, as new messages, in its order; clients' windows see to it that it is applied
//! once (rule 7). Invariant: nothing is sent under an epoch that the store does not hold.

use multicast::{
    id::{Epoch, MessageId},
    skeen::view::View,
};
use wire::message::{
    entry::EntryRefused,
    membership::{Membership, Standing},
};

use super::{BTreeMap, BTreeSet, Command, GroupId, Incarnation, Micros, NodeId, Replication, view::Stage};

/// A member whose link ended while this manager followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone {
    pub(super) life: Incarnation,
    pub(super) since: Micros,
    /// The epoch in which the link broke: of that one it may be needed for what is under way. In a later one it has
    /// not said that it takes part, and nothing was proposed that needs it.
    pub(super) epoch: Option<Epoch>,
}

impl Replication {
    /// Somebody stored this.
    pub(super) fn handle_membership_seen(&mut self, now: Micros, seen: Membership) -> Vec<Command> {
        let is_news = seen.epoch > self.membership.epoch && seen.owner != Some(self.ownership.own());
        if is_news {
            self.follow(now, seen)
        } else {
            Vec::new()
        }
    }

    /// Another manager owns the membership, which is this one.
    pub(super) fn follow(&mut self, now: Micros, stored: Membership) -> Vec<Command> {
        tracing::info!(epoch = %stored.epoch, owner = stored.owner.map(|owner| display(owner.node)), "another manager owns the membership");
        self.ownership.follow(now, stored.owner);
        self.membership = self.cluster.with_nodes(stored);
        self.know_groups();
        let mut commands = self.let_go_of_what_an_owner_does();
        let followed = self
            .sender
            .follow(self.membership.epoch, view_of(&self.membership));
        commands.extend(self.carry_out(now, followed));
        commands.extend(self.refuse_out_of_reach(now));
        commands.extend(self.dial_members());
        if !self.sender.may_send() {
            commands.extend(self.send_waiting_elsewhere());
        }
        for group in self.groups.keys().copied().collect::<Vec<_>>() {
            commands.extend(self.pump(now, group));
        }
        commands
    }

    /// A swap found something else in the store. An answer that came late may know nothing new; and where it is the very
    /// membership that is wanted there, an attempt before took effect although it seemed to fail.
    pub(super) fn handle_store_conflict(&mut self, now: Micros, current: Membership) -> Vec<Command> {
        match &self.stage {
            Stage::Storing { next } | Stage::Claiming { next } if *next == current => {
                self.handle_stored(now, current.epoch)
            }
            _ if current.epoch <= self.membership.epoch => Vec::new(),
            _ => self.follow(now, current),
        }
    }

    /// A member is in a newer epoch than ours: somebody else's, which the store is about to tell.
    pub(super) fn handle_superseded(&mut self, now: Micros, epoch: Epoch) -> Vec<Command> {
        if self.stage != Stage::Following {
            tracing::warn!(%epoch, "another manager owns the membership by now");
            self.ownership.await_news(now);
            return self.let_go_of_what_an_owner_does();
        }
        Vec::new()
    }

    /// Entries and changes under way are the owner's from now on; processes that only we let in must enter there.
    fn let_go_of_what_an_owner_does(&mut self) -> Vec<Command> {
        self.stage = Stage::Following;
        self.asked_to_seal = None;
        self.lost_keepers.clear();
        self.to_remove.clear();
        self.to_admit.clear();
        self.to_join.clear();
        self.reseal = false;
        for state in self.groups.values_mut() {
            state.entry = None;
            state.door.frozen = false;
            state.waiting_to_enter.clear();
        }
        let is_member = |node: &NodeId, life: Incarnation| {
            let member = self.membership.members.get(node);
            member.is_some_and(|member| takes_part(member.standing) && member.incarnation == life)
        };
        let strangers: Vec<NodeId> = self
            .dialled
            .iter()
            .filter(|(node, (life, _))| !is_member(node, *life))
            .map(|(node, _)| *node)
            .collect();
        let mut commands = self.roster.give_up();
        for node in strangers {
            self.dialled.remove(&node);
            self.linked.remove(&node);
            commands.push(Command::Unlink(node));
            commands.extend(self.refuse_reads_at(node));
        }
        commands
    }

    /// Calls every member that is not linked.
    pub(super) fn dial_members(&mut self) -> Vec<Command> {
        let members = self.membership.members.iter();
        let taking_part = members.filter(|(_, member)| takes_part(member.standing));
        let nodes: Vec<NodeId> = taking_part.map(|(node, _)| *node).collect();
        let uncalled = nodes.into_iter().filter(|node| !self.dialled.contains_key(node));
        let uncalled: Vec<NodeId> = uncalled.collect();
        uncalled.into_iter().flat_map(|node| self.call(node)).collect()
    }

    pub(super) fn handle_linked_member(&mut self, node: NodeId, life: Incarnation) -> Vec<Command> {
        if self
            .dialled
            .get(&node)
            .is_none_or(|(dialled, _)| *dialled != life)
        {
            return vec![Command::Unlink(node)]; // not a member any more
        }
        self.linked.insert(node, life);
        self.gone.remove(&node);
        self.out_of_reach.retain(|_, unreached| *unreached != node);
        Vec::new()
    }

    /// The owner decides what the loss of a member means; here it is called again.
    pub(super) fn handle_lost_member(
        &mut self,
        now: Micros,
        node: NodeId,
        life: Incarnation,
    ) -> Vec<Command> {
        self.dialled.remove(&node);
        let was_linked = self.linked.remove(&node).is_some();
        let lost_now = Gone {
            life,
            since: now,
            epoch: was_linked.then_some(self.membership.epoch),
        };
        let before = self.gone.get(&node).filter(|gone| gone.life == life);
        self.gone.insert(node, before.copied().unwrap_or(lost_now));
        self.refuse_reads_at(node)
    }

    pub(super) fn on_tick_following(&mut self, now: Micros) -> Vec<Command> {
        if self.ownership.is_due(now) {
            return self.take_over(now);
        }
        let mut commands = self.dial_members();
        commands.extend(self.ask_to_seal_if_stuck(now));
        commands.extend(self.refuse_out_of_reach(now));
        commands
    }

    pub(super) fn handle_manager_stuck(&mut self, epoch: Epoch) -> Vec<Command> {
        if self.is_owner() && epoch == self.membership.epoch {
            self.reseal = true;
            return self.change_view_if_needed();
        }
        Vec::new()
    }

    /// The owner's loss may be the moment to take over; any other sender's leaves tentative messages at members,
    /// which stand before everybody's until the view is sealed anew.
    pub(super) fn handle_manager_lost(&mut self, now: Micros, life: Incarnation) -> Vec<Command> {
        self.ownership.lost(now, life);
        match self.stage {
            Stage::Following if self.ownership.is_due(now) => self.take_over(now),
            _ if self.is_owner() => {
                self.reseal = true;
                self.change_view_if_needed()
            }
            _ => Vec::new(),
        }
    }

    fn is_owner(&self) -> bool {
        matches!(self.stage, Stage::Steady | Stage::Storing { .. } | Stage::Sealing)
    }

    /// Swaps the store with itself as the owner: with a view to seal if every member is here or known to be gone,
    /// otherwise only to be the one whom the others follow and members enter at.
    fn take_over(&mut self, now: Micros) -> Vec<Command> {
        tracing::warn!(epoch = %self.membership.epoch, "the owner is suspected; taking over");
        let awaited = |(node, member): (&NodeId, &wire::message::membership::Member)| {
            let is_gone = self
                .gone
                .get(node)
                .is_some_and(|gone| gone.life == member.incarnation);
            member.standing == Standing::Active && !self.linked.contains_key(node) && !is_gone
        };
        if self.membership.members.iter().any(awaited) {
            let mut next = self.membership.clone();
            next.epoch = next.epoch.next();
            next.owner = Some(self.ownership.own());
            let expected = self.membership.epoch;
            self.stage = Stage::Claiming { next: next.clone() };
            let next = Box::new(next);
            return vec![Command::Store { expected, next }];
        }
        self.membership = self.cluster.taken_up(std::mem::take(&mut self.membership));
        self.queue_strangers();
        let linked: Vec<NodeId> = self.linked.keys().copied().collect();
        let mut commands: Vec<Command> = linked
            .into_iter()
            .flat_map(|node| self.found_again(node))
            .collect();
        commands.extend(self.end_gathering(now));
        commands
    }

    pub(super) fn handle_claimed(&mut self, now: Micros, next: Membership) -> Vec<Command> {
        self.membership = self.cluster.taken_up(next);
        self.know_groups();
        self.queue_strangers();
        self.stage = Stage::at_start(&self.membership, Micros(now.0 + self.cluster.suspicion_us));
        let is_complete = matches!(self.stage, Stage::Gathering { .. }) && self.all_returned();
        if is_complete {
            self.end_gathering(now)
        } else {
            Vec::new()
        }
    }

    /// The message may have taken effect or never will: it goes again, as a new one, or by way of its clients to who
    /// alone may send it.
    pub(super) fn handle_orphaned(&mut self, now: Micros, id: MessageId) -> Vec<Command> {
        if !self.sender.may_send() {
            return self.give_round_up(id, &self.ordered_elsewhere());
        }
        let Some((round, payload)) = self.rounds.remove(&id) else {
            return Vec::new();
        };
        let (again, sent) = self.sender.multicast(round.groups().to_vec(), payload.clone());
        self.rounds.insert(again, (round, payload));
        self.carry_out(now, sent)
    }

    /// Who is to be told of, for an entry that is the owner's to judge.
    pub(super) fn not_here(&self) -> EntryRefused {
        match self.membership.owner {
            Some(owner) if owner != self.ownership.own() => EntryRefused::NotOwner { owner: owner.node },
            _ => EntryRefused::Busy {
                reason: "another manager is taking over".to_owned(),
            },
        }
    }
}

/// Whether a member of this standing votes.
pub(super) fn takes_part(standing: Standing) -> bool {
    matches!(standing, Standing::Active | Standing::Joining)
}

/// The view that the stored membership makes.
pub(super) fn view_of(membership: &Membership) -> View {
    let mut voters: BTreeMap<GroupId, BTreeSet<NodeId>> = BTreeMap::new();
    let mut joining = BTreeSet::new();
    for (node, member) in &membership.members {
        let Some(group) = member.group.filter(|_| takes_part(member.standing)) else {
            continue;
        };
        voters.entry(group).or_default().insert(*node);
        if member.standing == Standing::Joining {
            joining.insert(*node);
        }
    }
    View::new(voters, joining)
}
