//! What an experiment will do, before it does anything.

mod problem;

use std::fmt::Write;

use serde::Serialize;
use settings::{ClusterPlan, Join, Mechanism};
use structures::kind::StructureKind;
use wire::message::client::Reads;

pub use self::problem::PlanProblem;
use crate::{
    cluster::{Seat, seats},
    mechanism::mechanism,
    placement::Placement,
    results::{Configuration, ValueBytes},
    work::{ElementSource, Work, Workload},
};

/// The checked settings of an experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExperimentPlan {
    /// The mechanisms, in the order in which they are run for each number of groups.
    pub mechanisms: Vec<Mechanism>,
    /// What every group protects.
    pub structure: StructureKind,
    /// What the clients do.
    pub workload: Workload,
    /// How they read; of replicated groups.
    pub reads: Reads,
    /// How data nodes get back in.
    pub join: Join,
    /// The numbers of groups.
    pub groups: Vec<u32>,
    /// Steps of the workload per group.
    pub ops: u64,
    /// Crashes to tolerate.
    pub faults: u32,
    /// When the nodes are crashed.
    pub crashes: Crashes,
    /// How many nodes crash at once.
    pub crash_together: u32,
    /// Whether another node is crashed while one is being recovered.
    pub crash_during_recovery: bool,
    /// Whether the other groups' clients write during a crash.
    pub load_during_recovery: bool,
    /// The lengths of values: each one is a configuration of its own.
    pub value_bytes: Vec<ValueBytes>,
    /// Bytes of every key.
    pub key_bytes: usize,
    /// Clients per group.
    pub clients: u32,
    /// Requests that each client has under way.
    pub pipeline: usize,
    /// Of the first trial; the next ones count up.
    pub seed: u64,
    /// Trials per configuration.
    pub repeat: u32,
    /// Where the processes run.
    pub placement: Placement,
}

/// When every node is crashed, in steps per group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Crashes {
    /// Never.
    Never,
    /// After every so many, and after the last one.
    Every(u64),
    /// After these, rising.
    At(Vec<u64>),
}

/// A place in a trial at which memory is sampled, and perhaps every node crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Steps per group that were taken until then.
    pub ops: u64,
    /// Whether every node is crashed.
    pub has_crashes: bool,
}

/// One cluster's life within the experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Its mechanism.
    pub mechanism: Mechanism,
    /// Its groups.
    pub groups: u32,
    /// How long its values are.
    pub value_bytes: ValueBytes,
    /// Which repetition, from 1.
    pub number: u32,
    /// What its elements are made from.
    pub seed: u64,
}

/// Samples of memory in a trial without crashes.
const SAMPLES: u64 = 10;

impl ExperimentPlan {
    /// All trials in order: mechanisms are neighbours, so that a drifting machine hits them alike.
    pub fn trials(&self) -> Vec<Trial> {
        let mut trials = Vec::new();
        for number in 1..=self.repeat {
            let seed = self.seed + u64::from(number - 1);
            for value_bytes in &self.value_bytes {
                for groups in &self.groups {
                    trials.extend(self.mechanisms.iter().map(|mechanism| Trial {
                        mechanism: *mechanism,
                        groups: *groups,
                        value_bytes: *value_bytes,
                        number,
                        seed,
                    }));
                }
            }
        }
        trials
    }

    /// Where memory is sampled and nodes are crashed; the last one is after all steps.
    pub fn checkpoints(&self) -> Vec<Checkpoint> {
        let every = |step: u64| (1..=self.ops.div_ceil(step)).map(move |k| (k * step).min(self.ops));
        let checkpoint = |has_crashes| move |ops| Checkpoint { ops, has_crashes };
        match &self.crashes {
            Crashes::Never => every(self.ops.div_ceil(SAMPLES).max(1))
                .map(checkpoint(false))
                .collect(),
            Crashes::Every(step) => every(*step).map(checkpoint(true)).collect(),
            Crashes::At(places) => {
                let at_the_end = (places.last() != Some(&self.ops)).then_some(self.ops);
                let crashing = places.iter().copied().map(checkpoint(true));
                crashing.chain(at_the_end.map(checkpoint(false))).collect()
            }
        }
    }

