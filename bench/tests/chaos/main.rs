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

mod clients;
mod evidence;
mod faults;
mod process;
mod world;

use std::time::{Duration, Instant};

use bench::history::{Asked, ClientRecord, Recorder, Verdict, check, read};
use clients::Assignment;
use evidence::Evidence;
use faults::{Kind, strike};
use rand::{SeedableRng, rngs::StdRng};
use settings::{ClusterPlan, Mechanism};
use structures::{kind::StructureKind, op::Element, query::Query};
use tokio::sync::watch;
use wire::message::client::ReplyBody;
use world::{PATIENCE, World};

/// Steps for each object's order: many times what a history of a few seconds takes.
const BUDGET: u64 = 100_000;

/// Clients of each group.
const CLIENTS: u64 = 3;

fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Two groups that survive one crash, quick to suspect.
fn plan(mechanism: Mechanism, structure: StructureKind) -> ClusterPlan {
    let mut plan = ClusterPlan::new(mechanism, 2, 1);
    plan.structure = structure;
    plan.limits.element_bytes = 8;
    plan.heartbeat = Duration::from_millis(50);
    plan.suspicion = Duration::from_millis(500);
    plan
}

/// Runs a cluster under load while faults of these kinds strike, and judges it at the end.
async fn survives(mechanism: Mechanism, structure: StructureKind, kinds: &[Kind]) {
    let seconds = from_environment("FUSEBOX_CHAOS_SECONDS").unwrap_or(4);
    let seed = from_environment("FUSEBOX_CHAOS_SEED").unwrap_or(1);
    let evidence = Evidence::of(&format!("{mechanism}, {structure}, {kinds:?}"), seed);
    let folder = evidence.folder().to_owned();
    let mut world = World::start(plan(mechanism, structure), folder, seed).await;
    let recorder = Recorder::create(&evidence.history(), world.cluster.structure()).unwrap();

    let (stop, stopped) = watch::channel(false);
    let mut running = Vec::new();
    for group in world.groups() {
        for _ in 0..CLIENTS {
            let assignment = Assignment {
                directory: world.directory(),
                kind: structure,
                group,
                recorder: recorder.clone(),
                stop: stopped.clone(),
            };
            running.push(clients::start(assignment, running.len() as u64, seed));
        }
    }
    let mut random = StdRng::seed_from_u64(seed);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(seconds) {
        strike(&mut world, kinds, &mut random).await;
    }
    stop.send_replace(true);
    println!("the faults are over");
    for client in running {
        let answered = client.await.unwrap();
        assert!(answered > 0, "a client was never answered");
    }
    assert_all_copies_agree(&world, &mut recorder.client()).await;
    drop((recorder, world));
    assert_linearizable(&evidence);
}

/// Reads every group at its door, which is recorded, and compares all copies with that.
async fn assert_all_copies_agree(world: &World, record: &mut ClientRecord) {
    let directory = world.directory();
    for group in world.groups() {
        let call = record.call(group, Asked::Read(Query::All));
        let elements: Vec<Element> = directory.read_all(group, PATIENCE).await.unwrap();
        let last = true;
        let body = ReplyBody::Elements {
            elements: elements.clone(),
            last,
        };
        record.answered(call, &Ok(body)).unwrap();
        for mut replica in world.replicas(group).await {
            assert_eq!(replica.read_all(group).await.unwrap(), elements, "{group}");
        }
    }
    if !world.cluster.primaries.is_empty() {
        let report = bench::scrub::scrub(&world.cluster, &directory).await.unwrap();
        assert!(report.is_sound(), "{report:?}");
    }
}

fn assert_linearizable(evidence: &Evidence) {
    let history = read(&evidence.history()).unwrap();
    let report = check(&history, BUDGET);
    match &report.verdict {
        Verdict::Linearizable => println!("{report:?}"),
        Verdict::Flawed(flaws) => {
            let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
            panic!("{}", flaws.join("\n"));
        }
        Verdict::Undecided(objects) => panic!("undecided: {objects:?}"),
    }
}

#[tokio::test]
async fn replication_survives_processes_that_are_killed_and_paused() {
    let kinds = [Kind::Kill, Kind::Pause, Kind::KillManager, Kind::PauseManager];
    survives(Mechanism::Replication, StructureKind::LinkedList, &kinds).await;
}

#[tokio::test]
async fn replication_survives_a_bad_network() {
    let kinds = [Kind::ManagerLink, Kind::ClientLink];
    survives(Mechanism::Replication, StructureKind::Queue, &kinds).await;
}

#[tokio::test]
async fn fusion_survives_processes_that_are_killed_and_paused() {
    let kinds = [Kind::Kill, Kind::Pause, Kind::KillManager, Kind::PauseManager];
    survives(Mechanism::FusionLinked, StructureKind::LinkedList, &kinds).await;
}

#[tokio::test]
async fn fusion_survives_a_bad_network() {
    let kinds = [Kind::ManagerLink, Kind::DeltaLink, Kind::ClientLink];
    survives(Mechanism::FusionArena, StructureKind::Queue, &kinds).await;
}
