//! A follower that does not reach a voter: what it has proposed is stuck, and what it has not must go another way.
//!
//! ```text
//! link ended --suspicion time--> AskToSeal (for what is proposed) --the owner's next view--> orphaned, and not sent
//!                           \--> what is not sent is refused: OutOfReach, and the client asks another manager
//! ```
//!
//! Invariants: only what no member has heard of is refused; the owner removes members, this manager never does.

use wire::message::{client::Refusal, membership::Member};

use super::{
    BTreeMap, BTreeSet, Command, GroupId, MessageId, Micros, NodeId, Replication, following::takes_part,
    is_active_life, refused, view::Stage,
};

impl Replication {
    /// What was proposed to some members and cannot reach another one stands before everybody's messages. A member
    /// that is really gone is removed by the owner; one that only this manager does not reach never is.
    pub(super) fn ask_to_seal_if_stuck(&mut self, now: Micros) -> Option<Command> {
        let epoch = self.membership.epoch;
        let is_stuck = self.gone.iter().any(|(node, gone)| {
            gone.epoch == Some(epoch)
                && is_active_life(&self.membership, *node, gone.life)
                && now.0.saturating_sub(gone.since.0) >= self.cluster.suspicion_us
        });
        if !is_stuck || self.rounds.is_empty() || self.asked_to_seal == Some(epoch) {
            return None;
        }
        self.asked_to_seal = Some(epoch);
        Some(Command::AskToSeal(epoch))
    }

    /// Whether a message to the group has a way to all who must vote on it, as far as this manager has to find one.
    pub(super) fn judge_reach(&self, group: GroupId) -> Result<(), Refusal> {
        let following = self.stage == Stage::Following;
        let unreached = self.out_of_reach.get(&group).filter(|_| following);
        unreached.map_or(Ok(()), |node| Err(Refusal::OutOfReach { node: *node }))
    }

    /// Refuses whatever waits here for a voter that has been gone for the suspicion time; the rest goes on.
    pub(super) fn refuse_out_of_reach(&mut self, now: Micros) -> Vec<Command> {
        self.out_of_reach = self.groups_out_of_reach(now);
        if self.out_of_reach.is_empty() {
            return Vec::new();
        }
        let mut commands = self.withdraw_rounds();
        let unreached = self.out_of_reach.clone();
        let mut waiting = self.together.give_up(|group| unreached.contains_key(&group));
        for group in unreached.keys().copied() {
            let callers = self.groups.get_mut(&group).map(|state| state.door.give_up());
            waiting.extend(callers.into_iter().flatten().map(|caller| (caller, group)));
        }
        let refusals = waiting.into_iter().filter_map(|(caller, group)| {
            let node = *unreached.get(&group)?;
            Some(refused(caller, Refusal::OutOfReach { node }))
        });
        commands.extend(refusals);
        commands
    }

    fn groups_out_of_reach(&self, now: Micros) -> BTreeMap<GroupId, NodeId> {
        let is_gone = |node: &NodeId, member: &Member| {
            let gone = self.gone.get(node).filter(|gone| gone.life == member.incarnation);
            gone.is_some_and(|gone| now.0.saturating_sub(gone.since.0) >= self.cluster.suspicion_us)
        };
        let members = self.membership.members.iter();
        let unreached = members.filter(|(node, member)| takes_part(member.standing) && is_gone(node, member));
        unreached
            .filter_map(|(node, member)| Some((member.group?, *node)))
            .collect()
    }

    /// Takes back the rounds that wait at the sender until all voters are in the view.
    fn withdraw_rounds(&mut self) -> Vec<Command> {
        let unreached: BTreeSet<GroupId> = self.out_of_reach.keys().copied().collect();
        let rounds = self.rounds.iter();
        let concerned = rounds.filter_map(|(id, (round, _))| {
            let group = round.groups().iter().find(|group| unreached.contains(group))?;
            Some((*id, *group))
        });
        let concerned: Vec<(MessageId, GroupId)> = concerned.collect();
        let mut commands = Vec::new();
        for (id, group) in concerned {
            if let (true, Err(refusal)) = (self.sender.withdraw(id), self.judge_reach(group)) {
                commands.extend(self.give_round_up(id, &refusal));
            }
        }
        commands
    }
}
