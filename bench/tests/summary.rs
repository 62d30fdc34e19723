//! The arithmetic of the summary and of the histogram files, against values computed by hand.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod synthetic;

use bench::results::{
    At, BackupSizeRow, Configuration, OthersRow, OthersSummary, Period, RecoveryRow, Role, SummaryRow,
    Traffic, UpdateRow, ValueBytes, others_summary, result_table, summarize, write_hgrm,
};
use hdrhistogram::Histogram;
use multicast::id::NodeId;
use synthetic::{configuration, floor, recovery, size};

/// A row whose mean, median and so on are these.
fn update_row(run: &Configuration, trial: u32, count: u64, mean_us: f64, p50_us: f64) -> UpdateRow {
    UpdateRow {
        count,
        mean_us,
        p50_us,
        ..synthetic::update(run, trial, At::Door).0
    }
}

fn heap(run: &Configuration, elements: u64, node: u32, role: Role, heap_bytes: u64) -> BackupSizeRow {
    BackupSizeRow {
        heap_bytes,
        ..size(run, 1, elements, (NodeId(node), role))
    }
}

fn row_of<'a>(rows: &'a [SummaryRow], mechanism: &str) -> &'a SummaryRow {
    rows.iter()
        .find(|row| row.configuration.mechanism == mechanism)
        .unwrap()
}

#[test]
fn the_whole_summary_of_two_mechanisms_is_as_computed_by_hand() {
    let (replication, fusion) = (configuration("replication", 2), configuration("fusion-linked", 2));
    let updates = [
        update_row(&replication, 1, 100, 400.0, 300.0),
        update_row(&fusion, 1, 100, 200.0, 120.0),
    ];
    let sizes = [
        heap(&replication, 1000, 1, Role::DataNode, 9_999),
        heap(&replication, 2000, 1, Role::DataNode, 1_000),
        heap(&replication, 2000, 2, Role::DataNode, 1_200),
        heap(&replication, 2000, 3, Role::DataNode, 2_000),
        heap(&replication, 2000, 4, Role::DataNode, 1_800),
        heap(&fusion, 2000, 1, Role::Primary, 50_000),
        heap(&fusion, 2000, 2, Role::Primary, 50_000),
        heap(&fusion, 2000, 3, Role::FusionServer, 2_400),
    ];
    // Replication: 300 + 50 + 4 node + 20; fusion: 300 + 100 + 4 node + 10 + 20, its fused server's left out.
    let mut recoveries = vec![
        recovery(&replication, 1, 1000, (NodeId(1), Role::DataNode)),
        recovery(&replication, 1, 1000, (NodeId(2), Role::DataNode)),
        recovery(&fusion, 1, 1000, (NodeId(1), Role::Primary)),
        recovery(&fusion, 1, 1000, (NodeId(100), Role::FusionServer)),
    ];
    recoveries[1].lost = 3;
    recoveries[3].lost = 1;
    recoveries[3].wrong = 2;

    let expected = |mechanism: &str| SummaryRow {
        configuration: configuration(mechanism, 2),
        ops: 2000,
        update_mean_us: Some(400.0),
        update_p50_us: Some(300.0),
        update_p50_over_floor: Some(2.0),
        backup_bytes: Some(3_000),
        backup_over_replication: Some(1.0),
        recovery_p50_us: Some(376.0),
        recovery_over_replication: Some(1.0),
        lost: 3,
        wrong: 0,
    };
    let fusion_row = SummaryRow {
        update_mean_us: Some(200.0),
        update_p50_us: Some(120.0),
        backup_bytes: Some(2_400),
        backup_over_replication: Some(0.8),
        recovery_p50_us: Some(434.0),
        recovery_over_replication: Some(1.154),
        lost: 1,
        wrong: 2,
        ..expected("fusion-linked")
    };
    let rows = summarize(2000, Some(&floor()), &updates, &sizes, &recoveries);
    assert_eq!(rows, [fusion_row, expected("replication")]);
}

