//! `bench load`: how many requests a second a cluster takes and how long each one takes, without crashes; beside the
//! floors of the same run, and beside Redis.
//!
//! ```text
//! plan -> contenders (clusters, Redis), all up at once -> for each slice: floors, then each contender in turn
//!                                                          (clients at their pace -> tally -> rows) -> summary
//! ```
//!
//! [`recover_data_node`] and [`resynchronise_redis`] time how a lost copy comes back, [`rejoin`] what writers notice of it.
//! Contenders take turns, so that a drift of the machine meets all of them alike, and ratios are taken turn by turn.
//! Invariants: every answer is held against the only right one; what each contender holds in the end is counted, group by group.

mod alarm;
mod client;
mod contender;
mod door;
mod error;
mod lost_copy;
mod pace;
mod phase;
mod plan;
mod redis_line;
mod rejoin;
mod resync;
mod rows;
mod sites;
mod summary;
mod tally;

use std::path::Path;

use settings::Cluster;
use wire::client::Directory;

use self::{
    contender::{Contender, Launched, PAUSE},
    rows::{Floors, LoadFolder, Setting, SliceRow},
    sites::Sites,
    summary::Figures,
};
pub use self::{
    error::LoadError,
    lost_copy::CopyPlan,
    pace::{MAX_RATE, Pace},
    phase::Phase,
    plan::{Connections, LoadPlan, LoadProblem, MAX_SLICES, MIN_DURATION},
    rejoin::{RejoinPlan, rejoin},
    resync::{ELEMENT_BYTES, recover_data_node, resynchronise_redis},
    rows::{RECORD_FILE, SECONDS_FILE, SLICES_FILE},
    tally::Span,
};
use crate::{
    cluster::{Launcher, RunningCluster},
    floor::{self, Receivers},
    history::Recorder,
    redis::{RedisError, RedisPair},
    results::RunRecord,
};

/// The name of Redis among the contenders.
const REDIS: &str = "redis";

/// Rounds of each kind for the floors beside one turn.
const FLOOR_SAMPLES: u32 = 300;

/// What is to be loaded.
#[derive(Debug)]
pub enum Target {
    /// Clusters that are launched for it, one per mechanism of the plan.
    Launched,
    /// One that runs already.
    Running(Box<Cluster>, Directory),
}

/// What a load found out.
#[derive(Debug)]
pub struct Outcome {
    /// The medians as a table.
    pub table: String,
    /// What could not be loaded, in words.
    pub left_out: Option<String>,
}

/// Drives every contender in turns, writing rows into the folder as they come.
///
/// # Errors
/// The first thing that goes wrong; what was measured before it is in the folder.
pub async fn run(
    plan: &LoadPlan,
    target: Target,
    out: &Path,
    record: &RunRecord,
) -> Result<Outcome, LoadError> {
    // Before anything is launched, so that a file that is there ends the load at once.
    let history = begin_history(plan, &target)?;
    let mut folder = LoadFolder::create(out, record)?;
    let mut receivers = floor::receivers(plan.clusters.faults, plan.clusters.placement)?;
    let (mut contenders, left_out) = contenders(plan, target, out, history).await?;
    let mut figures: Vec<Figures> = contenders.iter().map(Figures::of).collect();
    for slice in 1..=plan.slices {
        let floors = measure_floors(&mut receivers, plan)?;
        for (contender, figures) in contenders.iter_mut().zip(&mut figures) {
            tokio::time::sleep(PAUSE).await;
            let mut tally = contender.slice(plan.span, plan.pace).await?;
            let duration_ms = plan.span.duration.as_secs_f64() * 1e3;
            let row = SliceRow::new(contender.name(), slice, duration_ms, &tally, &floors);
            folder.append(&setting(plan, contender), &row, tally.seconds())?;
            figures.slices.push(row);
        }
    }
    for contender in contenders {
        contender.finish().await?;
    }
    let table = summary::table(&figures);
    Ok(Outcome { table, left_out })
}

