//! What an experiment will do, before it does anything.

use std::fmt::Write;

use serde::Serialize;
use settings::{ClusterPlan, Mechanism};

use super::KEY_BYTES;
use crate::{
    cluster::{Seat, seats},
    mechanism::mechanism,
    placement::Placement,
    results::Configuration,
};

/// The checked settings of an experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExperimentPlan {
    /// The mechanisms, in the order in which they are run for each number of groups.
    pub mechanisms: Vec<Mechanism>,
    /// The numbers of groups.
    pub groups: Vec<u32>,
    /// Inserts per group.
    pub ops: u64,
    /// Crashes to tolerate.
    pub faults: u32,
    /// Every node is crashed after this many inserts per group; 0 means never.
    pub crash_every: u64,
    /// Bytes of every value.
    pub element_bytes: usize,
    /// Clients per group, each with one update under way.
    pub clients: u64,
    /// Of the first trial; the next ones count up.
    pub seed: u64,
    /// Trials per configuration.
    pub repeat: u32,
    /// Where the processes run.
    pub placement: Placement,
}

/// One cluster's life within the experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Its mechanism.
    pub mechanism: Mechanism,
    /// Its groups.
    pub groups: u32,
    /// Which repetition, from 1.
    pub number: u32,
    /// What its elements are made from.
    pub seed: u64,
}

impl Trial {
    /// The trial's configuration, as rows name it.
    pub fn configuration(&self, faults: u32) -> Configuration {
        Configuration {
            groups: self.groups,
            faults,
            mechanism: self.mechanism.to_string(),
        }
    }
}

impl ExperimentPlan {
    /// All trials in order: mechanisms are neighbours, so that a drifting machine hits them alike.
    pub fn trials(&self) -> Vec<Trial> {
        let mut trials = Vec::new();
        for number in 1..=self.repeat {
            let seed = self.seed + u64::from(number - 1);
            for groups in &self.groups {
                for mechanism in &self.mechanisms {
                    trials.push(Trial {
                        mechanism: *mechanism,
                        groups: *groups,
                        number,
                        seed,
                    });
                }
            }
        }
        trials
    }

    /// Inserts per group between two rounds of crashes (or samples of memory).
    pub fn step(&self) -> u64 {
        if self.crash_every > 0 {
            self.crash_every
        } else {
            self.ops.div_ceil(10).max(1)
        }
    }

    /// The cluster of a trial.
    pub fn cluster_plan(&self, trial: &Trial) -> ClusterPlan {
        let mut plan = ClusterPlan::new(trial.mechanism, trial.groups as usize, self.faults as usize);
        plan.limits.key_bytes = KEY_BYTES;
        plan.limits.element_bytes = self.element_bytes;
        plan
    }

    /// All inserts of all trials: what the progress bar counts.
    pub fn inserts(&self) -> u64 {
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
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{}, groups = {}, trial {}",
                trial.mechanism, trial.groups, trial.number
            );
            let _ = writeln!(text, "  processes  group-manager 1 (a free port)");
            for Seat { role, section, .. } in seats(&cluster) {
                let _ = writeln!(text, "             {role} {section} (free ports)");
            }
            let rounds = if self.crash_every == 0 {
                0
            } else {
                self.ops.div_ceil(self.crash_every)
            };
            let crashed = mechanism(trial.mechanism).crash_order(&cluster).len() as u64;
            let _ = writeln!(
                text,
                "  steps      {} inserts into each of {} groups, {} at a time; memory sampled after each; \
                 {rounds} rounds of {crashed} crashes, each followed by reading back",
                self.ops,
                trial.groups,
                self.step(),
            );
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> ExperimentPlan {
        ExperimentPlan {
            mechanisms: vec![Mechanism::Replication, Mechanism::FusionLinked],
            groups: vec![1, 2],
            ops: 100,
            faults: 1,
            crash_every: 30,
            element_bytes: 8,
            clients: 1,
            seed: 5,
            repeat: 2,
            placement: Placement::Free,
        }
    }

    #[test]
    fn mechanisms_are_neighbours_and_every_repetition_has_its_own_seed() {
        let shown: Vec<_> = plan()
            .trials()
            .iter()
            .map(|t| (t.mechanism.name(), t.groups, t.number, t.seed))
            .collect();
        let expected = [
            ("replication", 1, 1, 5),
            ("fusion-linked", 1, 1, 5),
            ("replication", 2, 1, 5),
            ("fusion-linked", 2, 1, 5),
            ("replication", 1, 2, 6),
            ("fusion-linked", 1, 2, 6),
            ("replication", 2, 2, 6),
            ("fusion-linked", 2, 2, 6),
        ];
        assert_eq!(shown, expected);
        assert_eq!(plan().inserts(), 2 * (100 + 100 + 200 + 200));
    }

    #[test]
    fn the_description_names_processes_and_steps() {
        let plan = ExperimentPlan {
            groups: vec![1],
            repeat: 1,
            ..plan()
        };
        let expected = "\
replication, groups = 1, trial 1
  processes  group-manager 1 (a free port)
             data-node 1 (free ports)
             data-node 2 (free ports)
  steps      100 inserts into each of 1 groups, 30 at a time; memory sampled after each; 4 rounds of 2 crashes, each followed by reading back
fusion-linked, groups = 1, trial 1
  processes  group-manager 1 (a free port)
             primary 1 (free ports)
             fusion-server 1 (free ports)
  steps      100 inserts into each of 1 groups, 30 at a time; memory sampled after each; 4 rounds of 2 crashes, each followed by reading back
";
        assert_eq!(plan.describe().unwrap(), expected);
    }
}
