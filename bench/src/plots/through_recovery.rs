//! What the other groups' writers see of one crash, over time: their throughput and their longest updates.
//!
//! Of each mechanism the crash of one primary or data node with the most data is drawn, at the most groups; of
//! several such crashes the one whose recovery took the median time.

use plotters::style::RGBColor;

use super::axis::{Axis, Quantity, Steps};
use super::contender::{Contender, contenders, groups_text};
use super::figure::{Figure, Look, Panel, Series, Source, Stroke};
use super::marker::Marker;
use super::palette::REPORT_GREY;
use crate::results::{Circumstance, Period, RecoveryRow, Run, ThroughputRow};

/// Points of one line; neighbouring stretches are put together until there are no more.
const MAX_POINTS: usize = 80;

pub(super) fn throughput(run: &Run) -> Figure {
    Figure {
        file_name: "throughput-through-recovery.svg",
        title: "Writes of the other groups through a recovery".to_owned(),
        definition: format!(
            "Updates answered to the clients of the groups that did not crash, per second. {CHOICE}"
        ),
        x: time_axis(),
        y: Axis {
            label: "updates per second".to_owned(),
            quantity: Quantity::Count,
            steps: Steps::Linear,
        },
        panels: panels(run, |rows| {
            let updates: u64 = rows.iter().map(|row| row.updates).sum();
            let ms: u64 = rows.iter().map(|row| row.bucket_ms).sum();
            Some(updates as f64 * 1000.0 / ms.max(1) as f64)
        }),
    }
}

pub(super) fn longest_updates(run: &Run) -> Figure {
    Figure {
        file_name: "pauses-through-recovery.svg",
        title: "The longest updates of the other groups through a recovery".to_owned(),
        definition: format!(
            "The longest of the updates answered in each stretch of time, in the groups that did not crash; the line \
             passes over stretches in which none was answered. {CHOICE}"
        ),
        x: time_axis(),
        y: Axis {
            label: "longest update".to_owned(),
            quantity: Quantity::TimeUs,
            steps: Steps::Log,
        },
        panels: panels(run, |rows| {
            let answered = rows.iter().filter(|row| row.updates > 0);
            answered.map(|row| row.max_us).reduce(f64::max)
        }),
    }
}

const CHOICE: &str = "Of each mechanism the crash of a data node or primary with the most data, and of several the one \
                      whose recovery took the median time. Time from the kill.";

fn time_axis() -> Axis {
    Axis {
        label: "since the kill".to_owned(),
        quantity: Quantity::TimeUs,
        steps: Steps::Span,
    }
}

fn panels(run: &Run, value: fn(&[ThroughputRow]) -> Option<f64>) -> Vec<Panel> {
    let drawn: Vec<(Contender, &RecoveryRow)> = contenders(run)
        .into_iter()
        .filter_map(|contender| chosen(run, &contender).map(|crash| (contender, crash)))
        .collect();
    let lines: Vec<_> = drawn.iter().map(|(_, crash)| line(run, crash, value)).collect();
    let ends = ends(lines.iter().flatten().map(|(_, y)| *y));
    let panel = |((contender, crash), points): ((Contender, &RecoveryRow), Vec<(f64, f64)>)| {
        let measured = Series {
            label: contender.label.clone(),
            source: Source::Run,
            look: Look {
                marker: Marker::None,
                ..contender.look
            },
            points,
        };
        let marks = marks(run, crash, ends);
        Panel {
            title: format!("{}, {}", contender.label, groups_text(crash.configuration.groups)),
            series: marks.into_iter().chain([measured]).collect(),
        }
    };
    let panels: Vec<Panel> = drawn.into_iter().zip(lines).map(panel).collect();
    if panels.is_empty() {
        vec![Panel {
            title: String::new(),
            series: Vec::new(),
        }]
    } else {
        panels
    }
}

/// The smallest and the largest of what is more than nothing: panels share their axes, and so their marks.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let positive: Vec<f64> = values.filter(|value| *value > 0.0).collect();
    let highest = positive.iter().copied().fold(0.0, f64::max);
    (positive.into_iter().fold(highest, f64::min), highest)
}

/// The crash that is drawn of a mechanism, if its others wrote.
fn chosen<'a>(run: &'a Run, contender: &Contender) -> Option<&'a RecoveryRow> {
    let is_seen = |row: &&RecoveryRow| {
        contender.ran(&row.configuration)
            && row.role.holds_a_group()
            && row.circumstance == Circumstance::Alone
            && stretches(run, row).next().is_some()
    };
    let mut rows: Vec<&RecoveryRow> = run.recoveries.iter().filter(is_seen).collect();
    let size = |row: &RecoveryRow| (row.configuration.groups, row.contents_bytes);
    let largest = rows.iter().map(|row| size(row)).max()?;
    rows.retain(|row| size(row) == largest);
    rows.sort_by(|a, b| a.recovery_us().total_cmp(&b.recovery_us()));
    rows.get((rows.len() - 1) / 2).copied()
}

fn stretches<'a>(run: &'a Run, crash: &'a RecoveryRow) -> impl Iterator<Item = &'a ThroughputRow> {
    let place = (&crash.configuration, crash.trial, crash.crash);
    run.throughput
        .iter()
        .filter(move |row| (&row.configuration, row.trial, row.crash) == place)
}

fn line(run: &Run, crash: &RecoveryRow, value: fn(&[ThroughputRow]) -> Option<f64>) -> Vec<(f64, f64)> {
    let rows: Vec<ThroughputRow> = stretches(run, crash).cloned().collect();
    let together = rows.len().div_ceil(MAX_POINTS).max(1);
    let point = |rows: &[ThroughputRow]| {
        let first = rows.first()?;
        let middle_ms = first.t_ms as f64 + first.bucket_ms as f64 * rows.len() as f64 / 2.0;
        Some((middle_ms * 1000.0, value(rows)?))
    };
    rows.chunks(together).filter_map(point).collect()
}

/// The moments of the crash as vertical lines.
fn marks(run: &Run, crash: &RecoveryRow, (low, high): (f64, f64)) -> Vec<Series> {
    let outage_ms = run
        .others
        .iter()
        .find(|row| {
            row.period == Period::Outage
                && (&row.configuration, row.trial, row.crash)
                    == (&crash.configuration, crash.trial, crash.crash)
        })
        .map(|row| row.duration_ms);
    let mark = |label: &str, color, x: f64| Series {
        label: label.to_owned(),
        source: Source::Reference,
        look: Look {
            color,
            marker: Marker::None,
            stroke: Stroke::Dashed,
            hollow: false,
        },
        points: vec![(x, low), (x, high)],
    };
    let moments = [
        Some(mark("killed", RGBColor(179, 38, 30), 0.0)),
        outage_ms.map(|ms| mark("asks to be let in", REPORT_GREY, ms * 1000.0)),
        Some(mark("active again", RGBColor(0, 0, 0), crash.total_us)),
    ];
    moments.into_iter().flatten().collect()
}
