//! What members say, and what it changes.

use super::*;
use attempt::{Attempt, AttemptFailure};
use wire::message::fusion::{FromPrimary, FromServer, ToPrimary};

impl FusionCoordinator {
    pub(super) fn handle_server(&mut self, now: Micros, node: NodeId, message: FromServer) -> Vec<Command> {
        let Some(desk) = self.servers.get_mut(&node) else {
            return vec![];
        };
        match message {
            FromServer::Admitted { primary, since } => {
                desk.admitted.insert(primary, since);
                vec![]
            }
            FromServer::RebuildBroken { epoch, reason } => {
                if epoch == desk.rebuild && desk.broken.is_none() {
                    tracing::warn!(%node, %epoch, reason, "rebuild broken");
                    desk.broken = Some(Micros(now.0 + recoveries::RETRY_PAUSE_US));
                }
                vec![]
            }
            FromServer::Fenced { epoch, applied } => {
                let answer = self
                    .recoveries
                    .current_mut()
                    .map(|a| a.handle_fenced(node, epoch, applied));
                answer
                    .unwrap_or(Ok(vec![]))
                    .unwrap_or_else(|failure| self.fail_recovery(now, &failure))
            }
            FromServer::CutDone { recovery } => self.handle_cut_done(now, node, recovery),
            FromServer::CutImpossible { recovery, reason }
            | FromServer::ResidualFailed { recovery, reason } => {
                self.handle_failure(now, node, recovery, reason)
            }
            FromServer::Heartbeat => vec![],
        }
    }

    fn handle_cut_done(&mut self, now: Micros, server: NodeId, recovery: u64) -> Vec<Command> {
        let Some(attempt) = self.recoveries.current_mut() else {
            return vec![];
        };
        let commands = attempt.handle_cut_done(server, recovery);
        if !commands.is_empty() {
            for node in attempt.scene().replacements.clone().into_keys() {
                let entered_at = self.lives.get(node).map_or(now, |life| life.entered_at);
                self.log.note(node, |report| {
                    report.fence_us = Some(now.0.saturating_sub(entered_at.0))
                });
            }
        }
        commands
    }

    pub(super) fn handle_primary(&mut self, now: Micros, node: NodeId, message: FromPrimary) -> Vec<Command> {
        let Some(desk) = self.primaries.get_mut(&node) else {
            return vec![];
        };
        match message {
            FromPrimary::Viewed { epoch } => {
                desk.viewed = desk.viewed.max(epoch);
                vec![]
            }
            FromPrimary::CaughtUp { server, rebuild } => {
                self.handle_caught_up(now, node, server, rebuild);
                vec![]
            }
            FromPrimary::Installed {
                recovery,
                transfer_us,
                decode_us,
                install_us,
            } => {
                let Some(attempt) = self.attempt_of(node, recovery) else {
                    return vec![];
                };
                let commands = attempt.handle_installed(node);
                self.installed_at.insert(node, now);
                self.log.note(node, |report| {
                    report.transfer_us = Some(transfer_us);
                    report.decode_us = Some(decode_us);
                    report.install_us = Some(install_us);
                    report.frozen_us = Some(0);
                });
                self.to_the_living(commands)
            }
            FromPrimary::InstallFailed { recovery, reason } => {
                self.handle_failure(now, node, recovery, reason)
            }
            FromPrimary::Cleared { since } => {
                desk.cleared = desk.cleared.max(since);
                vec![]
            }
            FromPrimary::AskLease { asked_us } => self.grant_lease(node, asked_us),
            FromPrimary::Heartbeat => vec![],
        }
    }

    /// Whoever counts as the holder of its structure hears so, unless it is about to be removed: it may have been lost
    /// and be back since.
    pub(super) fn grant_lease(&self, node: NodeId, asked_us: u64) -> Vec<Command> {
        let is_holder = |life: &life::Life| {
            let member = &self.membership.members[&node];
            let stays = |next: &Membership| next.members.get(&node) == Some(member);
            let counts = member.standing == Standing::Active && member.incarnation == life.incarnation;
            counts && self.in_flight.as_ref().is_none_or(stays)
        };
        if !self.lives.up(node).is_some_and(is_holder) {
            return vec![];
        }
        let since = self.membership.members[&node].since;
        vec![Command::ToPrimary(node, ToPrimary::Lease { asked_us, since })]
    }

    /// The attempt with this number, while it waits for that replacement.
    fn attempt_of(&mut self, replacement: NodeId, recovery: u64) -> Option<&mut Attempt> {
        let attempt = self.recoveries.current_mut()?;
        let is_awaited = attempt.is_number(recovery)
            && attempt.is_decoding()
            && !attempt.is_complete()
            && attempt.scene().is_replaced(replacement);
        is_awaited.then_some(attempt)
    }

    fn handle_caught_up(&mut self, now: Micros, primary: NodeId, server: NodeId, rebuild: Epoch) {
        let is_active = self.membership.members[&primary].standing == Standing::Active;
        let is_joining = self
            .membership
            .members
            .get(&server)
            .is_some_and(|m| m.standing == Standing::Joining && m.since == rebuild);
        let Some(desk) = self.servers.get_mut(&server) else {
            return;
        };
        if is_active && is_joining && desk.rebuild == rebuild && desk.caught_up.insert(primary) {
            if self.planted.is(Defect::RebuiltByOne) {
                desk.caught_up.extend(self.membership.members.keys());
            }
            desk.caught_up_at = now;
            let transfer_us = now.0.saturating_sub(desk.rebuild_at.0);
            self.log
                .note(server, |report| report.transfer_us = Some(transfer_us));
        }
    }

    fn handle_failure(&mut self, now: Micros, node: NodeId, recovery: u64, reason: String) -> Vec<Command> {
        let is_current = self
            .recoveries
            .current()
            .is_some_and(|attempt| attempt.is_number(recovery) && !attempt.is_complete());
        if is_current {
            self.fail_recovery(now, &AttemptFailure::Reported { node, reason })
        } else {
            vec![]
        }
    }

    fn fail_recovery(&mut self, now: Micros, failure: &AttemptFailure) -> Vec<Command> {
        let commands = self.recoveries.fail(now, failure.to_string());
        self.to_the_living(commands)
    }
}
