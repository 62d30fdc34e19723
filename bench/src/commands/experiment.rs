//! The experiment from the command line: floor, trials, table, plots and report.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::Context;
use settings::{Join, Mechanism};
use structures::kind::StructureKind;
use tokio::sync::watch;

use super::{
    Failure,
    arguments::{Counts, ExperimentArguments, GroupArguments},
};
use crate::{
    experiment::{self, Crashes, ExperimentError, ExperimentPlan, PlanProblem},
    floor,
    mechanism::{COMPARED, protects},
    plots, report,
    results::{Ending, FolderError, Run, RunFolder, RunRecord, ValueBytes, result_table, rfc3339_utc},
    work::MIN_KEY_BYTES,
};

/// Rounds of each kind for the floor at the start of every run.
const FLOOR_SAMPLES: u32 = 3000;

/// What the report's elements are closest to.
const DEFAULT_VALUE_BYTES: ValueBytes = ValueBytes::fixed(8);

/// Runs the experiment.
///
/// # Errors
/// `Usage` if the options make no clusters or the folder is taken; `Interrupted` after Ctrl-C, with what was
/// measured kept; `Failed` for everything else, among it lost or wrong elements.
pub fn experiment(arguments: ExperimentArguments) -> Result<(), Failure> {
    let plan = checked(&arguments)?;
    let described = plan
        .describe()
        .map_err(|error| Failure::Usage(format!("error: {error}")))?;
    if arguments.dry_run {
        print!("{described}");
        return Ok(());
    }
    let out = arguments.out.clone().unwrap_or_else(default_folder);
    plan.placement.take_client_core();
    let mut folder = create(&out, &plan)?;
    folder.record_floor(
        floor::measure(plan.faults, FLOOR_SAMPLES, plan.placement).context("measuring the floor")?,
    )?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        let (interrupt, interrupted) = watch::channel(false);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                interrupt.send_replace(true);
            }
        });
        experiment::run(&plan, &mut folder, interrupted).await
    });
    // The clusters' processes are gone before anything is drawn.
    drop(runtime);
    let ending = if ended.is_ok() {
        Ending::Complete
    } else {
        Ending::Interrupted
    };
    let presented = folder
        .finish(ending)
        .map_err(Failure::from)
        .and_then(|run| present(&run, &out));
    // What went wrong with the experiment comes before what went wrong with drawing it.
    ended.map_err(|error| match error {
        ExperimentError::Interrupted => Failure::Interrupted,
        error => error.into(),
    })?;
    presented
}

/// What the options ask for, if it can be done.
fn checked(arguments: &ExperimentArguments) -> Result<ExperimentPlan, Failure> {
    let Counts(groups) = arguments.groups.clone();
    let crashes = crashes(arguments);
    let values = &arguments.value_bytes;
    let plan = ExperimentPlan {
        crash_together: arguments.crash_together,
        crash_during_recovery: arguments.crash_during_recovery,
        load_during_recovery: arguments.load_during_recovery,
        repeat: arguments.repeat,
        join: arguments.join,
        ..group_plan(&arguments.group, groups, values, arguments.ops, crashes)?
    };
    plan.check().map_err(|problem| unusable(&problem))?;
    Ok(plan)
}

/// What is asked of the groups and their clients, as a plan of one trial without crashes' settings; without values, the usual ones.
pub(super) fn group_plan(
    group: &GroupArguments,
    groups: Vec<u32>,
    values: &[ValueBytes],
    ops: u64,
    crashes: Crashes,
) -> Result<ExperimentPlan, Failure> {
    let structure = group.structure;
    if let Some(key_bytes) = group.key_bytes.filter(|_| !structure.is_keyed()) {
        return Err(unusable(&PlanProblem::NoKeys { key_bytes, structure }));
    }
    Ok(ExperimentPlan {
        mechanisms: mechanisms(group),
        structure,
        workload: group.workload,
        reads: group.reads,
        join: Join::Stream,
        groups,
        ops,
        faults: group.faults,
        crashes,
        crash_together: 1,
        crash_during_recovery: false,
        load_during_recovery: false,
        value_bytes: value_bytes(values, structure),
        key_bytes: group.key_bytes.unwrap_or(MIN_KEY_BYTES),
        clients: group.clients,
        pipeline: group.pipeline,
        seed: group.seed,
        repeat: 1,
        placement: group.placement,
    })
}

fn unusable(problem: &PlanProblem) -> Failure {
    Failure::Usage(format!("error: {problem}"))
}

/// Those named, or all of the compared ones that protect such a structure.
fn mechanisms(group: &GroupArguments) -> Vec<Mechanism> {
    match group.mechanisms.as_slice() {
        [] => COMPARED
            .into_iter()
            .filter(|mechanism| protects(*mechanism, group.structure))
            .collect(),
        chosen => chosen.to_vec(),
    }
}

fn crashes(arguments: &ExperimentArguments) -> Crashes {
    match (arguments.crash_at.as_slice(), arguments.crash_every) {
        ([], 0) => Crashes::Never,
        ([], every) => Crashes::Every(every),
        (places, _) => Crashes::At(places.to_vec()),
    }
}

/// Those given; without, 8 bytes, or none in sets, which have keys alone.
fn value_bytes(chosen: &[ValueBytes], structure: StructureKind) -> Vec<ValueBytes> {
    match (chosen, structure) {
        ([], StructureKind::Set) => vec![ValueBytes::NONE],
        ([], _) => vec![DEFAULT_VALUE_BYTES],
        (chosen, _) => chosen.to_vec(),
    }
}

pub(super) fn default_folder() -> PathBuf {
    let name = rfc3339_utc(SystemTime::now()).replace(':', "-");
    Path::new("runs").join(name)
}

fn create(out: &Path, plan: &ExperimentPlan) -> Result<RunFolder, Failure> {
    let seeds = (0..u64::from(plan.repeat))
        .map(|trial| plan.seed + trial)
        .collect();
    let settings = serde_json::to_value(plan)?;
    let record = RunRecord::begin(std::env::args().collect(), seeds, plan.ops, settings);
    RunFolder::create(out, record).map_err(|error| match error {
        FolderError::HoldsARun { .. } => Failure::Usage(format!("error: {error}")),
        error => error.into(),
    })
}

/// Draws everything and prints the table.
fn present(run: &Run, out: &Path) -> Result<(), Failure> {
    plots::write_all(run).context("drawing the plots")?;
    let page = report::write(run).context("writing the report")?;
    println!("{}", result_table(&run.summary()));
    println!("results in {}, report in {}", out.display(), page.display());
    Ok(())
}

/// `bench report FOLDER`: draws a run again.
///
/// # Errors
/// `Usage` if the folder holds no run.
pub fn redraw(folder: &Path) -> Result<(), Failure> {
    let run = Run::open(folder).map_err(|error| Failure::Usage(format!("error: {error}")))?;
    present(&run, folder)
}
