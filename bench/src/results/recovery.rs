//! One recovery of one crashed node: a row of `recovery.csv`.

use std::collections::BTreeMap;

use multicast::id::NodeId;
use serde::{Deserialize, Serialize};

use super::{Configuration, Role, median};

/// What else was crashing when a node was crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Circumstance {
    /// Nothing.
    Alone,
    /// Others at the same moment.
    Together,
    /// It was killed while another node was being recovered.
    DuringRecovery,
}

/// How long a recovery took, part by part, and what it lost. All times in microseconds; a part that the
/// mechanism does not have is 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoveryRow {
    /// The run that this row belongs to.
    pub configuration: Configuration,
    /// The repetition, from 1.
    pub trial: u32,
    /// Which crash of the trial, from 1; nodes that crash together have it in common.
    pub crash: u32,
    /// What else was crashing.
    pub circumstance: Circumstance,
    /// Elements in every group at the crash; where groups differ, their mean.
    pub elements_per_group: u64,
    /// Bytes of the keys and values of one group at the crash; where groups differ, their mean.
    pub contents_bytes: u64,
    /// Who crashed.
    pub node: NodeId,
    /// What the node is.
    pub role: Role,
    /// From the kill until the manager knows.
    pub detect_us: f64,
    /// From the new process's start until it asks to be let in.
    pub restart_us: f64,
    /// The new epoch: sealing or fencing the members.
    pub fence_us: f64,
    /// Copying a replica's state, or gathering residuals.
    pub transfer_us: f64,
    /// Solving the code for the lost bytes.
    pub decode_us: f64,
    /// Checking the state, rebuilding indexes, becoming active.
    pub install_us: f64,
    /// From the kill until the node is active.
    pub total_us: f64,
    /// How long no write could complete in the crashed node's group, from the manager's reports: until the node
    /// was removed (a primary: until it was back), and while its re-entry held writers back.
    pub writes_paused_us: f64,
    /// Bytes that all nodes read from the kill until the node was active, with those of nodes that crashed
    /// together with it, heartbeats, and the writes of other groups if there were any.
    pub moved_bytes: u64,
    /// Acknowledged elements that were not read back afterwards.
    pub lost: u64,
    /// Elements read back with another value, or never inserted.
    pub wrong: u64,
}

impl RecoveryRow {
    /// What the mechanism itself took, in microseconds: fence, transfer, decode and install, without
    /// detection and restart, which depend on timeouts and on the operating system.
    pub fn recovery_us(&self) -> f64 {
        self.fence_us + self.transfer_us + self.decode_us + self.install_us
    }
}

/// The median recovery of one role in one run at the last size, part by part, in microseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LastRecovery {
    /// The run.
    pub configuration: Configuration,
    /// The role.
    pub role: Role,
    /// The size: elements in every group.
    pub elements_per_group: u64,
    /// Recoveries the medians are over.
    pub samples: usize,
    /// Medians of detect, restart, fence, transfer, decode, install, total and writes paused.
    pub medians_us: [f64; 8],
}

/// For each run and role, the medians over the recoveries at the largest size that was reached.
pub fn last_recoveries(rows: &[RecoveryRow]) -> Vec<LastRecovery> {
    let mut by_role: BTreeMap<(Configuration, Role), Vec<&RecoveryRow>> = BTreeMap::new();
    for row in rows {
        by_role
            .entry((row.configuration.clone(), row.role))
            .or_default()
            .push(row);
    }
    by_role
        .into_iter()
        .map(|((configuration, role), rows)| last_recovery(configuration, role, &rows))
        .collect()
}

fn last_recovery(configuration: Configuration, role: Role, rows: &[&RecoveryRow]) -> LastRecovery {
    let elements_per_group = rows.iter().map(|row| row.elements_per_group).max().unwrap_or(0);
    let last: Vec<_> = rows
        .iter()
        .filter(|row| row.elements_per_group == elements_per_group)
        .collect();
    let median_of = |part: fn(&RecoveryRow) -> f64| {
        median(&last.iter().map(|row| part(row)).collect::<Vec<_>>()).unwrap_or(0.0)
    };
    let medians_us = [
        median_of(|row| row.detect_us),
        median_of(|row| row.restart_us),
        median_of(|row| row.fence_us),
        median_of(|row| row.transfer_us),
        median_of(|row| row.decode_us),
        median_of(|row| row.install_us),
        median_of(|row| row.total_us),
        median_of(|row| row.writes_paused_us),
    ];
    LastRecovery {
        configuration,
        role,
        elements_per_group,
        samples: last.len(),
        medians_us,
    }
}
