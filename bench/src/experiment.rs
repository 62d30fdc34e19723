//! The report's experiment (chapter 4): clusters of real processes that grow while every node is crashed and
//! readmitted after every so many inserts.
//!
//! Per configuration: launch; then, until all elements are in: insert the next ones into one group after the
//! other (the report's way), sample every node's memory, crash every node in turn and read back what it
//! should hold. Invariant: a lost or wrong element, or one that was never inserted, fails the run.

mod crash;
mod elements;
mod load;
mod plan;
mod progress;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use multicast::id::NodeId;
use settings::ClusterPlan;
use tokio::sync::watch;
use wire::client::{Client, ClientError};

use self::{
    crash::{Contents, crash_and_readmit, read_back},
    load::{Latencies, Loader},
    progress::Progress,
};
pub use self::{
    elements::{ElementSource, KEY_BYTES, ReadBack, compare},
    load::LoadError,
    plan::{ExperimentPlan, Trial},
};
use crate::{
    cluster::{ClusterError, Launcher, RunningCluster},
    mechanism::{Mechanism, mechanism, row_role},
    results::{At, BackupSizeRow, Configuration, FolderError, RunFolder, UpdateRow},
};

/// Why an experiment ended before its last step.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// The cluster file cannot be made or written.
    #[error("{path}: {source}", path = path.display())]
    ClusterFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration makes no cluster.
    #[error(transparent)]
    Plan(#[from] settings::PlanError),
    /// A process did not do what it should.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A process could not be killed.
    #[error("a node could not be killed: {0}")]
    Kill(#[from] std::io::Error),
    /// An insert failed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A node did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A crashed node did not come back.
    #[error("{what} within {waited_s} s")]
    NoRecovery {
        /// Who, and what did not happen.
        what: String,
        /// How long it was waited for.
        waited_s: u64,
    },
    /// The folder of results could not be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// Elements are lost or wrong.
    #[error(
        "after the recovery of {node} ({configuration}, {elements} elements per group): \
         {lost} lost, {wrong} wrong: {}", which.join("; ")
    )]
    NotAsInserted {
        /// Which configuration.
        configuration: Configuration,
        /// Who recovered.
        node: NodeId,
        /// Elements in each group.
        elements: u64,
        /// How many are missing.
        lost: u64,
        /// How many are wrong.
        wrong: u64,
        /// The first few.
        which: Vec<String>,
    },
}

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

async fn run_trial(
    plan: &ExperimentPlan,
    trial: &Trial,
    folder: &mut RunFolder,
    progress: &Progress,
    mut interrupted: watch::Receiver<bool>,
) -> Result<(), ExperimentError> {
    // The membership store lies beside the cluster file, and goes with it.
    let scratch = tempfile::tempdir()?;
    let file = write_cluster_file(&plan.cluster_plan(trial), trial, scratch.path(), folder.path())?;
    let log = folder.path().join("nodes.log");
    let launcher = Launcher::this_program(Some(log), plan.placement)?;
    let running = tokio::select! {
        launched = RunningCluster::launch(launcher, &file) => launched?,
        _ = interrupted.wait_for(|stop| *stop) => return Err(ExperimentError::Interrupted),
    };
    let source = ElementSource {
        seed: trial.seed,
        element_bytes: plan.element_bytes,
    };
    let mut work = Work {
        plan,
        trial,
        source,
        mechanism: mechanism(trial.mechanism),
        configuration: trial.configuration(plan.faults),
        empty_heap_bytes: BTreeMap::new(),
        latencies: Latencies::default(),
        running,
    };
    let outcome = tokio::select! {
        outcome = work.go(folder, progress) => outcome,
        _ = interrupted.wait_for(|stop| *stop) => Err(ExperimentError::Interrupted),
    };
    // However it ended: what was measured is kept.
    let written = work.write_updates(folder);
    let Work { running, .. } = work;
    running.stop().await;
    outcome.and(written)
}

/// One trial under way.
struct Work<'a> {
    plan: &'a ExperimentPlan,
    trial: &'a Trial,
    source: ElementSource,
    mechanism: Box<dyn Mechanism>,
    configuration: Configuration,
    /// Each node's live heap before the first insert.
    empty_heap_bytes: BTreeMap<NodeId, u64>,
    latencies: Latencies,
    running: RunningCluster,
}

