//! Whole experiments that the report did not make: other structures, mixed workloads, crashes of several nodes at
//! once and in the middle of a recovery, writers that go on meanwhile. Each one reads everything back after every
//! crash and fails by itself if an element is lost or wrong.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod programs;

use std::collections::{BTreeMap, BTreeSet};

use bench::results::{Circumstance, Period, RecoveryRow, Role, Run, RunFolder};
use programs::{Ended, Program, shown};

/// Runs the experiment to its good end and reads its folder.
async fn run(options: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let common = ["--placement", "free", "--out", &shown(&out)].map(str::to_owned);
    let common: Vec<&str> = common.iter().map(String::as_str).collect();
    let program = Program::start(&programs::bench(), &[&common, options].concat());
    let well = Ended {
        code: Some(0),
        errors: String::new(),
    };
    assert_eq!(program.ended().await, well, "{options:?}");
    let run = RunFolder::open(&out).unwrap();
    let unsound: Vec<&RecoveryRow> = run
        .recoveries
        .iter()
        .filter(|row| row.lost + row.wrong > 0)
        .collect();
    assert_eq!(unsound, Vec::<&RecoveryRow>::new());
    run
}

/// The nodes of each crash, in the order of the crashes.
fn parties(run: &Run) -> Vec<Vec<(Role, Circumstance)>> {
    let mut parties: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for row in &run.recoveries {
        parties
            .entry(row.crash)
            .or_default()
            .push((row.role, row.circumstance));
    }
    parties.into_values().collect()
}

#[tokio::test]
async fn every_structure_survives_every_crash_under_a_mixed_workload() {
    for structure in [
        "keyed-list",
        "list",
        "map",
        "ordered-map",
        "set",
        "queue",
        "stack",
        "priority-queue",
    ] {
        let workload = match structure {
            "set" | "queue" | "stack" | "priority-queue" => "mixed:insert=60,delete=25,read=15",
            _ => "mixed:insert=50,update=20,delete=15,read=15",
        };
        let mut options = vec!["--groups", "2", "--ops", "120", "--crash-every", "60"];
        options.extend(["--structure", structure, "--workload", workload]);
        if structure != "set" {
            options.extend(["--value-bytes", "1..40"]);
        }
        let run = run(&options).await;
        let mechanisms: BTreeSet<&str> = run
            .recoveries
            .iter()
            .map(|row| row.configuration.mechanism.as_str())
            .collect();
        assert_eq!(
            mechanisms,
            BTreeSet::from(["fusion-arena", "replication"]),
            "{structure}"
        );
        // 2 rounds: 4 data nodes, or 2 primaries and a fused server.
        assert_eq!(run.recoveries.len(), 2 * (4 + 3), "{structure}");
    }
}

#[tokio::test]
async fn the_reports_list_is_fused_in_both_layouts() {
    let run = run(&[
        "--mechanisms",
        "fusion-linked,fusion-arena",
        "--groups",
        "3",
        "--ops",
        "100",
        "--crash-every",
        "50",
    ])
    .await;
    assert_eq!(run.recoveries.len(), 2 * 2 * 4);
    let moved: BTreeSet<bool> = run
        .recoveries
        .iter()
        .map(|row| row.moved_bytes > row.contents_bytes)
        .collect();
    assert_eq!(moved, BTreeSet::from([true]), "a recovery moves what was lost");
}

#[tokio::test]
async fn several_clients_with_several_requests_under_way_lose_nothing() {
    let run = run(&[
        "--structure",
        "map",
        "--workload",
        "mixed:insert=50,update=30,delete=10,read=10",
        "--groups",
        "2",
        "--clients",
        "3",
        "--pipeline",
        "16",
        "--ops",
        "900",
        "--crash-at",
        "300,900",
    ])
    .await;
    let sizes: BTreeSet<u64> = run.sizes.iter().map(|row| row.elements_per_group).collect();
    assert_eq!(sizes.len(), 2, "{sizes:?}");
}

#[tokio::test]
async fn two_nodes_of_different_roles_crash_at_once_and_nothing_is_lost() {
    let run = run(&[
        "--mechanisms",
        "fusion-arena",
        "--structure",
        "map",
        "--groups",
        "3",
        "--faults",
        "2",
        "--ops",
        "100",
        "--crash-every",
        "50",
        "--crash-together",
        "2",
    ])
    .await;
    let parties = parties(&run);
    // 3 primaries and 2 fused servers, twice.
    let sizes: Vec<usize> = parties.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 2, 1, 2, 2, 1]);
    let together = |role| (role, Circumstance::Together);
    let mixed = BTreeSet::from([together(Role::Primary), together(Role::FusionServer)]);
    for first in [&parties[0], &parties[3]] {
        assert_eq!(BTreeSet::from_iter(first.iter().copied()), mixed);
    }
}

#[tokio::test]
async fn a_node_that_crashes_while_another_one_is_recovered_costs_nothing() {
    for mechanism in ["replication", "fusion-arena"] {
        let run = run(&[
            "--mechanisms",
            mechanism,
            "--structure",
            "list",
            "--groups",
            "2",
            "--faults",
            "2",
            "--ops",
            "4000",
            "--value-bytes",
            "1000",
            "--pipeline",
            "32",
            "--crash-at",
            "4000",
            "--crash-during-recovery",
        ])
        .await;
        let parties = parties(&run);
        assert!(parties.iter().all(|party| party.len() == 2), "{parties:?}");
        let during =
            |(_, circumstance): &&(Role, Circumstance)| *circumstance == Circumstance::DuringRecovery;
        let seconds = parties.iter().flatten().filter(during).count();
        // A recovery may be over before the second one is dead, but not each of them.
        assert!(seconds > 0, "{mechanism}: {parties:?}");
    }
}

#[tokio::test]
async fn the_other_groups_write_through_a_crash_and_what_they_see_is_recorded() {
    let run = run(&[
        "--mechanisms",
        "fusion-arena",
        "--structure",
        "map",
        "--groups",
        "2",
        "--ops",
        "200",
        "--crash-at",
        "200",
        "--load-during-recovery",
    ])
    .await;
    // A fused server and 2 primaries.
    assert_eq!(parties(&run).len(), 3);
    let periods: Vec<(u32, Period)> = run.others.iter().map(|row| (row.crash, row.period)).collect();
    let expected = (1..=3).flat_map(|crash| Period::ALL.map(|period| (crash, period)));
    assert_eq!(periods, expected.collect::<Vec<_>>());
    for crash in 1..=3 {
        let stretches = || run.throughput.iter().filter(move |row| row.crash == crash);
        assert!(stretches().any(|row| row.t_ms < 0 && row.updates > 0));
        let updates: u64 = stretches().map(|row| row.updates).sum();
        let of_periods = run.others.iter().filter(|row| row.crash == crash);
        assert!(updates >= of_periods.map(|row| row.updates).sum::<u64>() / 2);
    }
}
