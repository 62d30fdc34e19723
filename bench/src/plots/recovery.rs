//! The report's Figures 8 to 10: recovery time of each kind of mechanism, by elements and by groups.
//!
//! Figure 8 takes every mechanism that recovers data nodes, Figures 9 and 10 every one that recovers
//! primaries; so each mechanism is in one of them, whatever its name.

use std::collections::{BTreeMap, BTreeSet};

use super::axis::{Axis, Quantity, Steps};
use super::contender::{Contender, contenders, groups_text};
use super::figure::{Figure, Look, Panel, Series, Source};
use super::marker::Marker;
use super::palette::{ordered_look, report_star};
use super::report_figures::ReportFigures;
use crate::results::{RecoveryRow, Role, Run, median};

const DEFINITION: &str = "Median over all crashes of all nodes and trials: from the new epoch to the node's being \
                          active (fence, transfer, decode, install), without detection and restart.";

/// Lines that fit into Figure 10 and are still told apart.
const MAX_LINES_BY_ELEMENTS: usize = 5;

pub(super) fn figure_8(run: &Run, report: &ReportFigures) -> Figure {
    let point = report_point("report, 5 groups", Marker::Star, report.recovery_replication_us);
    Figure {
        file_name: "fig8-recovery-replication.svg",
        title: "Recovery time of replication (the report's Figure 8)".to_owned(),
        definition: format!("{DEFINITION} Report: the slowest that it gives, at 10,000 elements."),
        x: elements_axis(run),
        y: recovery_axis(Steps::Linear),
        panels: panels(run, Role::DataNode, &[point], series_by_groups),
    }
}

pub(super) fn figure_9(run: &Run, report: &ReportFigures) -> Figure {
    let points = [
        report_point(
            "report, 2 groups",
            Marker::Diamond,
            report.recovery_fusion_2_groups_us,
        ),
        report_point("report, 5 groups", Marker::Star, report.recovery_fusion_us),
    ];
    Figure {
        file_name: "fig9-recovery-fusion.svg",
        title: "Recovery time of fusion (the report's Figure 9)".to_owned(),
        definition: format!(
            "{DEFINITION} Report: at 10,000 elements; an arrow marks what lies beyond an axis."
        ),
        x: elements_axis(run),
        y: recovery_axis(Steps::Linear),
        panels: panels(run, Role::Primary, &points, series_by_groups),
    }
}

pub(super) fn figure_10(run: &Run, report: &ReportFigures) -> Figure {
    let points = vec![
        (2.0, report.recovery_fusion_2_groups_us),
        (f64::from(ReportFigures::GROUPS), report.recovery_fusion_us),
    ];
    let label = "report, 10,000 elements".to_owned();
    let theirs = Series {
        label,
        source: Source::Report,
        look: report_star(),
        points,
    };
    Figure {
        file_name: "fig10-recovery-fusion-by-elements.svg",
        title: "Recovery time of fusion by number of groups (the report's Figure 10)".to_owned(),
        definition: format!(
            "{DEFINITION} One line per number of elements. An arrow marks what lies beyond an axis."
        ),
        x: Axis {
            label: "groups".to_owned(),
            quantity: Quantity::Count,
            steps: Steps::Whole,
        },
        y: recovery_axis(Steps::Linear),
        panels: panels(run, Role::Primary, &[theirs], series_by_elements),
    }
}

/// Sizes of several orders of magnitude would lie on one another on a linear axis.
pub(super) fn elements_axis(run: &Run) -> Axis {
    const FAR_APART: u64 = 100;
    let of_sizes = run.sizes.iter().map(|row| row.elements_per_group);
    let of_recoveries = run.recoveries.iter().map(|row| row.elements_per_group);
    let all: BTreeSet<u64> = of_sizes.chain(of_recoveries).filter(|count| *count > 0).collect();
    let ends = all.first().zip(all.last());
    let is_wide = ends.is_some_and(|(first, last)| last / first >= FAR_APART);
    Axis {
        label: "elements per group".to_owned(),
        quantity: Quantity::Count,
        steps: if is_wide { Steps::Log } else { Steps::Linear },
    }
}

