//! Real processes under load while everything goes wrong that may: kills, pauses, and a bad network between any two. At
//! the end all is healed, every group serves, all copies agree, and what the clients saw is linearizable.
//!
//! Each run lasts for `FUSEBOX_CHAOS_SECONDS` (4 if not said) beside start and end; `FUSEBOX_CHAOS_SEED` decides what
//! happens in which order. A failure names its seed and leaves the history behind.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod callers;
mod clients;
mod etcd;
mod evidence;
mod faults;
mod process;
mod together;
mod trial;
mod world;

use faults::Kind;
use settings::Mechanism;
use structures::kind::StructureKind;
use trial::Trial;

/// Processes that are killed and stand still.
const PROCESSES: [Kind; 5] = [
    Kind::Kill,
    Kind::Pause,
    Kind::KillManager,
    Kind::PauseManager,
    Kind::KillBoth,
];

#[tokio::test]
async fn replication_survives_processes_that_are_killed_and_paused() {
    let trial = Trial {
        mechanism: Mechanism::Replication,
        structure: StructureKind::LinkedList,
        managers: 1,
        with_together: false,
        kinds: &PROCESSES,
    };
    trial.survives().await;
}

#[tokio::test]
async fn replication_survives_a_bad_network() {
    let trial = Trial {
        mechanism: Mechanism::Replication,
        structure: StructureKind::Queue,
        managers: 1,
        with_together: false,
        kinds: &[Kind::ManagerLink, Kind::ClientLink],
    };
    trial.survives().await;
}

#[tokio::test]
async fn replication_with_three_managers_survives_processes_that_are_killed_and_paused() {
    let trial = Trial {
        mechanism: Mechanism::Replication,
        structure: StructureKind::Map,
        managers: 3,
        with_together: true,
        kinds: &PROCESSES,
    };
    trial.survives().await;
}

#[tokio::test]
async fn replication_with_three_managers_survives_a_bad_network() {
    let trial = Trial {
        mechanism: Mechanism::Replication,
        structure: StructureKind::Queue,
        managers: 3,
        with_together: false,
        kinds: &[
            Kind::ManagerLink,
            Kind::FellowLink,
            Kind::Isolation,
            Kind::ClientLink,
        ],
    };
    trial.survives().await;
}

#[tokio::test]
async fn queues_that_are_written_together_survive_processes_that_are_killed_and_paused() {
    let trial = Trial {
        mechanism: Mechanism::Replication,
        structure: StructureKind::Queue,
        managers: 3,
        with_together: true,
        kinds: &PROCESSES,
    };
    trial.survives().await;
}

#[tokio::test]
async fn replication_over_etcd_survives_managers_that_are_killed_paused_and_cut_off() {
    let trial = Trial {
        mechanism: Mechanism::Replication,
        structure: StructureKind::OrderedMap,
        managers: 3,
        with_together: true,
        kinds: &[
            Kind::KillManager,
            Kind::PauseManager,
            Kind::KillBoth,
            Kind::Isolation,
        ],
    };
    trial.survives_over_etcd().await;
}

#[tokio::test]
async fn a_sequencer_with_three_managers_survives_processes_that_are_killed_and_paused() {
    let trial = Trial {
        mechanism: Mechanism::ReplicationSequencer,
        structure: StructureKind::Map,
        managers: 3,
        with_together: true,
        kinds: &PROCESSES,
    };
    trial.survives().await;
}

#[tokio::test]
async fn a_sequencer_with_three_managers_survives_a_bad_network() {
    let trial = Trial {
        mechanism: Mechanism::ReplicationSequencer,
        structure: StructureKind::Map,
        managers: 3,
        with_together: false,
        kinds: &[
            Kind::KillManager,
            Kind::ManagerLink,
            Kind::FellowLink,
            Kind::Isolation,
            Kind::ClientLink,
        ],
    };
    trial.survives().await;
}

#[tokio::test]
async fn fusion_survives_processes_that_are_killed_and_paused() {
    let trial = Trial {
        mechanism: Mechanism::FusionLinked,
        structure: StructureKind::LinkedList,
        managers: 1,
        with_together: false,
        kinds: &PROCESSES,
    };
    trial.survives().await;
}

#[tokio::test]
async fn fusion_survives_a_bad_network() {
    let trial = Trial {
        mechanism: Mechanism::FusionArena,
        structure: StructureKind::Queue,
        managers: 1,
        with_together: false,
        kinds: &[Kind::ManagerLink, Kind::DeltaLink, Kind::ClientLink],
    };
    trial.survives().await;
}

#[tokio::test]
async fn fusion_with_three_managers_survives_all_of_it() {
    let trial = Trial {
        mechanism: Mechanism::FusionArena,
        structure: StructureKind::OrderedMap,
        managers: 3,
        with_together: false,
        kinds: &[
            Kind::Kill,
            Kind::KillManager,
            Kind::PauseManager,
            Kind::KillBoth,
            Kind::ManagerLink,
            Kind::FellowLink,
            Kind::Isolation,
            Kind::DeltaLink,
        ],
    };
    trial.survives().await;
}
