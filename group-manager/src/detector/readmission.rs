//! When a suspected member may come back: at once the first time, then after pauses that double.
//!
//! A member that falls silent, is removed, comes back, is given the state and falls silent again costs the others a
//! view change and a transfer each time. Its life is therefore kept out for a while; a new life of the node starts
//! anew, since whoever restarted it did something about it.
//!
//! Invariants: a pause is at most [`MAX_READMISSION_PAUSE`]; a life that was not suspected for [`FORGIVEN_AFTER`] is
//! as good as a new one. Whoever still is a member (the last holder of a group) is not asked for a pause at all: that
//! is the caller's to see.

use std::{collections::BTreeMap, time::Duration};

use multicast::id::{Incarnation, NodeId};

/// The longest that a life is kept out.
pub const MAX_READMISSION_PAUSE: Duration = Duration::from_secs(30);

/// After how long without a suspicion the earlier ones are forgotten.
pub const FORGIVEN_AFTER: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug)]
struct Record {
    life: Incarnation,
    /// How often in a row.
    suspicions: u32,
    last: Duration,
}

/// See the module's documentation. Times as for [`super::Detector`].
#[derive(Clone, Debug)]
pub struct Readmission {
    /// The pause after the second suspicion.
    first_pause: Duration,
    records: BTreeMap<NodeId, Record>,
}

impl Readmission {
    /// Nobody was suspected yet.
    pub fn new(first_pause: Duration) -> Self {
        Self {
            first_pause,
            records: BTreeMap::new(),
        }
    }

    /// Notes that a life fell silent.
    pub fn suspected(&mut self, now: Duration, node: NodeId, life: Incarnation) {
        let before = self
            .current(now, node, life)
            .map_or(0, |record| record.suspicions);
        let record = Record {
            life,
            suspicions: before.saturating_add(1),
            last: now,
        };
        self.records.insert(node, record);
    }

    /// For how long a life has still to wait; nothing if it may come.
    pub fn wait(&self, now: Duration, node: NodeId, life: Incarnation) -> Option<Duration> {
        let record = self.current(now, node, life)?;
        let until = record.last + self.pause(record.suspicions);
        Some(until.saturating_sub(now)).filter(|wait| !wait.is_zero())
    }

    /// 0, then once, twice, four times the first pause, and so on up to the longest.
    fn pause(&self, suspicions: u32) -> Duration {
        let Some(doublings) = suspicions.checked_sub(2) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.first_pause.saturating_mul(factor).min(MAX_READMISSION_PAUSE)
    }

    fn current(&self, now: Duration, node: NodeId, life: Incarnation) -> Option<Record> {
        let record = *self.records.get(&node)?;
        let forgiven = now.saturating_sub(record.last) >= FORGIVEN_AFTER;
        (record.life == life && !forgiven).then_some(record)
    }
}

#[cfg(test)]
mod tests;
