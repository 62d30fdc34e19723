//! What the page's template shows: every value already a text with its unit.

use minijinja::Value;
use serde::Serialize;

use crate::floor::{Floor, RoundTimes};
use crate::plots::{PlotError, figures, render};
use crate::results::{
    At, Configuration, LastRecovery, OthersSummary, Run, RunRecord, SummaryRow, UpdateRow, bytes_text,
    last_recoveries, others_summary, ratio_text, result_cells, structure_text, time_us_text,
};

/// The whole page.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    start: String,
    interrupted: bool,
    /// The failed checks: run, lost, wrong.
    failures: Vec<[String; 3]>,
    results: Vec<Vec<String>>,
    figures: Vec<FigureOnPage>,
    updates: Vec<Vec<String>>,
    recoveries: Vec<Vec<String>>,
    others: Vec<Vec<String>>,
    floor: Vec<Vec<String>>,
    floor_faults: Option<u32>,
    machine: Vec<(&'static str, String)>,
}

#[derive(Debug, Serialize)]
struct FigureOnPage {
    title: String,
    svg: Value,
}

impl Page {
    pub(super) fn of(run: &Run) -> Result<Self, PlotError> {
        let summary = run.summary();
        let record = &run.record;
        Ok(Self {
            start: record.start.clone(),
            interrupted: record.interrupted,
            failures: summary
                .iter()
                .filter(|row| row.lost + row.wrong > 0)
                .map(failure)
                .collect(),
            results: summary.iter().map(|row| result_cells(row).to_vec()).collect(),
            figures: figures_of(run)?,
            updates: run.updates.iter().map(update_cells).collect(),
            recoveries: last_recoveries(&run.recoveries)
                .iter()
                .map(recovery_cells)
                .collect(),
            others: others_summary(&run.recoveries, &run.others)
                .iter()
                .map(others_cells)
                .collect(),
            floor: record.floor.iter().flat_map(floor_rows).collect(),
            floor_faults: record.floor.map(|floor| floor.faults),
            machine: machine_lines(record),
        })
    }
}

fn figures_of(run: &Run) -> Result<Vec<FigureOnPage>, PlotError> {
    let drawn = figures(run).into_iter().map(|figure| {
        let svg = Value::from_safe_string(render(&figure)?);
        Ok(FigureOnPage {
            title: figure.title,
            svg,
        })
    });
    drawn.collect()
}

fn failure(row: &SummaryRow) -> [String; 3] {
    [
        row.configuration.to_string(),
        row.lost.to_string(),
        row.wrong.to_string(),
    ]
}

/// The first cells of every table.
fn configuration_cells(run: &Configuration) -> Vec<String> {
    vec![
        run.groups.to_string(),
        run.faults.to_string(),
        structure_text(run),
        run.mechanism.clone(),
    ]
}

fn update_cells(row: &UpdateRow) -> Vec<String> {
    let at = match row.at {
        At::Door => "door",
        At::Client => "client",
    };
    let times = [
        row.mean_us,
        row.std_dev_us,
        row.p50_us,
        row.p90_us,
        row.p99_us,
        row.p999_us,
        row.max_us,
    ];
    let mut cells = configuration_cells(&row.configuration);
    cells.extend([row.trial.to_string(), at.to_owned(), row.count.to_string()]);
    cells.extend(times.map(time_us_text));
    cells.extend([
        ratio_text(row.messages_per_update),
        ratio_text(row.bytes_per_update),
    ]);
    cells
}

fn recovery_cells(last: &LastRecovery) -> Vec<String> {
    let LastRecovery {
        configuration,
        role,
        elements_per_group,
        samples,
        medians_us,
    } = last;
    let mut cells = configuration_cells(configuration);
    cells.push(role.to_string());
    cells.extend([elements_per_group.to_string(), samples.to_string()]);
    cells.extend(medians_us.map(time_us_text));
    cells
}

fn others_cells(seen: &OthersSummary) -> Vec<String> {
    let mut cells = configuration_cells(&seen.configuration);
    cells.extend([
        seen.role.to_string(),
        seen.elements_per_group.to_string(),
        seen.crashes.to_string(),
        format!("{:.0}", seen.before_per_s),
        ratio_text(seen.recovery_over_before),
    ]);
    let times = [
        seen.before_p999_us,
        seen.recovery_p999_us,
        seen.outage_max_us,
        seen.recovery_max_us,
    ];
    cells.extend(times.map(time_us_text));
    cells
}

fn floor_rows(floor: &Floor) -> Vec<Vec<String>> {
    let row = |name: &str, times: RoundTimes| {
        let times = [times.p50_us, times.p90_us, times.p99_us, times.mean_us];
        [name.to_owned()]
            .into_iter()
            .chain(times.map(time_us_text))
            .collect()
    };
    vec![
        row("one client round trip", floor.client_round_trip),
        row("one round to f receivers (fusion)", floor.one_round_to_f),
        row(
            "one round to f + 1 receivers (replication-sequencer)",
            floor.one_round_to_f_plus_1,
        ),
        row(
            "two rounds to f + 1 receivers (replication)",
            floor.two_rounds_to_f_plus_1,
        ),
    ]
}

fn machine_lines(record: &RunRecord) -> Vec<(&'static str, String)> {
    let seeds: Vec<_> = record.seeds.iter().map(u64::to_string).collect();
    vec![
        ("Command", record.command_line.join(" ")),
        ("Settings", record.settings.to_string()),
        ("Seeds", seeds.join(", ")),
        ("Processor", record.machine.processor.clone()),
        ("Cores", record.machine.cores.to_string()),
        ("Memory", bytes_text(record.machine.memory_bytes as f64)),
        ("Kernel", record.machine.kernel.clone()),
        ("Commit", record.build.commit.clone()),
        ("Compiler", record.build.compiler.clone()),
        ("Start", record.start.clone()),
        ("End", record.end.clone().unwrap_or_else(|| "never".to_owned())),
    ]
}
