//! What a load will do, before it does anything.

use std::{fmt, path::PathBuf, time::Duration};

use clap::ValueEnum;
use settings::{Cluster, Mechanism};
use thiserror::Error;
use wire::client::Directory;

use super::{
    pace::{MAX_RATE, Pace},
    tally::Span,
};
use crate::{
    experiment::{ExperimentPlan, PlanProblem},
    work::{Together, Work},
};

/// The shortest measured part of a slice.
pub const MIN_DURATION: Duration = Duration::from_millis(100);

/// The most slices.
pub const MAX_SLICES: u32 = 1000;

/// How many connections the clients have to each door of a cluster. Redis's clients always have one each: `WAIT` holds
/// up the connection that it comes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Connections {
    /// One for all (for up to [`LANES`](wire::client::LANES)), as the clients of one process have by default.
    Shared,
    /// One each, as clients in processes of their own have.
    Own,
}

impl Connections {
    /// The way to a cluster for clients that connect like this.
    pub(super) fn over(self, directory: Directory) -> Directory {
        match self {
            Self::Shared => directory.sharing(),
            Self::Own => directory,
        }
    }
}

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shared => "shared",
            Self::Own => "own",
        })
    }
}

/// The checked settings of a load.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// What the clusters are, and what their clients do: an experiment of one number of groups and one length of
    /// values, without crashes.
    pub clusters: ExperimentPlan,
    /// How fast requests come.
    pub pace: Pace,
    /// The parts of a slice.
    pub span: Span,
    /// How often each contender has its turn.
    pub slices: u32,
    /// How many managers a cluster that is launched has; each client begins at one of them.
    pub managers: usize,
    /// The way, one direction, from a client to the managers at which it does not begin.
    pub far: Duration,
    /// Of 100 inserts, so many go into two groups at once.
    pub together: u32,
    /// How clients reach the doors.
    pub connections: Connections,
    /// Whether Redis has its turns as well.
    pub with_redis: bool,
    /// Where the clients of the one cluster write down what they see.
    pub history: Option<PathBuf>,
}

/// A load that cannot be carried out; each names the option and what it would take.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoadProblem {
    /// The groups or what their clients do.
    #[error(transparent)]
    Clusters(#[from] PlanProblem),
    /// A rate that is none, or too high.
    #[error("--rate {per_second}: there may be 1 to {MAX_RATE} requests a second")]
    Rate {
        /// What was asked.
        per_second: u64,
    },
    /// Too short to measure anything.
    #[error("--duration {duration:?}: a slice takes at least {MIN_DURATION:?}")]
    Duration {
        /// What was asked.
        duration: Duration,
    },
    /// Something else than inserts, with Redis.
    #[error(
        "--workload {workload}: Redis is pushed to and nothing else; --peer redis takes --workload insert"
    )]
    NotPushes {
        /// What was asked.
        workload: String,
    },
    /// Writes of several groups where there is only one.
    #[error("--together {percent}: there is one group; it takes --groups 2 or more")]
    TogetherInOne {
        /// What was asked.
        percent: u32,
    },
    /// Writes of several groups that have no order in common.
    #[error("--together: groups of {mechanism} have no order in common; name others with --mechanisms")]
    NoOrderInCommon {
        /// The mechanism.
        mechanism: Mechanism,
    },
    /// Writes of several groups where each is a world of its own.
    #[error("--together: neither Redis nor a history has writes of several groups")]
    TogetherElsewhere,
    /// A history of more than one thing.
    #[error("--history: what clients see of one cluster; name one mechanism, and no --peer")]
    HistoryOfSeveral,
    /// Values that a running cluster does not take.
    #[error("--value-bytes {most}: the cluster's values have at most {limit} bytes")]
    ValuesOfCluster {
        /// The longest asked for.
        most: usize,
        /// The cluster's limit.
        limit: usize,
    },
    /// Keys that a running cluster does not take.
    #[error("--key-bytes {key_bytes}: the cluster's keys have at most {limit} bytes")]
    KeysOfCluster {
        /// What was asked.
        key_bytes: usize,
        /// The cluster's limit.
        limit: usize,
    },
}

