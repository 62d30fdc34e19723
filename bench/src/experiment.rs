//! The report's experiment (chapter 4): clusters of real processes that grow while every node is crashed and
//! readmitted at certain places.
//!
//! ```text
//! plan -> trials -> one cluster each: load (its clients' work) -> sample memory -> crash (parties, others) -> read back
//! ```
//!
//! Per configuration: launch; then, until all steps are taken: take the next ones in one group after the other
//! (the report's way), sample every node's memory, crash every node and read back what is there. Invariant: a
//! lost or wrong element, or one that was never inserted, fails the run.

mod cluster_file;
mod crash;
mod error;
mod load;
mod others;
mod plan;
mod progress;
mod read_back;
mod trial;

use tokio::sync::watch;

pub(crate) use self::load::{PATIENCE, empty_histogram};
pub use self::{
    error::ExperimentError,
    load::LoadError,
    plan::{Checkpoint, Crashes, ExperimentPlan, PlanProblem, Trial},
};
use self::{progress::Progress, trial::run_trial};
use crate::results::RunFolder;

/// Runs every trial of the plan, writing rows into the folder as they come, until `interrupted` says so.
///
/// # Errors
/// The first thing that goes wrong; what was measured before it is in the folder.
pub async fn run(
    plan: &ExperimentPlan,
    folder: &mut RunFolder,
    interrupted: watch::Receiver<bool>,
) -> Result<(), ExperimentError> {
    let progress = Progress::start(plan);
    for trial in plan.trials() {
        run_trial(plan, &trial, folder, &progress, interrupted.clone()).await?;
    }
    progress.finish();
    Ok(())
}
