//! What a load will do, before it does anything.

mod problem;

use std::{fmt, path::PathBuf, time::Duration};

use clap::ValueEnum;
use settings::{Cluster, Mechanism};
use wire::client::Directory;

pub use self::problem::LoadProblem;
use super::{
    pace::{MAX_RATE, Pace},
    tally::Span,
};
use crate::{
    experiment::ExperimentPlan,
    work::{Together, Work},
};

/// The shortest measured part of a slice.
pub const MIN_DURATION: Duration = Duration::from_millis(100);

/// The longest measured part of a slice, and the longest warm-up.
pub(super) const MAX_DURATION: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest way to a far manager: shorter ones drown in the time that a proxy itself takes.
pub(super) const MIN_FAR: Duration = Duration::from_millis(1);

/// The most slices.
pub const MAX_SLICES: u32 = 1000;

/// How many connections the clients have to each door of a cluster. Redis's clients always have one each: `WAIT` holds
/// up the connection that it comes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Connections {
    /// One for all, as the clients of one process have by default; more where one door has over 128 clients.
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
    /// How many managers a cluster has; each client begins at one of them.
    pub managers: usize,
    /// The way, one direction, from a client to the managers at which it does not begin; zero where none is far.
    pub far: Duration,
    /// After so long a silence a client goes to the next manager.
    pub suspicion: Duration,
    /// Of 100 inserts, so many go into two groups at once.
    pub together: u32,
    /// How clients reach the doors.
    pub connections: Connections,
    /// Whether Redis has its turns as well.
    pub with_redis: bool,
    /// Where the clients of the one cluster write down what they see.
    pub history: Option<PathBuf>,
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
        self.check_far()?;
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
        let Span { warmup, duration } = self.span;
        match duration {
            _ if warmup > MAX_DURATION => Err(LoadProblem::Warmup { warmup }),
            _ if (MIN_DURATION..=MAX_DURATION).contains(&duration) => Ok(()),
            _ => Err(LoadProblem::Duration { duration }),
        }
    }

    fn check_together(&self) -> Result<(), LoadProblem> {
        let (percent, clusters) = (self.together, &self.clusters);
        let structure = clusters.structure;
        match self.fused() {
            _ if percent == 0 => Ok(()),
            Some(mechanism) => Err(LoadProblem::NoOrderInCommon { mechanism }),
            None if self.groups() < 2 => Err(LoadProblem::TogetherInOne { percent }),
            None if self.with_redis => Err(LoadProblem::TogetherElsewhere),
            None if !structure.is_keyed() && !clusters.workload.is_insert_only() => {
                Err(LoadProblem::TogetherInPlaces { structure })
            }
            None => Ok(()),
        }
    }

    fn check_far(&self) -> Result<(), LoadProblem> {
        let Self { far, suspicion, .. } = *self;
        match self.fused() {
            _ if far.is_zero() => Ok(()),
            Some(mechanism) => Err(LoadProblem::FarOfPrimaries { mechanism }),
            None if self.managers < 2 => Err(LoadProblem::FarAlone { far }),
            None if far < MIN_FAR || far.saturating_mul(2) >= suspicion => {
                Err(LoadProblem::FarTime { far, suspicion })
            }
            None => Ok(()),
        }
    }

    /// The first mechanism whose clients write at primaries.
    fn fused(&self) -> Option<Mechanism> {
        let mut mechanisms = self.mechanisms().iter().copied();
        mechanisms.find(|mechanism| mechanism.is_fusion())
    }

    /// Makes the plan one for a cluster that runs already.
    ///
    /// # Errors
    /// If its elements are smaller.
    pub fn of_running(&mut self, cluster: &Cluster) -> Result<(), LoadProblem> {
        (self.managers, self.suspicion) = (cluster.managers.len(), cluster.suspicion);
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
