//! Why a load cannot be carried out.

use std::time::Duration;

use settings::Mechanism;
use structures::kind::StructureKind;
use thiserror::Error;

use super::{MAX_DURATION, MIN_DURATION, MIN_FAR};
use crate::{experiment::PlanProblem, load::MAX_RATE};

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
    /// Too short to measure anything, or longer than anybody waits.
    #[error(
        "--duration {duration:?}: a slice takes {MIN_DURATION:?} to {} h",
        hours(MAX_DURATION)
    )]
    Duration {
        /// What was asked.
        duration: Duration,
    },
    /// Longer than anybody waits.
    #[error("--warmup {} h: a slice warms up for at most {} h", hours(*warmup), hours(MAX_DURATION))]
    Warmup {
        /// What was asked.
        warmup: Duration,
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
    /// Places in a group into which clients of two groups put elements.
    #[error(
        "--together: clients of two groups put elements into each {structure}, so nobody knows their places; it takes \
         --workload insert, or a structure with keys"
    )]
    TogetherInPlaces {
        /// The structure.
        structure: StructureKind,
    },
    /// A far manager where there is only one.
    #[error("--far {far:?}: there is one manager, which every client has near; it takes 2 or more")]
    FarAlone {
        /// What was asked.
        far: Duration,
    },
    /// A far manager where requests go to primaries.
    #[error(
        "--far: clients of {mechanism} write at primaries, not at managers; name others with --mechanisms"
    )]
    FarOfPrimaries {
        /// The mechanism.
        mechanism: Mechanism,
    },
    /// A way too short to be one, or so long that an answer comes after the suspicion.
    #[error(
        "--far {far:?}: a way takes {MIN_FAR:?} or more, and there and back less than the {suspicion:?} after which a \
         client goes to the next manager"
    )]
    FarTime {
        /// What was asked.
        far: Duration,
        /// The cluster's.
        suspicion: Duration,
    },
    /// Writes of several groups where each is a world of its own.
    #[error("--together: Redis has no writes of several groups; load it in a run of its own")]
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

/// In whole hours.
fn hours(time: Duration) -> u64 {
    time.as_secs() / 3600
}
