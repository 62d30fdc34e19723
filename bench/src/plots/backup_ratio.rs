//! Backup bytes over replication's, by number of groups, one panel per length of values: fusion's promise is 1 / n.

use std::collections::BTreeSet;

use super::axis::{Axis, Quantity, Steps};
use super::contender::contenders;
use super::figure::{Figure, Look, Panel, Series, Source, Stroke};
use super::marker::Marker;
use super::palette::REPORT_GREY;
use crate::results::{Run, SummaryRow, ValueBytes};

/// The mechanism that all others are drawn over.
const BASELINE: &str = "replication";

pub(super) fn backup_ratio(run: &Run) -> Figure {
    let summary = run.summary();
    let lengths: BTreeSet<ValueBytes> = summary.iter().map(|row| row.configuration.value_bytes).collect();
    let mut panels: Vec<Panel> = lengths
        .into_iter()
        .map(|value_bytes| panel(run, &summary, value_bytes))
        .collect();
    if panels.is_empty() {
        panels.push(Panel {
            title: String::new(),
            series: vec![one_over_n(&[])],
        });
    }
    Figure {
        file_name: "backup-over-replication.svg",
        title: "Backup bytes over replication's".to_owned(),
        definition: "Heap held beyond one copy of each group at the last size, over replication's in the same \
                     setting. One fused backup is as long as the longest primary, so with groups of one size it \
                     takes 1 / n of what n groups' replicas take: the dotted line."
            .to_owned(),
        x: Axis {
            label: "groups".to_owned(),
            quantity: Quantity::Count,
            steps: Steps::Whole,
        },
        y: Axis {
            label: "over replication".to_owned(),
            quantity: Quantity::Ratio,
            steps: Steps::Linear,
        },
        panels,
    }
}

fn panel(run: &Run, summary: &[SummaryRow], value_bytes: ValueBytes) -> Panel {
    let of_length = || {
        summary
            .iter()
            .filter(move |row| row.configuration.value_bytes == value_bytes)
    };
    let groups: Vec<u32> = of_length().map(|row| row.configuration.groups).collect();
    let others = contenders(run)
        .into_iter()
        .filter(|contender| contender.mechanism != BASELINE);
    let series = others.map(|contender| {
        let rows = of_length().filter(|row| contender.ran(&row.configuration));
        let point = |row: &SummaryRow| {
            let ratio = row.backup_over_replication?;
            Some((f64::from(row.configuration.groups), ratio))
        };
        let points = rows.filter_map(point).collect();
        Series {
            label: contender.label,
            source: Source::Run,
            look: contender.look,
            points,
        }
    });
    Panel {
        title: format!("values of {value_bytes} B"),
        series: std::iter::once(one_over_n(&groups)).chain(series).collect(),
    }
}

/// 1 / n from the fewest groups to the most.
fn one_over_n(groups: &[u32]) -> Series {
    let (first, last) = (groups.iter().min(), groups.iter().max());
    let all = first.zip(last).map(|(first, last)| *first..=*last);
    let points = all.into_iter().flatten().map(f64::from);
    Series {
        label: "1 / n".to_owned(),
        source: Source::Reference,
        look: Look {
            color: REPORT_GREY,
            marker: Marker::DownTriangle,
            stroke: Stroke::Dotted,
            hollow: true,
        },
        points: points.map(|n| (n, 1.0 / n)).collect(),
    }
}
