//! Rows like those of a run, made by formulas: every number can be computed again by hand.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]
#![allow(dead_code, reason = "each test file uses its own part")]

use bench::floor::{Floor, RoundTimes};
use bench::machine::{Build, Machine};
use bench::results::{
    At, BackupSizeRow, Circumstance, Configuration, OthersRow, Period, RecoveryRow, Role, Run, RunRecord,
    ThroughputRow, Traffic, UpdateRow, ValueBytes,
};
use hdrhistogram::Histogram;
use multicast::id::NodeId;

/// What to make up.
pub(crate) struct Plan<'a> {
    pub(crate) mechanisms: &'a [&'a str],
    pub(crate) groups: &'a [u32],
    /// Elements per group at the crashes.
    pub(crate) sizes: &'a [u64],
    pub(crate) trials: u32,
}

/// The floor of a machine with round trips of 60 us.
pub(crate) fn floor() -> Floor {
    let times = |p50_us: f64| RoundTimes {
        p50_us,
        p90_us: p50_us * 1.2,
        p99_us: p50_us * 2.0,
        mean_us: p50_us,
    };
    Floor {
        faults: 1,
        samples: 2000,
        message_bytes: 64,
        client_round_trip: times(60.0),
        one_round_to_f: times(60.0),
        one_round_to_f_plus_1: times(75.0),
        two_rounds_to_f_plus_1: times(150.0),
    }
}

/// A record with nothing of this machine in it.
pub(crate) fn record() -> RunRecord {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect();
    RunRecord {
        command_line: words("bench --groups 1..5 --ops 10000"),
        seeds: vec![7, 8],
        ops: 10_000,
        settings: serde_json::json!({"element_bytes": 8, "clients": 1, "crash_every": 1000}),
        build: Build {
            commit: "0123abc-dirty".to_owned(),
            compiler: "rustc 1.88.0".to_owned(),
        },
        machine: Machine {
            processor: "Imaginary <i7> & Sons".to_owned(),
            cores: 2,
            memory_bytes: 16_000_000_000,
            kernel: "Linux 6.0".to_owned(),
        },
        start: "2026-01-02T03:04:05Z".to_owned(),
        end: None,
        interrupted: true,
        floor: Some(floor()),
    }
}

pub(crate) fn configuration(mechanism: &str, groups: u32) -> Configuration {
    Configuration {
        mechanism: mechanism.to_owned(),
        groups,
        faults: 1,
        structure: "linked-list".to_owned(),
        workload: "insert".to_owned(),
        value_bytes: ValueBytes::fixed(8),
    }
}

/// Updates of `p50_us` or, every hundredth, ten times that.
pub(crate) fn latency_ns(p50_us: u64) -> Histogram<u64> {
    let mut histogram = Histogram::new_with_max(60_000_000_000, 3).unwrap();
    for k in 1..=1000 {
        let us = if k % 100 == 0 {
            p50_us * 10
        } else {
            p50_us + k / 20
        };
        histogram.record(us * 1000).unwrap();
    }
    histogram
}

pub(crate) fn update(configuration: &Configuration, trial: u32, at: At) -> (UpdateRow, Histogram<u64>) {
    let replicates = configuration.mechanism.starts_with("repl");
    let at_door = if replicates {
        230
    } else {
        90 + u64::from(configuration.groups)
    };
    let latency = latency_ns(if at == At::Door { at_door } else { at_door + 70 });
    let traffic = if replicates {
        Traffic {
            messages: 8000,
            bytes: 640_000,
        }
    } else {
        Traffic {
            messages: 2000,
            bytes: 180_000,
        }
    };
    (
        UpdateRow::from_histogram(configuration, trial, at, &latency, traffic),
        latency,
    )
}

/// Replication: f + 1 data nodes per group. All others: a primary per group and a fused server.
pub(crate) fn nodes(configuration: &Configuration) -> Vec<(NodeId, Role)> {
    let groups = configuration.groups;
    let replicates = configuration.mechanism.starts_with("repl");
    let held = |node| {
        (
            NodeId(node),
            if replicates { Role::DataNode } else { Role::Primary },
        )
    };
    let mut nodes: Vec<_> = (1..=if replicates { groups * 2 } else { groups })
        .map(held)
        .collect();
    if !replicates {
        nodes.push((NodeId(groups + 1), Role::FusionServer));
    }
    nodes
}

