//! One trial: a cluster's life from its launch to its last crash, and everything that is measured of it.

use std::collections::BTreeMap;

use multicast::id::NodeId;
use tokio::sync::watch;
use wire::client::{Client, ClientError};

use super::{
    ExperimentError, ExperimentPlan, Trial,
    cluster_file::write_cluster_file,
    crash::{Crash, Party, crash_and_readmit, parties},
    load::{Latencies, Loader},
    others::{Sightings, crash_under_load},
    progress::Progress,
    read_back::Reading,
};
use crate::{
    cluster::{Launcher, PATIENCE, RunningCluster},
    mechanism::{Mechanism, mechanism, row_role},
    results::{At, BackupSizeRow, Configuration, RunFolder, UpdateRow},
    work::{Draws, ReadBack},
};

/// Runs it, writing rows into the folder as they come, until `interrupted` says so.
///
/// # Errors
/// The first thing that goes wrong; what was measured before it is in the folder.
pub(super) async fn run_trial(
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
    let mut under_way = UnderWay {
        plan,
        trial,
        mechanism: mechanism(trial.mechanism),
        configuration: plan.configuration(trial),
        empty_heap_bytes: BTreeMap::new(),
        latencies: Latencies::default(),
        draws: Draws::new(trial.seed),
        crashes: 0,
        loaders: Vec::new(),
        running,
    };
    let outcome = tokio::select! {
        outcome = under_way.go(folder, progress) => outcome,
        _ = interrupted.wait_for(|stop| *stop) => Err(ExperimentError::Interrupted),
    };
    // However it ended: what was measured is kept.
    let written = under_way.write_updates(folder);
    let UnderWay { running, .. } = under_way;
    running.stop().await;
    outcome.and(written)
}

/// One trial under way.
struct UnderWay<'a> {
    plan: &'a ExperimentPlan,
    trial: &'a Trial,
    mechanism: Box<dyn Mechanism>,
    configuration: Configuration,
    /// Each node's live heap before the first step.
    empty_heap_bytes: BTreeMap<NodeId, u64>,
    latencies: Latencies,
    /// Decides who crashes with whom.
    draws: Draws,
    /// How many there were.
    crashes: u32,
    /// One per group.
    loaders: Vec<Loader>,
    running: RunningCluster,
}

/// What a group holds, in the mean over all groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contained {
    pub(super) elements: u64,
    pub(super) bytes: u64,
}