/// Begins the file of the history, if there is to be one, of the one cluster that the plan has then.
fn begin_history(plan: &LoadPlan, target: &Target) -> Result<Option<Recorder>, LoadError> {
    let Some(path) = &plan.history else {
        return Ok(None);
    };
    let structure = match (target, plan.clusters.trials().first()) {
        (Target::Running(cluster, _), _) => cluster.structure(),
        (Target::Launched, Some(trial)) => plan.clusters.cluster_plan(trial).cluster()?.structure(),
        (Target::Launched, None) => return Ok(None),
    };
    let begun = Recorder::create(path, structure).map_err(|source| LoadError::HistoryFile {
        path: path.clone(),
        source,
    })?;
    Ok(Some(begun))
}

/// Everything that is loaded, with its clients; and what is missing, in words.
async fn contenders(
    plan: &LoadPlan,
    target: Target,
    out: &Path,
    history: Option<Recorder>,
) -> Result<(Vec<Contender>, Option<String>), LoadError> {
    let work = plan.work();
    let mut contenders = Vec::new();
    match target {
        Target::Running(cluster, directory) => {
            let directory = plan.connections.over(directory);
            let sites = Sites::of(directory, plan.far).await.map_err(LoadError::Way)?;
            contenders.push(Contender::of_cluster(sites, *cluster, None, work, history).await?);
        }
        Target::Launched => {
            for trial in plan.clusters.trials() {
                let launched = launch(plan, &trial, out).await?;
                let (directory, cluster) = (
                    plan.connections.over(launched.running.directory.clone()),
                    launched.running.cluster.clone(),
                );
                let launched = Some(Box::new(launched));
                // A plan with a history has one trial.
                let history = history.clone();
                let sites = Sites::of(directory, plan.far).await.map_err(LoadError::Way)?;
                contenders.push(Contender::of_cluster(sites, cluster, launched, work, history).await?);
            }
        }
    }
    if !plan.with_redis {
        return Ok((contenders, None));
    }
    // A plan has at most 255.
    let groups = plan.groups() as u16;
    match RedisPair::start(plan.clusters.placement, groups).await {
        Ok(pair) => contenders.push(Contender::of_redis(pair, groups, work).await?),
        Err(missing @ RedisError::NotInstalled) => return Ok((contenders, Some(missing.to_string()))),
        Err(error) => return Err(error.into()),
    }
    Ok((contenders, None))
}

async fn launch(
    plan: &LoadPlan,
    trial: &crate::experiment::Trial,
    out: &Path,
) -> Result<Launched, LoadError> {
    let folder = tempfile::tempdir().map_err(LoadError::Scratch)?;
    let file = folder.path().join("cluster.ini");
    let mut cluster = plan.clusters.cluster_plan(trial);
    cluster.managers = plan.managers;
    std::fs::write(&file, cluster.to_ini()?).map_err(LoadError::Scratch)?;
    let log = Some(out.join("nodes.log"));
    let launcher = Launcher::this_program(log, plan.clusters.placement).map_err(LoadError::Scratch)?;
    let running = RunningCluster::launch(launcher, &file).await?;
    Ok(Launched {
        running,
        _folder: folder,
    })
}

fn measure_floors(receivers: &mut Receivers, plan: &LoadPlan) -> Result<Floors, LoadError> {
    Ok(Floors {
        single: floor::measure_over(receivers, FLOOR_SAMPLES)?,
        batched: floor::measure_batched(receivers, plan.window(), FLOOR_SAMPLES)?,
    })
}

fn setting(plan: &LoadPlan, contender: &Contender) -> Setting {
    let clusters = &plan.clusters;
    let is_cluster = matches!(contender, Contender::Groups { .. });
    let value_bytes: Vec<String> = clusters.value_bytes.iter().map(ToString::to_string).collect();
    Setting {
        contender: contender.name().to_owned(),
        managers: is_cluster.then_some(plan.managers),
        far_ms: is_cluster.then_some(plan.far.as_secs_f64() * 1e3),
        groups: plan.groups(),
        faults: clusters.faults,
        structure: clusters.structure.to_string(),
        workload: plan.workload_words(),
        value_bytes: value_bytes.join(","),
        clients: clusters.clients,
        pipeline: clusters.pipeline,
        connections: match is_cluster {
            true => plan.connections.to_string(),
            false => Connections::Own.to_string(),
        },
        rate_per_s: match plan.pace {
            Pace::Closed => None,
            Pace::Open { per_second } => Some(per_second),
        },
    }
}

impl Figures {
    fn of(contender: &Contender) -> Self {
        Self {
            contender: contender.name().to_owned(),
            slices: Vec::new(),
        }
    }
}
