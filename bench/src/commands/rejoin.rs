//! `bench rejoin`: what do a group's writers notice while a backup of it is lost and comes back?
//!
//! Without `--rate` the writer waits for answers, and a pause meets few updates: the last columns tell it.

use clap::Args;
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use settings::{Join, Mechanism};

use super::{
    Failure,
    arguments::{MAX_OPS, mechanism},
};
use crate::{
    load::{CopyPlan, MAX_RATE, Pace, Phase, RejoinPlan, rejoin as measure},
    placement::Placement,
    results::time_us_text,
};

/// Stands in a cell that has no figure.
const NOTHING: &str = "–";

/// `bench rejoin`.
#[derive(Debug, Args)]
pub struct RejoinArguments {
    /// How the list is kept alive: its backup is a data node, or a fused server.
    #[arg(long, value_parser = mechanism, default_value = "replication")]
    mechanism: Mechanism,
    /// Elements of the list before a backup is lost.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=MAX_OPS))]
    elements: u64,
    /// Bytes of each.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    value_bytes: u16,
    /// Requests that the one client has under way, at the most. Without --rate it sends as soon as it may (closed loop):
    /// a pause then meets no more updates than these, so that max and the longest time without an answer tell of it, and
    /// the quantiles do not.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u8).range(1..=64))]
    pipeline: u8,
    /// Updates a second, whether or not the ones before are answered (open loop): times count from the intended starts, and
    /// a pause meets all that would have come meanwhile.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=MAX_RATE))]
    rate: Option<u64>,
    /// How a data node is readmitted: `stream`, or `freeze` as in the report.
    #[arg(long, default_value = "stream")]
    join: Join,
    /// Stop the backup (SIGSTOP) instead of killing it.
    #[arg(long)]
    stopped: bool,
    /// `split`: the door on one core, the backups on another; `free`: wherever the system likes.
    #[arg(long, default_value = "split")]
    placement: Placement,
}

/// Measures, and prints a row for each phase.
///
/// # Errors
/// `Usage` if the mechanism has no such way to join; else if the cluster does not do what it should, or a write fails.
pub fn rejoin(arguments: &RejoinArguments) -> Result<(), Failure> {
    if arguments.mechanism.is_fusion() && arguments.join == Join::Freeze {
        let mechanism = arguments.mechanism;
        return Err(Failure::Usage(format!(
            "error: --join freeze: {mechanism} has no data nodes, which are readmitted like that; name a replicating \
             --mechanism"
        )));
    }
    let plan = RejoinPlan {
        copy: CopyPlan {
            mechanism: arguments.mechanism,
            elements: arguments.elements,
            element_bytes: arguments.value_bytes.into(),
            join: arguments.join,
            placement: arguments.placement,
        },
        pipeline: arguments.pipeline.into(),
        pace: arguments
            .rate
            .map_or(Pace::Closed, |per_second| Pace::Open { per_second }),
        stopped: arguments.stopped,
    };
    plan.copy.placement.take_client_core();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let phases = runtime.block_on(async {
        tokio::select! {
            measured = measure(plan) => measured.map_err(Failure::from),
            _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
        }
    })?;
    println!("{}", table(&phases));
    println!(
        "{}, {} elements of {} bytes, {} requests under way{}; the backup was {}; join: {}; placement: {}",
        plan.copy.mechanism,
        plan.copy.elements,
        plan.copy.element_bytes,
        plan.pipeline,
        pace_text(plan.pace),
        if plan.stopped { "stopped" } else { "killed" },
        plan.copy.join,
        plan.copy.placement
    );
    Ok(())
}

fn pace_text(pace: Pace) -> String {
    match pace {
        Pace::Closed => ", closed loop: a pause meets no more updates than these".to_owned(),
        Pace::Open { per_second } => {
            format!(" at the most, {per_second} updates a second from their intended starts")
        }
    }
}

fn table(phases: &[Phase]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header([
        "phase",
        "length",
        "updates",
        "p50",
        "p99",
        "p99.9",
        "max",
        "longest without an answer",
    ]);
    for phase in phases {
        let quantile = |quantile| match phase.update_ns.is_empty() {
            true => NOTHING.to_owned(),
            false => time_us_text(phase.update_ns.value_at_quantile(quantile) as f64 / 1e3),
        };
        let duration = |duration: std::time::Duration| time_us_text(duration.as_secs_f64() * 1e6);
        table.add_row([
            phase.name.to_owned(),
            duration(phase.length),
            phase.update_ns.len().to_string(),
            quantile(0.5),
            quantile(0.99),
            quantile(0.999),
            quantile(1.0),
            duration(phase.longest_gap),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