#[test]
fn two_faults_leave_two_of_three_copies_beyond_one() {
    let run = Configuration {
        faults: 2,
        ..configuration("replication", 1)
    };
    let sizes = [1, 2, 3].map(|node| heap(&run, 10, node, Role::DataNode, 600));
    let rows = summarize(10, None, &[], &sizes, &[]);
    assert_eq!(rows[0].backup_bytes, Some(1_200));
}

#[test]
fn all_fused_servers_count_as_backup() {
    let run = Configuration {
        faults: 2,
        ..configuration("fusion-linked", 3)
    };
    let sizes = [4, 5].map(|node| heap(&run, 10, node, Role::FusionServer, 600));
    assert_eq!(summarize(10, None, &[], &sizes, &[])[0].backup_bytes, Some(1_200));
}

#[test]
fn several_trials_give_weighted_means_and_medians_of_medians() {
    let run = configuration("replication", 1);
    let updates = [
        update_row(&run, 1, 100, 100.0, 90.0),
        update_row(&run, 2, 300, 200.0, 110.0),
        update_row(&run, 3, 0, 0.0, 0.0),
        UpdateRow {
            at: At::Client,
            ..update_row(&run, 1, 100, 9000.0, 9000.0)
        },
    ];
    let row = &summarize(10, None, &updates, &[], &[])[0];
    assert_eq!(
        (row.update_mean_us, row.update_p50_us),
        (Some(175.0), Some(100.0))
    );
}

#[test]
fn ratios_are_empty_where_replication_was_not_run_in_the_same_setting() {
    let fusion = configuration("fusion-linked", 2);
    let others = [
        configuration("replication", 3),
        Configuration {
            faults: 2,
            ..configuration("replication", 2)
        },
        Configuration {
            structure: "map".to_owned(),
            ..configuration("replication", 2)
        },
        Configuration {
            workload: "mixed:insert=1,read=1".to_owned(),
            ..configuration("replication", 2)
        },
        Configuration {
            value_bytes: ValueBytes::fixed(9),
            ..configuration("replication", 2)
        },
    ];
    let mut sizes = vec![heap(&fusion, 10, 1, Role::FusionServer, 600)];
    let mut recoveries = vec![recovery(&fusion, 1, 10, (NodeId(1), Role::Primary))];
    for other in &others {
        sizes.push(heap(other, 10, 1, Role::DataNode, 600));
        recoveries.push(recovery(other, 1, 10, (NodeId(1), Role::DataNode)));
    }
    let rows = summarize(10, None, &[], &sizes, &recoveries);
    let row = row_of(&rows, "fusion-linked");
    assert_eq!(
        (row.backup_over_replication, row.recovery_over_replication),
        (None, None)
    );
    // 300 + 10 x 0.05 x 2 groups + 4 + 10 x 0.01 + 10 x 0.02.
    assert_eq!((row.backup_bytes, row.recovery_p50_us), (Some(600), Some(305.3)));
}

#[test]
fn an_unknown_mechanism_has_a_row_without_a_floor() {
    let run = configuration("chain", 1);
    let row = &summarize(10, Some(&floor()), &[update_row(&run, 1, 1, 5.0, 5.0)], &[], &[])[0];
    assert_eq!((row.update_p50_us, row.update_p50_over_floor), (Some(5.0), None));
}

#[test]
fn a_floor_for_other_faults_is_not_used() {
    let run = Configuration {
        faults: 2,
        ..configuration("replication", 1)
    };
    let row = &summarize(10, Some(&floor()), &[update_row(&run, 1, 1, 5.0, 5.0)], &[], &[])[0];
    assert_eq!(row.update_p50_over_floor, None);
}