impl UnderWay<'_> {
    async fn go(&mut self, folder: &mut RunFolder, progress: &Progress) -> Result<(), ExperimentError> {
        for sizes in self.running.sizes().await? {
            self.empty_heap_bytes.insert(sizes.node, sizes.heap_bytes);
        }
        for group in self.running.cluster.group_ids() {
            let loader = Loader::open(&self.running.directory, group, self.plan.work(self.trial)).await?;
            self.loaders.push(loader);
        }
        let mut taken = 0;
        for checkpoint in self.plan.checkpoints() {
            let steps = checkpoint.ops - taken;
            for loader in &mut self.loaders {
                progress.loading(self.trial, loader.group(), taken);
                loader.take_steps(steps, &mut self.latencies).await?;
                progress.advance(steps);
            }
            taken = checkpoint.ops;
            self.sample_sizes(folder).await?;
            if checkpoint.has_crashes {
                self.crash_everyone(folder, progress, taken).await?;
            }
        }
        Ok(())
    }

    fn contained(&self) -> Contained {
        let groups = self.loaders.len().max(1) as u64;
        let elements: u64 = self.loaders.iter().map(Loader::elements).sum();
        let bytes: u64 = self.loaders.iter().map(Loader::bytes).sum();
        Contained {
            elements: elements / groups,
            bytes: bytes / groups,
        }
    }

    /// One round of crashes.
    async fn crash_everyone(
        &mut self,
        folder: &mut RunFolder,
        progress: &Progress,
        taken: u64,
    ) -> Result<(), ExperimentError> {
        let order = self.mechanism.crash_order(&self.running.cluster);
        let size = self.plan.crash_together as usize;
        let interrupted = self.plan.crash_during_recovery;
        for party in parties(&order, size, interrupted, &mut self.draws) {
            progress.crashing(self.trial, &party.together, taken);
            self.crash(folder, &party).await?;
        }
        Ok(())
    }

    async fn crash(&mut self, folder: &mut RunFolder, party: &Party) -> Result<(), ExperimentError> {
        self.crashes += 1;
        let contained = self.contained();
        let place = (self.trial.number, self.crashes);
        let (crash, sightings) = self.crash_loaded_or_not(party).await?;
        let found = self.read_back(&crash).await?;
        for row in crash.rows(&self.configuration, place, contained, &found) {
            folder.append_recovery(&row)?;
        }
        if let Some(sightings) = sightings.filter(|sightings| !sightings.is_empty()) {
            let periods = sightings.periods(&self.configuration, place);
            folder.append_others(&periods, &sightings.stretches(&self.configuration, place))?;
        }
        match found.is_sound() {
            true => Ok(()),
            false => Err(self.not_as_written(&crash, contained.elements, found)),
        }
    }

    async fn crash_loaded_or_not(
        &mut self,
        party: &Party,
    ) -> Result<(Crash, Option<Sightings>), ExperimentError> {
        if !self.plan.load_during_recovery {
            return Ok((crash_and_readmit(&mut self.running, party).await?, None));
        }
        let crashed = party.together.iter().chain(&party.interrupting);
        let silent: Vec<_> = crashed
            .filter_map(|seat| self.mechanism.group_of(&self.running.cluster, *seat))
            .collect();
        let others = self
            .loaders
            .iter_mut()
            .filter(|loader| !silent.contains(&loader.group()));
        let (crash, sightings) = crash_under_load(&mut self.running, party, others).await?;
        Ok((crash, Some(sightings)))
    }

    /// Reads back every element of every group at its door, and what the recovered nodes themselves serve.
    async fn read_back(&mut self, crash: &Crash) -> Result<ReadBack, ExperimentError> {
        let reading = Reading {
            element_bytes: self.plan.key_bytes + usize::from(self.trial.value_bytes.most()),
        };
        let mut result = ReadBack::default();
        for loader in &self.loaders {
            let mut comparison = loader.comparison();
            let see = |element: &_| comparison.see(element);
            reading
                .at_door(&self.running.directory, loader.group(), PATIENCE, see)
                .await?;
            result.add(comparison.finish());
        }
        let members = self.running.members().await?;
        for recovered in &crash.recovered {
            let Some((group, address)) = self.mechanism.own_reads(&members, recovered.seat.node) else {
                continue;
            };
            let Some(loader) = self.loaders.iter().find(|loader| loader.group() == group) else {
                continue;
            };
            let client = Client::connect(address, self.running.directory.cluster).await;
            let mut client = client.map_err(ClientError::from)?;
            let mut comparison = loader.comparison();
            let see = |element: &_| comparison.see(element);
            reading.at(&mut client, group, see).await?;
            result.add(comparison.finish());
        }
        Ok(result)
    }

    fn not_as_written(&self, crash: &Crash, elements: u64, found: ReadBack) -> ExperimentError {
        let ReadBack { lost, wrong, which } = found;
        let nodes = crash.recovered.iter().map(|one| one.seat.node.to_string());
        ExperimentError::NotAsWritten {
            configuration: self.configuration.to_string(),
            nodes: nodes.collect::<Vec<_>>().join(", "),
            elements,
            lost,
            wrong,
            which,
        }
    }

    async fn sample_sizes(&mut self, folder: &mut RunFolder) -> Result<(), ExperimentError> {
        let elements_per_group = self.contained().elements;
        for sizes in self.running.sizes().await? {
            let Some(role) = row_role(sizes.role) else {
                continue;
            };
            let empty = self
                .empty_heap_bytes
                .get(&sizes.node)
                .copied()
                .unwrap_or_default();
            folder.append_size(&BackupSizeRow {
                configuration: self.configuration.clone(),
                trial: self.trial.number,
                elements_per_group,
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
