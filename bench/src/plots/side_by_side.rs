//! The report's Figures 11 and 12: recovery of all mechanisms side by side, linear and logarithmic, one panel
//! per number of groups.

use std::collections::BTreeSet;

use super::axis::Steps;
use super::contender::{contenders, groups_text};
use super::figure::{Figure, Panel, Series, Source};
use super::recovery::{elements_axis, medians, recovery_axis};
use super::report_figures::ReportFigures;
use super::update_time::report_series;
use crate::results::Run;

const DEFINITION: &str = "Median over all crashes of all data nodes or primaries and all trials: from the new epoch \
                          to the node's being active (fence, transfer, decode, install), without detection and \
                          restart. The report gives numbers for 2 and 5 groups only.";

pub(super) fn figure_11(run: &Run, report: &ReportFigures) -> Figure {
    Figure {
        file_name: "fig11-recovery-side-by-side.svg",
        title: "Recovery time side by side (the report's Figure 11)".to_owned(),
        definition: format!("{DEFINITION} An arrow marks what lies beyond an axis."),
        x: elements_axis(run),
        y: recovery_axis(Steps::Linear),
        panels: panels(run, report),
    }
}

pub(super) fn figure_12(run: &Run, report: &ReportFigures) -> Figure {
    Figure {
        file_name: "fig12-recovery-side-by-side-log.svg",
        title: "Recovery time side by side, log scale (the report's Figure 12)".to_owned(),
        definition: DEFINITION.to_owned(),
        x: elements_axis(run),
        y: recovery_axis(Steps::Log),
        panels: panels(run, report),
    }
}

fn panels(run: &Run, report: &ReportFigures) -> Vec<Panel> {
    let of_groups = run.recoveries.iter().filter(|row| row.role.holds_a_group());
    let mut groups: BTreeSet<u32> = of_groups.map(|row| row.configuration.groups).collect();
    if groups.is_empty() {
        groups.insert(ReportFigures::GROUPS);
    }
    groups
        .into_iter()
        .map(|groups| panel(groups, run, report))
        .collect()
}

fn panel(groups: u32, run: &Run, report: &ReportFigures) -> Panel {
    let mut series = report_points(groups, report);
    series.extend(contenders(run).into_iter().map(|contender| {
        let rows = run.recoveries.iter().filter(|row| {
            row.role.holds_a_group()
                && row.configuration.groups == groups
                && contender.ran(&row.configuration)
        });
        let points = medians(rows, |row| row.elements_per_group);
        Series {
            label: contender.label,
            source: Source::Run,
            look: contender.look,
            points,
        }
    }));
    Panel {
        title: groups_text(groups),
        series,
    }
}

fn report_points(groups: u32, report: &ReportFigures) -> Vec<Series> {
    let point = |mechanism, us| report_series(mechanism, vec![(ReportFigures::ELEMENTS, us)]);
    match groups {
        2 => vec![point("fusion", report.recovery_fusion_2_groups_us)],
        ReportFigures::GROUPS => vec![
            point("replication", report.recovery_replication_us),
            point("fusion", report.recovery_fusion_us),
        ],
        _ => Vec::new(),
    }
}
