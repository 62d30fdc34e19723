//! The report's Table 2, "Summary statistics for backup time per group", drawn: median and mean.

use super::axis::{Axis, Quantity, Steps};
use super::contender::contenders;
use super::figure::{Figure, Panel, Series, Source};
use super::palette::{mechanism_look, report_look};
use super::report_figures::{ReportFigures, Table2Row};
use crate::results::{Run, SummaryRow};

pub(super) fn table_2(run: &Run, report: &ReportFigures) -> Figure {
    Figure {
        file_name: "table2-update-time.svg",
        title: "Update time by number of groups (the report's Table 2)".to_owned(),
        definition: "Time of one insert at the door (group manager or primary), from the request's arrival to its \
                     reply's departure, over all inserts of all trials; none runs during a crash. Dotted: the report's \
                     own figures (f = 1, 2.3 GHz Core i7, Python 2)."
            .to_owned(),
        x: Axis { label: "groups".to_owned(), quantity: Quantity::Count, steps: Steps::Whole },
        y: Axis { label: "update time".to_owned(), quantity: Quantity::TimeUs, steps: Steps::Log },
        panels: vec![
            panel("median", run, report, |row| row.update_p50_us, |row| row.median_us),
            panel("mean", run, report, |row| row.update_mean_us, |row| row.mean_us),
        ],
    }
}

fn panel(
    title: &str,
    run: &Run,
    report: &ReportFigures,
    ours: fn(&SummaryRow) -> Option<f64>,
    theirs: fn(&Table2Row) -> f64,
) -> Panel {
    let summary = run.summary();
    let mut series: Vec<_> = ["replication", "fusion"]
        .into_iter()
        .map(|mechanism| {
            let rows = report.table_2.iter().filter(|row| row.mechanism == mechanism);
            let points = rows.map(|row| (f64::from(row.groups), theirs(row))).collect();
            report_series(mechanism, points)
        })
        .collect();
    series.extend(contenders(run).into_iter().map(|contender| {
        let rows = summary.iter().filter(|row| contender.ran(&row.configuration));
        let points = rows
            .filter_map(|row| Some((f64::from(row.configuration.groups), ours(row)?)))
            .collect();
        Series {
            label: contender.label,
            source: Source::Run,
            look: contender.look,
            points,
        }
    }));
    Panel {
        title: title.to_owned(),
        series,
    }
}

/// Figures of one of the report's two mechanisms; its fusion is what is called `fusion-linked` here.
pub(super) fn report_series(mechanism: &str, points: Vec<(f64, f64)>) -> Series {
    let ours = if mechanism == "fusion" {
        "fusion-linked"
    } else {
        mechanism
    };
    Series {
        label: format!("report: {mechanism}"),
        source: Source::Report,
        look: report_look(mechanism_look(ours, &[])),
        points,
    }
}
