//! `bench load`: requests a second and their times, without crashes.

use std::{io::ErrorKind, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use settings::{Cluster, ClusterPlan, Mechanism};
use wire::role::host_and_port;

use super::{
    Failure,
    arguments::{GroupArguments, MAX_OPS},
    config,
    experiment::{default_folder, group_plan},
};
use crate::{
    experiment::Crashes,
    floor::MAX_WINDOW,
    load::{self, Connections, LoadError, LoadPlan, MAX_SLICES, Pace, Span, Target},
    results::{FolderError, RunRecord, ValueBytes},
};

/// `bench load`.
///
/// Launches a cluster for each mechanism (or takes one that runs), drives them in turns, and prints the medians over
/// the turns: requests a second, response times (from when a request was due) and service times (from when it was
/// sent), beside the bare rounds of the same run. Every answer is checked, and what is held in the end is counted.
#[derive(Debug, Args)]
pub struct LoadArguments {
    /// How many groups.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=255))]
    pub groups: u32,
    /// The groups themselves.
    #[command(flatten)]
    pub group: GroupArguments,
    /// A cluster that runs already, with empty groups, by its file.
    #[arg(long, value_name = "FILE",
          conflicts_with_all = ["mechanisms", "groups", "faults", "structure", "placement"])]
    pub cluster: Option<PathBuf>,
    /// Where a manager of that cluster listens, if not where the file says; once for each.
    #[arg(long = "manager", value_name = "HOST:PORT", value_parser = host_and_port, requires = "cluster")]
    pub manager: Vec<(String, u16)>,
    /// Drive this as well, in turns.
    #[arg(long)]
    pub peer: Option<Peer>,

    /// How many managers a cluster has; each client begins at one of them, in turn.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=9), conflicts_with = "cluster")]
    pub managers: u32,
    /// Let everything between a client and the managers that are not its own take so long, each way: `5ms`. Data nodes
    /// stay near every manager.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    pub far: Duration,
    /// Of 100 inserts, so many go into a second group as well, at one place in the order of both (replication).
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub together: u32,
    /// How many connections the clients have. Redis's have one each, whatever this says: WAIT holds up its connection.
    #[arg(long, default_value_t = Connections::Shared, help_heading = "Load")]
    pub connections: Connections,
    /// Bytes of the values: `8`, or a range to draw from, `1..1024`. Without: 8, and none in a set.
    #[arg(long, visible_alias = "element-bytes", help_heading = "Load")]
    pub value_bytes: Option<ValueBytes>,
    /// Requests a second, by all clients together, whether or not the ones before are answered (open loop); without,
    /// each client sends as soon as it may.
    #[arg(long, help_heading = "Load")]
    pub rate: Option<u64>,
    /// What is measured of each turn.
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration, help_heading = "Load")]
    pub duration: Duration,
    /// What comes before it and is discarded.
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration, help_heading = "Load")]
    pub warmup: Duration,
    /// Turns of each; without, 1 where there is one thing to drive, and 3 where there are several.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SLICES)), help_heading = "Load")]
    pub slices: Option<u32>,

    /// Write down what the clients see, for `bench check-history FILE`: of one mechanism, or of a cluster that runs
    /// already, whose processes may be killed meanwhile. Takes its part of the time that is measured.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub history: Option<PathBuf>,
    /// The folder of results; without, one under `runs/` named by the time.
    #[arg(long, help_heading = "Output")]
    pub out: Option<PathBuf>,
}

/// What else can be driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// Redis with one replica; every push is followed by `WAIT 1`. Left out where it is not installed.
    Redis,
}

/// Turns where there is something to compare.
const SLICES_OF_SEVERAL: u32 = 3;

/// Runs the load.
///
/// # Errors
/// `Usage` if the options do not fit together or the folder is taken; `Interrupted` after Ctrl-C, with what was
/// measured kept; `Failed` for everything else, among it a wrong answer.
pub fn load(arguments: &LoadArguments) -> Result<(), Failure> {
    let (plan, target) = checked(arguments)?;
    plan.clusters.placement.take_client_core();
    let out = arguments.out.clone().unwrap_or_else(default_folder);
    let settings = serde_json::to_value(&plan.clusters)?;
    let record = RunRecord::begin(std::env::args().collect(), vec![plan.clusters.seed], 0, settings);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(async {
        let running = async {
            if let Target::Running(_, directory) = &target {
                config::reach(directory).await?;
            }
            load::run(&plan, target, &out, &record).await.map_err(failure)
        };
        tokio::select! {
            ended = running => ended,
            _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
        }
    })?;
    println!("{}", outcome.table);
    if let Some(missing) = outcome.left_out {
        println!("{missing}: its figures are left out");
    }
    if plan.window() > MAX_WINDOW {
        println!(
            "batched floor: {MAX_WINDOW} requests in one piece, of the {} under way",
            plan.window()
        );
    }
    println!(
        "placement: {}; connections: {}{}; results in {}",
        plan.clusters.placement,
        plan.connections,
        if plan.with_redis {
            ", of Redis one per client"
        } else {
            ""
        },
        out.display()
    );
    Ok(())
}

fn failure(error: LoadError) -> Failure {
    match error {
        LoadError::Folder(error @ FolderError::HoldsARun { .. }) => Failure::Usage(format!("error: {error}")),
        LoadError::HistoryFile { source, path } if source.kind() == ErrorKind::AlreadyExists => {
            let path = path.display();
            Failure::Usage(format!(
                "error: --history {path}: it is there already; choose another file"
            ))
        }
        error => error.into(),
    }
}

/// What the options ask for, if it can be done.
fn checked(arguments: &LoadArguments) -> Result<(LoadPlan, Target), Failure> {
    let values = arguments.value_bytes.as_slice();
    let clusters = group_plan(
        &arguments.group,
        vec![arguments.groups],
        values,
        MAX_OPS,
        Crashes::Never,
    )?;
    let with_redis = arguments.peer == Some(Peer::Redis);
    let mut plan = LoadPlan {
        clusters,
        pace: arguments
            .rate
            .map_or(Pace::Closed, |per_second| Pace::Open { per_second }),
        span: Span {
            warmup: arguments.warmup,
            duration: arguments.duration,
        },
        slices: 1,
        managers: arguments.managers as usize,
        far: arguments.far,
        suspicion: ClusterPlan::new(Mechanism::Replication, 1, 1).suspicion,
        together: arguments.together,
        connections: arguments.connections,
        with_redis,
        history: arguments.history.clone(),
    };
    let target = target(arguments, &mut plan)?;
    let driven = plan.mechanisms().len() + usize::from(with_redis);
    plan.slices = arguments
        .slices
        .unwrap_or(if driven > 1 { SLICES_OF_SEVERAL } else { 1 });
    plan.check().map_err(unusable)?;
    Ok((plan, target))
}

fn unusable(problem: impl std::fmt::Display) -> Failure {
    Failure::Usage(format!("error: {problem}"))
}

/// The running cluster, if one is named; the plan becomes one for it.
fn target(arguments: &LoadArguments, plan: &mut LoadPlan) -> Result<Target, Failure> {
    let Some(file) = &arguments.cluster else {
        return Ok(Target::Launched);
    };
    let cluster: Cluster = config::load(file)?;
    plan.of_running(&cluster).map_err(unusable)?;
    let directory = config::directory(&cluster, file, &arguments.manager)?;
    Ok(Target::Running(Box::new(cluster), directory))
}