pub(crate) fn size(
    configuration: &Configuration,
    trial: u32,
    elements: u64,
    (node, role): (NodeId, Role),
) -> BackupSizeRow {
    let lists = if role == Role::FusionServer {
        u64::from(configuration.groups)
    } else {
        1
    };
    let (payload_bytes, auxiliary_bytes) = (elements * 8, elements * 20 * lists);
    BackupSizeRow {
        configuration: configuration.clone(),
        trial,
        elements_per_group: elements,
        node,
        role,
        payload_bytes,
        auxiliary_bytes,
        heap_bytes: payload_bytes + auxiliary_bytes + 4096,
        resident_bytes: 5_000_000,
    }
}

pub(crate) fn recovery(
    configuration: &Configuration,
    trial: u32,
    elements: u64,
    (node, role): (NodeId, Role),
) -> RecoveryRow {
    let fused = role != Role::DataNode;
    let sources = if fused {
        f64::from(configuration.groups)
    } else {
        1.0
    };
    let transfer_us = elements as f64 * 0.05 * sources + f64::from(node.0) * 4.0;
    let decode_us = if fused { elements as f64 * 0.01 } else { 0.0 };
    let parts = [
        900.0,
        12_000.0,
        300.0,
        transfer_us,
        decode_us,
        elements as f64 * 0.02,
    ];
    RecoveryRow {
        configuration: configuration.clone(),
        trial,
        crash: node.0,
        circumstance: Circumstance::Alone,
        elements_per_group: elements,
        contents_bytes: elements * 16,
        node,
        role,
        detect_us: parts[0],
        restart_us: parts[1],
        fence_us: parts[2],
        transfer_us: parts[3],
        decode_us: parts[4],
        install_us: parts[5],
        total_us: parts.iter().sum(),
        writes_paused_us: if fused { 0.0 } else { 350.0 },
        moved_bytes: elements * 20 * u64::from(if fused { configuration.groups } else { 1 }),
        lost: 0,
        wrong: 0,
    }
}

/// What the writers of the other groups saw of the first crash: a dip while the node is gone.
pub(crate) fn others(
    configuration: &Configuration,
    trial: u32,
    crash: u32,
) -> (Vec<OthersRow>, Vec<ThroughputRow>) {
    let place = (trial, crash);
    let period = |period, duration_ms, updates| {
        OthersRow::from_histogram(
            configuration,
            place,
            period,
            duration_ms,
            updates,
            &latency_ns(90),
        )
    };
    let periods = vec![
        period(Period::Before, 500.0, 5000),
        period(Period::Outage, 20.0, 100),
        period(Period::Recovery, 40.0, 320),
    ];
    let stretch = |t_ms| ThroughputRow {
        configuration: configuration.clone(),
        trial,
        crash,
        t_ms,
        bucket_ms: 10,
        updates: if (0..20).contains(&t_ms) { 50 } else { 100 },
        max_us: 950.0,
    };
    (periods, (-10..10).map(|k| stretch(k * 10)).collect())
}

/// A whole run; not written anywhere.
pub(crate) fn run(plan: &Plan<'_>) -> Run {
    let (mut updates, mut sizes, mut recoveries) = (Vec::new(), Vec::new(), Vec::new());
    let (mut periods, mut stretches) = (Vec::new(), Vec::new());
    for configuration in plan
        .groups
        .iter()
        .flat_map(|g| plan.mechanisms.iter().map(|m| configuration(m, *g)))
    {
        for trial in 1..=plan.trials {
            updates.extend([At::Door, At::Client].map(|at| update(&configuration, trial, at).0));
            for elements in plan.sizes {
                let nodes = || nodes(&configuration).into_iter();
                sizes.extend(nodes().map(|node| size(&configuration, trial, *elements, node)));
                recoveries.extend(nodes().map(|node| recovery(&configuration, trial, *elements, node)));
            }
            let (period_rows, stretch_rows) = others(&configuration, trial, 1);
            periods.extend(period_rows);
            stretches.extend(stretch_rows);
        }
    }
    Run {
        path: "nowhere".into(),
        record: record(),
        updates,
        sizes,
        recoveries,
        others: periods,
        throughput: stretches,
    }
}