impl Work<'_> {
    async fn go(&mut self, folder: &mut RunFolder, progress: &Progress) -> Result<(), ExperimentError> {
        for sizes in self.sizes().await? {
            self.empty_heap_bytes.insert(sizes.node, sizes.heap_bytes);
        }
        let mut loaders = Vec::new();
        for group in self.running.cluster.group_ids() {
            loaders.push(Loader::open(&self.running.directory, group, self.plan.clients, self.source).await?);
        }
        let mut per_group = 0;
        while per_group < self.plan.ops {
            let step = self.plan.step().min(self.plan.ops - per_group);
            for loader in &mut loaders {
                progress.inserting(self.trial, loader.group(), per_group);
                loader.insert(step, &mut self.latencies).await?;
                progress.advance(step);
            }
            per_group += step;
            self.sample_sizes(folder, per_group).await?;
            if self.plan.crash_every > 0 {
                self.crash_everyone(folder, progress, per_group).await?;
            }
        }
        Ok(())
    }

    async fn crash_everyone(
        &mut self,
        folder: &mut RunFolder,
        progress: &Progress,
        per_group: u64,
    ) -> Result<(), ExperimentError> {
        let contents = Contents {
            source: self.source,
            per_group,
            clients: self.plan.clients,
        };
        for seat in self.mechanism.crash_order(&self.running.cluster) {
            progress.crashing(self.trial, seat, per_group);
            let recovered = crash_and_readmit(&mut self.running, seat).await?;
            let found = read_back(&mut self.running, self.mechanism.as_ref(), seat.node, &contents).await?;
            let row = recovered.row(&self.configuration, self.trial.number, seat, &contents, &found);
            if let Some(row) = row {
                folder.append_recovery(&row)?;
            }
            if !found.is_sound() {
                return Err(self.not_as_inserted(seat.node, per_group, found));
            }
        }
        Ok(())
    }

    fn not_as_inserted(&self, node: NodeId, elements: u64, found: ReadBack) -> ExperimentError {
        let ReadBack { lost, wrong, which } = found;
        let configuration = self.configuration.clone();
        ExperimentError::NotAsInserted {
            configuration,
            node,
            elements,
            lost,
            wrong,
            which,
        }
    }

    /// What every node but the manager holds now.
    async fn sizes(&mut self) -> Result<Vec<wire::message::client::Sizes>, ExperimentError> {
        let members = self.running.members().await?;
        let mut all = Vec::new();
        for member in members.members.values() {
            let Some(addresses) = member.addresses else {
                continue;
            };
            let client = Client::connect(addresses.clients, self.running.directory.cluster).await;
            all.push(client.map_err(ClientError::from)?.sizes().await?);
        }
        Ok(all)
    }

    async fn sample_sizes(&mut self, folder: &mut RunFolder, per_group: u64) -> Result<(), ExperimentError> {
        for sizes in self.sizes().await? {
            let Some(role) = row_role(sizes.role) else {
                continue;
            };
            let empty = self
                .empty_heap_bytes
                .get(&sizes.node)
                .copied()
                .unwrap_or_default();
            folder.append_size(&BackupSizeRow {
                mechanism: self.configuration.mechanism.clone(),
                groups: self.configuration.groups,
                faults: self.configuration.faults,
                trial: self.trial.number,
                elements_per_group: per_group,
                node: sizes.node,
                role,
                payload_bytes: sizes.payload_bytes,
                auxiliary_bytes: sizes.auxiliary_bytes,
                heap_bytes: sizes.heap_bytes.saturating_sub(empty),
                resident_bytes: sizes.resident_bytes,
            })?;
        }
        Ok(())
    }

    fn write_updates(&self, folder: &mut RunFolder) -> Result<(), ExperimentError> {
        let Latencies {
            door_ns,
            client_ns,
            traffic,
        } = &self.latencies;
        for (at, histogram) in [(At::Door, door_ns), (At::Client, client_ns)] {
            let row =
                UpdateRow::from_histogram(&self.configuration, self.trial.number, at, histogram, *traffic);
            folder.append_update(&row, histogram)?;
        }
        Ok(())
    }
}

/// Writes the trial's cluster file into the scratch folder, and a copy beside the results.
fn write_cluster_file(
    plan: &ClusterPlan,
    trial: &Trial,
    scratch: &Path,
    out: &Path,
) -> Result<PathBuf, ExperimentError> {
    let text = plan.to_ini()?;
    let name = format!("{}-groups{}.ini", trial.mechanism, trial.groups);
    let copies = out.join("clusters");
    let write = |folder: &Path| -> Result<PathBuf, ExperimentError> {
        let path = folder.join(&name);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &text));
        written.map_err(|source| ExperimentError::ClusterFile {
            path: path.clone(),
            source,
        })?;
        Ok(path)
    };
    write(&copies)?;
    write(scratch)
}
