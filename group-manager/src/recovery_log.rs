//! What became of every crash, for the experiment's `recovery.csv`.

use std::collections::BTreeMap;

use multicast::id::NodeId;
use wire::message::client::RecoveryReport;

use crate::coordinator::Micros;

/// One report per crash, completed as the recovery goes on. A process that enters for the first time has
/// not crashed and leaves no report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecoveryLog {
    reports: Vec<RecoveryReport>,
    /// The unfinished report of each node, by its place.
    open: BTreeMap<NodeId, usize>,
}

impl RecoveryLog {
    /// All reports, oldest first.
    pub fn reports(&self) -> &[RecoveryReport] {
        &self.reports
    }

    /// The node is suspected: a report begins. One that was unfinished stays as it is; one whose next life
    /// has not entered yet is of this same crash, and goes on.
    pub fn crashed(&mut self, node: NodeId, now: Micros) {
        let unfinished = self.open.get(&node).map(|place| &self.reports[*place]);
        if unfinished.is_some_and(|report| report.entered_at_us.is_none()) {
            return;
        }
        self.open.insert(node, self.reports.len());
        self.reports.push(RecoveryReport {
            node,
            detected_at_us: Some(now.0),
            ..RecoveryReport::default()
        });
    }

    /// Completes what is known of the node's latest crash, if it has one that is not finished.
    pub fn note(&mut self, node: NodeId, change: impl FnOnce(&mut RecoveryReport)) {
        if let Some(place) = self.open.get(&node) {
            change(&mut self.reports[*place]);
        }
    }

    /// The node is active again: the report ends.
    pub fn finished(&mut self, node: NodeId, now: Micros) {
        self.note(node, |report| report.active_at_us = Some(now.0));
        self.open.remove(&node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_runs_from_suspicion_to_activity_and_a_first_entry_leaves_none() {
        let mut log = RecoveryLog::default();
        log.note(NodeId(1), |report| report.fence_us = Some(1));
        log.finished(NodeId(1), Micros(5));
        assert_eq!(log.reports(), []);
        log.crashed(NodeId(1), Micros(10));
        log.note(NodeId(1), |report| report.fence_us = Some(3));
        log.finished(NodeId(1), Micros(20));
        log.note(NodeId(1), |report| report.fence_us = Some(99));
        let expected = RecoveryReport {
            node: NodeId(1),
            detected_at_us: Some(10),
            fence_us: Some(3),
            active_at_us: Some(20),
            ..RecoveryReport::default()
        };
        assert_eq!(log.reports(), [expected]);
    }
}