pub(super) fn recovery_axis(steps: Steps) -> Axis {
    Axis {
        label: "recovery time".to_owned(),
        quantity: Quantity::TimeUs,
        steps,
    }
}

/// Medians of the recovery time over the rows with equal `x`, x rising.
pub(super) fn medians<'a>(
    rows: impl Iterator<Item = &'a RecoveryRow>,
    x: fn(&RecoveryRow) -> u64,
) -> Vec<(f64, f64)> {
    let mut samples: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for row in rows {
        samples.entry(x(row)).or_default().push(row.recovery_us());
    }
    samples
        .into_iter()
        .filter_map(|(x, samples)| Some((x as f64, median(&samples)?)))
        .collect()
}

fn report_point(label: &str, marker: Marker, us: f64) -> Series {
    Series {
        label: label.to_owned(),
        source: Source::Report,
        look: Look {
            marker,
            ..report_star()
        },
        points: vec![(ReportFigures::ELEMENTS, us)],
    }
}

/// One panel per mechanism that recovers nodes of this role; without any, one with the report's figures.
fn panels(
    run: &Run,
    role: Role,
    report: &[Series],
    series_of: fn(&[&RecoveryRow]) -> Vec<Series>,
) -> Vec<Panel> {
    let rows_of = |contender: &Contender| -> Vec<&RecoveryRow> {
        let rows = run.recoveries.iter();
        rows.filter(|row| row.role == role && contender.ran(&row.configuration))
            .collect()
    };
    let with_report = |series: Vec<Series>| report.iter().cloned().chain(series).collect();
    let ran = contenders(run)
        .into_iter()
        .map(|contender| (rows_of(&contender), contender.label));
    let panels: Vec<_> = ran
        .filter(|(rows, _)| !rows.is_empty())
        .map(|(rows, title)| Panel {
            title,
            series: with_report(series_of(&rows)),
        })
        .collect();
    if panels.is_empty() {
        vec![Panel {
            title: String::new(),
            series: report.to_vec(),
        }]
    } else {
        panels
    }
}

fn series_by_groups(rows: &[&RecoveryRow]) -> Vec<Series> {
    let all: BTreeSet<u32> = rows.iter().map(|row| row.configuration.groups).collect();
    let series = all.iter().enumerate().map(|(place, groups)| {
        let of_these = rows
            .iter()
            .copied()
            .filter(|row| row.configuration.groups == *groups);
        ordered_series(
            groups_text(*groups),
            (place, all.len()),
            medians(of_these, |row| row.elements_per_group),
        )
    });
    series.collect()
}

fn series_by_elements(rows: &[&RecoveryRow]) -> Vec<Series> {
    let all: BTreeSet<u64> = rows.iter().map(|row| row.elements_per_group).collect();
    let chosen = spread_out(&all.into_iter().collect::<Vec<_>>(), MAX_LINES_BY_ELEMENTS);
    let series = chosen.iter().enumerate().map(|(place, elements)| {
        let of_these = rows
            .iter()
            .copied()
            .filter(|row| row.elements_per_group == *elements);
        let points = medians(of_these, |row| u64::from(row.configuration.groups));
        let label = format!("{} elements", Quantity::Count.text(*elements as f64));
        ordered_series(label, (place, chosen.len()), points)
    });
    series.collect()
}

fn ordered_series(label: String, (place, count): (usize, usize), points: Vec<(f64, f64)>) -> Series {
    Series {
        label,
        source: Source::Run,
        look: ordered_look(place, count),
        points,
    }
}

/// At most `most` of the values, evenly spread, the last one always among them.
fn spread_out(values: &[u64], most: usize) -> Vec<u64> {
    let step = values.len().div_ceil(most).max(1);
    let mut chosen: Vec<_> = values.iter().rev().step_by(step).copied().collect();
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use super::spread_out;

    #[test]
    fn chosen_element_counts_are_spread_out_and_end_with_the_last() {
        let thousands: Vec<u64> = (1..=10).map(|k| k * 1000).collect();
        assert_eq!(spread_out(&thousands, 5), [2000, 4000, 6000, 8000, 10_000]);
        assert_eq!(spread_out(&thousands[..3], 5), [1000, 2000, 3000]);
        assert_eq!(spread_out(&[], 5), [0; 0]);
    }
}
