//! One line per run: a row of `summary.csv`, computed from the observations alone.
//!
//! Backup bytes are what is held beyond one copy of each group (see [`BackupSizeRow::beyond_one_copy`]), so
//! that f copies of replication stand against the f fused servers. Ratios are to `replication` in the same
//! setting (groups, faults, structure, workload, values); where it was not run they are empty, never guessed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::update::thousandths;
use super::{At, BackupSizeRow, Configuration, RecoveryRow, UpdateRow, median};
use crate::floor::Floor;

/// The mechanism that the others are compared with.
const BASELINE: &str = "replication";

/// One run in one line. Empty where nothing was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// The run that this row belongs to.
    pub configuration: Configuration,
    /// Inserts per group that were asked for.
    pub ops: u64,
    /// Mean update at the door over all updates of all trials.
    pub update_mean_us: Option<f64>,
    /// Median update at the door; of several trials, the median of their medians.
    pub update_p50_us: Option<f64>,
    /// The median over the loopback rounds that the mechanism cannot beat.
    pub update_p50_over_floor: Option<f64>,
    /// Heap held beyond one copy of each group at the last size; of several trials, the median.
    pub backup_bytes: Option<u64>,
    /// The same over replication's.
    pub backup_over_replication: Option<f64>,
    /// Median over all recoveries of data nodes and primaries: fence, transfer, decode and install.
    pub recovery_p50_us: Option<f64>,
    /// The same over replication's.
    pub recovery_over_replication: Option<f64>,
    /// Acknowledged elements not read back, over all recoveries.
    pub lost: u64,
    /// Elements read back wrong, or never inserted, over all recoveries.
    pub wrong: u64,
}

/// The observations that a summary is computed from.
#[derive(Clone, Copy, Debug)]
struct Observations<'a> {
    updates: &'a [UpdateRow],
    sizes: &'a [BackupSizeRow],
    recoveries: &'a [RecoveryRow],
}

/// One row per run that appears in any of the observations, in the order of [`Configuration`].
pub fn summarize(
    ops: u64,
    floor: Option<&Floor>,
    updates: &[UpdateRow],
    sizes: &[BackupSizeRow],
    recoveries: &[RecoveryRow],
) -> Vec<SummaryRow> {
    let all = Observations {
        updates,
        sizes,
        recoveries,
    };
    let mut rows: Vec<_> = all
        .configurations()
        .into_iter()
        .map(|run| all.row_without_ratios(&run, ops, floor))
        .collect();
    add_ratios_to_baseline(&mut rows);
    rows
}

impl<'a> Observations<'a> {
    fn configurations(self) -> BTreeSet<Configuration> {
        let updates = self.updates.iter().map(|row| &row.configuration);
        let sizes = self.sizes.iter().map(|row| &row.configuration);
        let recoveries = self.recoveries.iter().map(|row| &row.configuration);
        updates.chain(sizes).chain(recoveries).cloned().collect()
    }

    fn row_without_ratios(self, run: &Configuration, ops: u64, floor: Option<&Floor>) -> SummaryRow {
        let update_p50_us = self.update_p50_us(run);
        let floor_us = floor.and_then(|floor| floor.floor_us(&run.mechanism, run.faults));
        let recoveries = || self.recoveries.iter().filter(|row| row.configuration == *run);
        SummaryRow {
            configuration: run.clone(),
            ops,
            update_mean_us: self.update_mean_us(run),
            update_p50_us,
            update_p50_over_floor: ratio(update_p50_us, floor_us),
            backup_bytes: self.backup_bytes(run),
            backup_over_replication: None,
            recovery_p50_us: self.recovery_p50_us(run),
            recovery_over_replication: None,
            lost: recoveries().map(|row| row.lost).sum(),
            wrong: recoveries().map(|row| row.wrong).sum(),
        }
    }

    fn at_the_door(self, run: &Configuration) -> Vec<&'a UpdateRow> {
        self.updates
            .iter()
            .filter(|row| row.at == At::Door && row.count > 0 && row.configuration == *run)
            .collect()
    }

    fn update_mean_us(self, run: &Configuration) -> Option<f64> {
        let door = self.at_the_door(run);
        let count: u64 = door.iter().map(|row| row.count).sum();
        let total_us: f64 = door.iter().map(|row| row.mean_us * row.count as f64).sum();
        (count > 0).then(|| thousandths(total_us / count as f64))
    }

    fn update_p50_us(self, run: &Configuration) -> Option<f64> {
        let medians: Vec<_> = self.at_the_door(run).iter().map(|row| row.p50_us).collect();
        median(&medians).map(thousandths)
    }

    fn backup_bytes(self, run: &Configuration) -> Option<u64> {
        let mut by_trial: BTreeMap<u32, Vec<&BackupSizeRow>> = BTreeMap::new();
        for row in self.sizes.iter().filter(|row| row.configuration == *run) {
            by_trial.entry(row.trial).or_default().push(row);
        }
        let at_the_end: Vec<_> = by_trial
            .values()
            .map(|rows| bytes_at_the_last_size(rows))
            .collect();
        median(&at_the_end).map(|bytes| bytes.round() as u64)
    }

    fn recovery_p50_us(self, run: &Configuration) -> Option<f64> {
        let of_this_run = self
            .recoveries
            .iter()
            .filter(|row| row.role.holds_a_group() && row.configuration == *run);
        median(&of_this_run.map(RecoveryRow::recovery_us).collect::<Vec<_>>()).map(thousandths)
    }
}

fn bytes_at_the_last_size(trial: &[&BackupSizeRow]) -> f64 {
    let last = trial.iter().map(|row| row.elements_per_group).max();
    let at_last = trial.iter().filter(|row| Some(row.elements_per_group) == last);
    at_last.map(|row| row.beyond_one_copy(row.heap_bytes)).sum()
}

fn add_ratios_to_baseline(rows: &mut [SummaryRow]) {
    let of_baseline = rows.iter().filter(|row| row.configuration.mechanism == BASELINE);
    let baselines: Vec<SummaryRow> = of_baseline.cloned().collect();
    for row in rows {
        let setting = row.configuration.setting();
        let alike = |baseline: &&SummaryRow| baseline.configuration.setting() == setting;
        let Some(baseline) = baselines.iter().find(alike) else {
            continue;
        };
        let bytes = |row: &SummaryRow| row.backup_bytes.map(|bytes| bytes as f64);
        row.backup_over_replication = ratio(bytes(row), bytes(baseline));
        row.recovery_over_replication = ratio(row.recovery_p50_us, baseline.recovery_p50_us);
    }
}

fn ratio(value: Option<f64>, over: Option<f64>) -> Option<f64> {
    let (value, over) = (value?, over?);
    (over > 0.0).then(|| thousandths(value / over))
}