impl LoadPlan {
    /// Whether it can be carried out.
    ///
    /// # Errors
    /// The first thing that stands in its way.
    pub fn check(&self) -> Result<(), LoadProblem> {
        let clusters = &self.clusters;
        clusters.check_groups()?;
        clusters.check_pipeline()?;
        if self.history.is_some() && (self.mechanisms().len() > 1 || self.with_redis) {
            return Err(LoadProblem::HistoryOfSeveral);
        }
        self.check_together()?;
        // Where nothing but inserts is under way their answers are known, wherever they go.
        if !clusters.workload.is_insert_only() {
            clusters.check_places_of_clients()?;
            if self.with_redis {
                let workload = clusters.workload.to_string();
                return Err(LoadProblem::NotPushes { workload });
            }
        }
        match self.pace {
            Pace::Open { per_second } if !(1..=MAX_RATE).contains(&per_second) => {
                return Err(LoadProblem::Rate { per_second });
            }
            _ => {}
        }
        let duration = self.span.duration;
        match duration < MIN_DURATION {
            true => Err(LoadProblem::Duration { duration }),
            false => Ok(()),
        }
    }

    fn check_together(&self) -> Result<(), LoadProblem> {
        let percent = self.together;
        let fused = self.mechanisms().iter().find(|mechanism| mechanism.is_fusion());
        match fused {
            _ if percent == 0 => Ok(()),
            Some(mechanism) => Err(LoadProblem::NoOrderInCommon {
                mechanism: *mechanism,
            }),
            None if self.groups() < 2 => Err(LoadProblem::TogetherInOne { percent }),
            None if self.with_redis || self.history.is_some() => Err(LoadProblem::TogetherElsewhere),
            None => Ok(()),
        }
    }

    /// Makes the plan one for a cluster that runs already.
    ///
    /// # Errors
    /// If its elements are smaller.
    pub fn of_running(&mut self, cluster: &Cluster) -> Result<(), LoadProblem> {
        let clusters = &mut self.clusters;
        clusters.mechanisms = vec![cluster.mechanism];
        clusters.structure = cluster.structure;
        clusters.groups = vec![cluster.groups.len() as u32];
        clusters.faults = cluster.fault_tolerance as u32;
        let most = clusters
            .value_bytes
            .iter()
            .map(|bytes| usize::from(bytes.most()))
            .max();
        let (most, limit) = (most.unwrap_or_default(), cluster.limits.element_bytes);
        if most > limit {
            return Err(LoadProblem::ValuesOfCluster { most, limit });
        }
        let (key_bytes, limit) = (clusters.key_bytes, cluster.limits.key_bytes);
        match cluster.structure.is_keyed() && key_bytes > limit {
            true => Err(LoadProblem::KeysOfCluster { key_bytes, limit }),
            false => Ok(()),
        }
    }

    /// What clients do, as rows name it.
    pub(super) fn workload_words(&self) -> String {
        let words = self.clusters.workload_words();
        match self.together {
            0 => words,
            percent => format!("{words}, {percent} % of inserts together"),
        }
    }

    /// The mechanisms that are loaded.
    pub fn mechanisms(&self) -> &[Mechanism] {
        &self.clusters.mechanisms
    }

    /// How many groups each cluster has.
    pub fn groups(&self) -> u32 {
        self.clusters.groups.iter().copied().max().unwrap_or(1)
    }

    /// Requests of all clients that may be under way at once.
    pub fn window(&self) -> usize {
        self.groups() as usize * self.clusters.clients as usize * self.clusters.pipeline
    }

    /// What every contender's clients do.
    pub(super) fn work(&self) -> Work {
        let clusters = &self.clusters;
        let trials = clusters.trials();
        let trial = trials
            .first()
            .expect("a plan has a mechanism, a number of groups and values");
        let together = (self.together > 0).then(|| Together {
            percent: self.together,
            groups: self.groups() as u16,
        });
        Work {
            together,
            ..clusters.work(trial)
        }
    }
}

#[cfg(test)]
mod tests;