#[test]
fn what_the_others_saw_is_summed_up_over_the_crashes_with_the_most_data() {
    let run = configuration("fusion-arena", 2);
    let mut recoveries = Vec::new();
    let mut others = Vec::new();
    // (elements, node, role, updates in the recovery of 40 ms, its longest update)
    let crashes = [
        (1000, 1, Role::Primary, 1, 99_000.0),
        (2000, 1, Role::Primary, 300, 1_000.0),
        (2000, 2, Role::Primary, 100, 7_000.0),
        (2000, 3, Role::FusionServer, 400, 500.0),
    ];
    for (crash, (elements, node, role, updates, max_us)) in (1..).zip(crashes) {
        recoveries.push(RecoveryRow {
            crash,
            ..recovery(&run, 1, elements, (NodeId(node), role))
        });
        let (periods, _) = synthetic::others(&run, 1, crash);
        others.extend(periods.into_iter().map(|row| match row.period {
            Period::Recovery => OthersRow {
                updates_per_s: f64::from(updates) * 25.0,
                p999_us: max_us / 2.0,
                max_us,
                ..row
            },
            _ => row,
        }));
    }
    let of_primaries = OthersSummary {
        configuration: run.clone(),
        role: Role::Primary,
        elements_per_group: 2000,
        crashes: 2,
        before_per_s: 10_000.0,
        // In the middle of 0.75 and 0.25, of 500 and 3,500.
        recovery_over_before: 0.5,
        before_p999_us: 900.095,
        recovery_p999_us: 2_000.0,
        outage_max_us: 900.095,
        recovery_max_us: 7_000.0,
    };
    let of_server = OthersSummary {
        role: Role::FusionServer,
        crashes: 1,
        recovery_over_before: 1.0,
        recovery_p999_us: 250.0,
        recovery_max_us: 500.0,
        ..of_primaries.clone()
    };
    assert_eq!(others_summary(&recoveries, &others), [of_primaries, of_server]);
    assert_eq!(others_summary(&recoveries, &[]), []);
}

#[test]
fn the_result_table_shows_every_mechanism_and_marks_what_was_not_measured() {
    let plan = synthetic::Plan {
        mechanisms: &["replication", "fusion-linked", "chain"],
        groups: &[1, 2],
        sizes: &[1000],
        trials: 1,
    };
    let table = result_table(&synthetic::run(&plan).summary()) + "\n";
    assert_eq!(table, include_str!("golden/result_table.txt"));
}

#[test]
fn the_histogram_file_is_in_the_format_that_plotters_read() {
    let mut latency_ns = Histogram::<u64>::new_with_max(60_000_000_000, 3).unwrap();
    for us in 1..=100 {
        latency_ns.record(us * 1000).unwrap();
    }
    let mut text = Vec::new();
    write_hgrm(&mut text, &latency_ns).unwrap();
    assert_eq!(
        String::from_utf8(text).unwrap(),
        include_str!("golden/latency.hgrm")
    );
}

#[test]
fn an_update_row_has_the_quantiles_of_its_histogram_in_microseconds() {
    let mut latency_ns = Histogram::<u64>::new_with_max(60_000_000_000, 3).unwrap();
    // Below 2,048 every value is its own bucket, so the quantiles are exact.
    for ns in 0..=1000 {
        latency_ns.record(ns).unwrap();
    }
    let traffic = Traffic {
        messages: 8_008,
        bytes: 123_123,
    };
    let row = UpdateRow::from_histogram(&configuration("chain", 2), 3, At::Client, &latency_ns, traffic);
    let expected = UpdateRow {
        configuration: configuration("chain", 2),
        trial: 3,
        at: At::Client,
        count: 1001,
        mean_us: 0.5,
        // The root of (1001^2 - 1) / 12.
        std_dev_us: 0.289,
        p50_us: 0.5,
        p90_us: 0.9,
        p99_us: 0.99,
        p999_us: 0.999,
        max_us: 1.0,
        messages_per_update: 8.0,
        bytes_per_update: 123.0,
    };
    assert_eq!(row, expected);
    let nothing = Histogram::<u64>::new(3).unwrap();
    let row = UpdateRow::from_histogram(
        &configuration("chain", 2),
        3,
        At::Client,
        &nothing,
        Traffic::default(),
    );
    assert_eq!((row.count, row.mean_us, row.messages_per_update), (0, 0.0, 0.0));
}