    /// What the clients of the trial do.
    pub(crate) fn work(&self, trial: &Trial) -> Work {
        Work {
            structure: self.structure,
            workload: self.workload,
            reads: self.reads,
            source: self.source(trial),
            clients: self.clients,
            pipeline: self.pipeline,
            together: None,
        }
    }

    /// What the clients do, as rows name it.
    pub(crate) fn workload_words(&self) -> String {
        match self.reads {
            Reads::Local => self.workload.to_string(),
            Reads::Ordered => format!("{}, reads ordered", self.workload),
        }
    }

    /// The trial's configuration, as rows name it.
    pub fn configuration(&self, trial: &Trial) -> Configuration {
        Configuration {
            mechanism: trial.mechanism.to_string(),
            groups: trial.groups,
            faults: self.faults,
            structure: self.structure.to_string(),
            workload: self.workload_words(),
            value_bytes: trial.value_bytes,
        }
    }

    /// What the trial's elements are made from.
    pub(crate) fn source(&self, trial: &Trial) -> ElementSource {
        ElementSource {
            seed: trial.seed,
            key_bytes: self.key_bytes,
            value_bytes: trial.value_bytes,
            scattered: self.structure == StructureKind::OrderedMap,
        }
    }

    /// The cluster of a trial.
    pub fn cluster_plan(&self, trial: &Trial) -> ClusterPlan {
        let mut plan = ClusterPlan::new(trial.mechanism, trial.groups as usize, self.faults as usize);
        plan.structure = self.structure;
        plan.limits.key_bytes = self.key_bytes;
        // A set's values are empty, but no cluster file says that none may be longer.
        plan.limits.element_bytes = usize::from(trial.value_bytes.most()).max(1);
        plan.join = self.join;
        plan
    }

    /// All steps of all trials: what the progress bar counts.
    pub fn steps(&self) -> u64 {
        self.trials()
            .iter()
            .map(|trial| u64::from(trial.groups) * self.ops)
            .sum()
    }

    /// The plan in words: processes, ports and steps of every trial.
    ///
    /// # Errors
    /// If a trial's configuration makes no cluster.
    pub fn describe(&self) -> Result<String, settings::PlanError> {
        let mut text = String::new();
        for trial in self.trials() {
            let cluster = self.cluster_plan(&trial).cluster()?;
            let crashed = mechanism(trial.mechanism).crash_order(&cluster).len() as u64;
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{}, groups = {}, {} with values of {} B, trial {}",
                trial.mechanism, trial.groups, self.structure, trial.value_bytes, trial.number
            );
            let _ = writeln!(text, "  processes  group-manager 1 (a free port)");
            for Seat { role, section, .. } in seats(&cluster) {
                let _ = writeln!(text, "             {role} {section} (free ports)");
            }
            let _ = writeln!(text, "  steps      {}", self.steps_in_words(&trial, crashed));
        }
        Ok(text)
    }

    fn steps_in_words(&self, trial: &Trial, crashed: u64) -> String {
        let checkpoints = self.checkpoints();
        let places: Vec<String> = checkpoints.iter().map(|place| place.ops.to_string()).collect();
        let shown = match places.as_slice() {
            [first, second, .., last] if places.len() > 4 => format!("{first}, {second}, ..., {last}"),
            few => few.join(", "),
        };
        let rounds = checkpoints.iter().filter(|place| place.has_crashes).count();
        let mut words = format!(
            "{} x {} into each of {} groups; memory sampled after {shown}; {rounds} rounds of {crashed} crashes",
            self.ops, self.workload, trial.groups,
        );
        if self.crash_together > 1 {
            let _ = write!(words, ", {} at once", self.crash_together);
        }
        if self.crash_during_recovery {
            words += ", one more during each recovery";
        }
        if self.load_during_recovery {
            words += ", while the other groups are written to";
        }
        words + ", each followed by reading back"
    }
}

#[cfg(test)]
mod tests;
