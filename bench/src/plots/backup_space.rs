//! The report's Figure 7, "Backup space results": backup bytes by elements, one panel per number of groups.

use std::collections::{BTreeMap, BTreeSet};

use super::axis::{Axis, Quantity, Steps};
use super::contender::{Contender, contenders, groups_text};
use super::figure::{Figure, Look, Panel, Series, Source, Stroke};
use super::recovery::elements_axis;
use super::report_figures::ReportFigures;
use super::update_time::report_series;
use crate::results::{BackupSizeRow, Run, median};

pub(super) fn figure_7(run: &Run, report: &ReportFigures) -> Figure {
    let groups: BTreeSet<u32> = run.sizes.iter().map(|row| row.configuration.groups).collect();
    let mut panels: Vec<_> = groups
        .into_iter()
        .map(|groups| panel(groups, run, report))
        .collect();
    if panels.is_empty() {
        panels.push(Panel {
            title: String::new(),
            series: vec![report_point(report)],
        });
    }
    Figure {
        file_name: "fig7-backup-space.svg",
        title: "Backup space by number of elements (the report's Figure 7)".to_owned(),
        definition: format!(
            "Heap held beyond one copy of each group, summed over the cluster: f of every f + 1 replicas, or all \
             fused servers. Dashed: the elements' own (or fused) bytes alone. Report: one fused backup of 10,000 \
             one-bit elements, the same for every number of groups (an arrow marks it beyond an axis); at {} groups it was {} of replication's.",
            ReportFigures::GROUPS,
            report.backup_ratio
        ),
        x: elements_axis(run),
        y: Axis {
            label: "backup".to_owned(),
            quantity: Quantity::Bytes,
            steps: Steps::Linear,
        },
        panels,
    }
}

fn panel(groups: u32, run: &Run, report: &ReportFigures) -> Panel {
    let mut series = vec![report_point(report)];
    for contender in contenders(run) {
        let Contender { label, look, .. } = contender.clone();
        let rows = || {
            run.sizes
                .iter()
                .filter(|row| row.configuration.groups == groups && contender.ran(&row.configuration))
        };
        let payload = Series {
            label: format!("{label}, payload only"),
            source: Source::Run,
            look: Look {
                stroke: Stroke::Dashed,
                hollow: true,
                ..look
            },
            points: backup_by_elements(rows(), |row| row.payload_bytes),
        };
        let points = backup_by_elements(rows(), |row| row.heap_bytes);
        series.extend([
            Series {
                label,
                source: Source::Run,
                look,
                points,
            },
            payload,
        ]);
    }
    Panel {
        title: groups_text(groups),
        series,
    }
}

/// Sums over the nodes of each trial; medians over the trials.
fn backup_by_elements<'a>(
    rows: impl Iterator<Item = &'a BackupSizeRow>,
    bytes: fn(&BackupSizeRow) -> u64,
) -> Vec<(f64, f64)> {
    let mut sums: BTreeMap<u64, BTreeMap<u32, f64>> = BTreeMap::new();
    for row in rows {
        let sum = sums
            .entry(row.elements_per_group)
            .or_default()
            .entry(row.trial)
            .or_default();
        *sum += row.beyond_one_copy(bytes(row));
    }
    let by_elements = sums.into_iter().filter_map(|(elements, trials)| {
        Some((
            elements as f64,
            median(&trials.into_values().collect::<Vec<_>>())?,
        ))
    });
    by_elements.collect()
}

fn report_point(report: &ReportFigures) -> Series {
    report_series("fusion", vec![(ReportFigures::ELEMENTS, report.fused_bytes)])
}
