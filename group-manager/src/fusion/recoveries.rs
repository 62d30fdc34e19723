//! The recoveries one after another: at most one attempt at a time, each in an epoch of its own, and an end
//! after [`MAX_ATTEMPTS`] failures in the same circumstances.
//!
//! Giving up touches nothing: the fused servers keep what they hold, the replacement waits, and whatever
//! changes (a loss, an entry) makes the next attempt worth its while.

use multicast::{
    id::{Epoch, NodeId, NodeNames},
    planted::Planted,
};

use super::{attempt::Attempt, defect::Defect, scene::Scene};
use crate::coordinator::{Command, Micros};

/// Attempts that may fail before the manager waits for something to change.
pub(super) const MAX_ATTEMPTS: u32 = 5;

/// How long to wait after a failure, in microseconds.
pub(super) const RETRY_PAUSE_US: u64 = 50_000;

/// The attempt under way, and what became of those before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Recoveries {
    current: Option<Attempt>,
    /// Attempts begun so far: rotates the servers.
    turns: usize,
    /// The epoch of the last attempt.
    attempted: Epoch,
    failures: u32,
    retry_at: Micros,
    last_failure: String,
}

impl Recoveries {
    /// None yet; an earlier manager may have made an attempt in that epoch.
    pub(super) fn after(epoch: Epoch) -> Self {
        Self {
            attempted: epoch,
            ..Self::default()
        }
    }

    /// The attempt under way, or complete and not yet in the store.
    pub(super) fn current(&self) -> Option<&Attempt> {
        self.current.as_ref()
    }

    /// The same, to hand it an answer.
    pub(super) fn current_mut(&mut self) -> Option<&mut Attempt> {
        self.current.as_mut()
    }

    /// Whether the parties of the current attempt must stay who they are.
    pub(super) fn is_under_way(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|attempt| !attempt.is_complete())
    }

    /// Whether an attempt would be due now, were there an epoch for it.
    pub(super) fn is_due(&self, now: Micros) -> bool {
        self.current.is_none() && self.failures < MAX_ATTEMPTS && self.retry_at <= now
    }

    /// Whether that epoch is still unused.
    pub(super) fn is_fresh(&self, epoch: Epoch) -> bool {
        self.attempted < epoch
    }

    /// Why the last attempt of those that were given up failed.
    pub(super) fn given_up(&self) -> Option<&str> {
        (self.failures >= MAX_ATTEMPTS).then_some(self.last_failure.as_str())
    }

    /// Begins an attempt in a fresh epoch.
    pub(super) fn begin(&mut self, epoch: Epoch, scene: Scene, planted: Planted<Defect>) -> Vec<Command> {
        let (lost, replacements) = (scene.lost(), scene.replaced());
        tracing::info!(%epoch, lost = %NodeNames(&lost), replacements = %NodeNames(&replacements), "recovery begins");
        let (attempt, commands) = Attempt::begin(epoch, self.turns, scene, planted);
        self.current = Some(attempt);
        self.turns += 1;
        self.attempted = epoch;
        commands
    }

    /// The attempt failed; another one is due after a pause, with other servers if there are more.
    pub(super) fn fail(&mut self, now: Micros, reason: String) -> Vec<Command> {
        self.failures += 1;
        self.retry_at = Micros(now.0 + RETRY_PAUSE_US);
        if self.failures < MAX_ATTEMPTS {
            tracing::warn!(
                reason,
                failures = self.failures,
                "recovery failed, will be tried again"
            );
        } else {
            tracing::error!(
                reason,
                failures = self.failures,
                "recovery given up until a node comes or goes"
            );
        }
        self.last_failure = reason;
        self.abandon()
    }

    /// Drops the current attempt, if there is one.
    pub(super) fn abandon(&mut self) -> Vec<Command> {
        self.current.take().map(Attempt::abandon).unwrap_or_default()
    }

    /// A replacement is gone after the attempt was complete. What the others hold stands, and perhaps is being
    /// stored already; without others there is nothing to be stored.
    pub(super) fn lose_replacement(&mut self, node: NodeId) {
        if let Some(attempt) = &mut self.current {
            attempt.lose_replacement(node);
            self.current
                .take_if(|attempt| attempt.scene().replacements.is_empty());
        }
    }

    /// The current attempt's result is in the store.
    pub(super) fn finish(&mut self) {
        self.current = None;
        self.failures = 0;
    }

    /// Somebody came or went: earlier failures say nothing about the next attempt.
    pub(super) fn circumstances_changed(&mut self) {
        self.failures = 0;
        self.retry_at = Micros(0);
    }
}
