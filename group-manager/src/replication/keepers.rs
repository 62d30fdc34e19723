//! Senders that members miss: what such a one left tentative at the head of a queue stands before everybody's messages.
//!
//! ```text
//! KeeperLost --half the suspicion time, and no KeeperBack--> reseal: the next view finishes or drops what it left
//! ```
//!
//! The owner hears of another manager's end by its own link to it, if that one was up. Where it was not, members are the
//! only ones who can tell. What they say is a suspicion and no more: a sender that calls again goes on by itself.
//! Invariant: what was reported of one epoch causes one view change at most, after that pause; so a link that comes and
//! goes never holds writers up more often than that.

use std::collections::BTreeMap;

use multicast::id::{Epoch, Incarnation, NodeId};

use super::{Command, Micros, Replication, view::Stage};

/// Who misses which sender, and since when.
#[derive(Debug, Default)]
pub(super) struct LostKeepers(BTreeMap<(NodeId, Incarnation), Micros>);

impl LostKeepers {
    /// The member misses it, from now on if it did not before.
    pub(super) fn note(&mut self, now: Micros, at: NodeId, keeper: Incarnation) {
        self.0.entry((at, keeper)).or_insert(now);
    }

    /// The member has it back.
    pub(super) fn strike(&mut self, at: NodeId, keeper: Incarnation) {
        self.0.remove(&(at, keeper));
    }

    /// Another view takes care of all that was missed.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn is_missed_since(&self, moment: Micros) -> bool {
        self.0.values().any(|since| *since <= moment)
    }
}

impl Replication {
    /// What a member says of its links, if it is of the view in force and this manager's to deal with.
    pub(super) fn note_keeper(&mut self, epoch: Epoch, note: impl FnOnce(&mut LostKeepers)) {
        if self.stage == Stage::Steady && epoch == self.membership.epoch {
            note(&mut self.lost_keepers);
        }
    }

    pub(super) fn replace_lost_keepers(&mut self, now: Micros) -> Vec<Command> {
        let patience = self.cluster.suspicion_us / 2;
        let is_due = now
            .0
            .checked_sub(patience)
            .is_some_and(|moment| self.lost_keepers.is_missed_since(Micros(moment)));
        if !is_due {
            return Vec::new();
        }
        tracing::warn!(epoch = %self.membership.epoch, "members miss a sender; the view is sealed anew");
        self.reseal = true;
        self.change_view_if_needed()
    }
}
