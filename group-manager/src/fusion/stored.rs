//! What follows at once from a membership that reached the store, apart from what others must be told.

use super::*;
use wire::message::membership::{Member, Role};

impl FusionCoordinator {
    pub(super) fn handle_stored(&mut self, now: Micros, epoch: Epoch) -> Vec<Command> {
        let Some(next) = self.in_flight.take_if(|next| next.epoch == epoch) else {
            return vec![];
        };
        let before = std::mem::replace(&mut self.membership, next);
        self.cluster = self.cluster.with_members(&self.membership);
        let mut commands = self.roster.stored(epoch);
        commands.extend(self.let_go_of_those_that_left(&before));
        let after = self.membership.members.clone();
        for (node, member) in &after {
            if let Some(before) = before.members.get(node) {
                self.note_change(now, *node, before, member);
            }
        }
        for (node, member) in &after {
            let founded = |membership: &Membership| {
                let is_ours = |group| membership.founded.contains(&group);
                member.group.is_some_and(is_ours)
            };
            // Founded by this life, perhaps in the place of one that was lost before it was told.
            let was_hollow = !founded(&before) || self.hollow.contains_key(node);
            if was_hollow && founded(&self.membership) {
                self.hollow.insert(*node, member.incarnation);
            }
        }
        commands.extend(self.settle_recovery());
        commands
    }

    /// Logs a change of standing and keeps what depends on it.
    fn note_change(&mut self, now: Micros, node: NodeId, before: &Member, after: &Member) {
        if before == after {
            return;
        }
        tracing::info!(%node, epoch = %self.membership.epoch, standing = %after.standing, "membership changed");
        let removed = after.standing == Standing::Removed && before.standing != Standing::Removed;
        match (after.role, after.standing) {
            (Role::Primary, Standing::Active) => {
                self.holders.insert(node, after.incarnation);
            }
            (Role::Primary, Standing::Absent) => {
                self.holders.remove(&node);
                self.hollow.remove(&node);
                self.log.note(node, |report| report.removed_at_us = Some(now.0));
            }
            (Role::Primary, Standing::Removed) if removed => {
                self.log.note(node, |report| report.removed_at_us = Some(now.0));
            }
            (Role::FusionServer, Standing::Removed) if removed => {
                self.departures.insert(node, self.membership.epoch);
            }
            (Role::FusionServer, Standing::Active) if before.standing == Standing::Joining => {
                let since = self.servers.get(&node).map(|desk| desk.caught_up_at);
                self.log.note(node, |report| {
                    report.install_us = since.map(|since| now.0.saturating_sub(since.0));
                    report.frozen_us = Some(0);
                });
                self.log.finished(node, now);
            }
            _ => {}
        }
    }

    /// The attempt is over when its replacements are active, and void when its scene changed.
    fn settle_recovery(&mut self) -> Vec<Command> {
        let Some(attempt) = self.recoveries.current() else {
            return vec![];
        };
        if attempt.is_complete() {
            let replacements = &attempt.scene().replacements;
            // One that is no member any more was discarded meanwhile.
            let is_settled = |node: &NodeId| {
                let member = self.membership.members.get(node);
                member.is_none_or(|member| matches!(member.standing, Standing::Active | Standing::Absent))
            };
            if replacements.keys().all(is_settled) {
                self.recoveries.finish();
            }
            return vec![];
        }
        if *attempt.scene() == Scene::of(&self.cluster, &self.membership) {
            return vec![];
        }
        self.abandon_recovery()
    }

    /// Another manager wrote the store. It owns the cluster; this one stops.
    pub(super) fn handle_conflict(&mut self, current: Membership) -> Vec<Command> {
        tracing::error!(ours = %self.membership.epoch, stored = %current.epoch, "{SUPERSEDED}; standing aside");
        self.membership = current;
        self.in_flight = None;
        self.superseded = true;
        vec![]
    }

    /// A removed server holds nobody back once every active primary has taken over a view without it.
    pub(super) fn note_departures(&mut self, now: Micros) {
        let active: Vec<NodeId> = self.active_primaries().map(|(node, _)| node).collect();
        let viewed = |node: &NodeId| self.primaries.get(node).map_or(Epoch(0), |desk| desk.viewed);
        let oldest = active.iter().map(viewed).min();
        let over: Vec<NodeId> = self
            .departures
            .iter()
            .filter(|(_, epoch)| oldest.is_none_or(|oldest| oldest >= **epoch))
            .map(|(node, _)| *node)
            .collect();
        for node in over {
            self.departures.remove(&node);
            self.log.note(node, |report| report.removed_at_us = Some(now.0));
        }
    }
}
