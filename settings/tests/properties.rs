//! What holds for any text and any plan.

use std::time::Duration;

use proptest::prelude::*;
use settings::{
    Cluster, ClusterPlan, Join, MAX_PLANNED_MANAGERS, MAX_RENDERED_PROBLEMS, Mechanism, PortPlan,
    StructureLimits,
};
use structures::kind::StructureKind;

/// Lines near enough to a cluster file that many of them are half right.
fn line() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec!["cluster", "manager", "node", "primary", "fusion", "nod", ""]);
    let number = prop::sample::select(vec!["", " 1", " 2", " 3", " x", " 4294967296"]);
    let key = prop::sample::select(vec![
        "name",
        "mechanism",
        "fault_tolerance",
        "structure",
        "key_bytes",
        "min_backups",
        "join",
        "heartbeat_ms",
        "suspicion_ms",
        "host",
        "port",
        "group_id",
        "proc_id",
        "mgr_host",
        "mgr_port",
        "multicast_host",
        "multicast_port",
        "read_host",
        "read_port",
        "membership_file",
        "store",
        "etcd_endpoints",
        "etcd_prefix",
        "detector_window",
        "prot",
        "",
    ]);
    let value = prop::sample::select(vec![
        "",
        "0",
        "1",
        "2",
        "99999",
        "A",
        "B",
        "localhost",
        "::1",
        "replication",
        "etcd",
        "e:1,f:2",
        "fusion-linked",
        "é\u{7}",
        "\u{202e}",
    ]);
    prop_oneof![
        2 => (kind, number).prop_map(|(kind, number)| format!("[{kind}{number}]")),
        6 => (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
        1 => "\\PC{0,20}",
        1 => any::<String>(),
    ]
}

fn plan() -> impl Strategy<Value = ClusterPlan> {
    let replication = |mechanism| (1..40usize, 0..=16usize).prop_map(move |counts| (mechanism, counts));
    let fusion = |mechanism| (1..=252usize, 1..=4usize).prop_map(move |counts| (mechanism, counts));
    let members = prop_oneof![
        replication(Mechanism::Replication),
        replication(Mechanism::ReplicationSequencer),
        fusion(Mechanism::FusionLinked),
        fusion(Mechanism::FusionArena)
    ];
    let structure = prop::sample::select(StructureKind::ALL.to_vec());
    let limits = (1..=255usize, 1..=65535usize);
    let times = (10..=60_000u64, 3..=19u64);
    let ports = prop_oneof![Just(PortPlan::Free), (1..60_000u16).prop_map(PortPlan::From)];
    let host = prop::sample::select(vec!["localhost", "127.0.0.1", "::1", "node-1.lab"]);
    (
        members,
        structure,
        limits,
        times,
        ports,
        host,
        "[A-Za-z0-9_-]{1,64}",
    )
        .prop_map(
            |(
                (mechanism, (groups, faults)),
                structure,
                (key_bytes, element_bytes),
                (beat, beats),
                ports,
                host,
                name,
            )| {
                ClusterPlan {
                    // Writers can be held back only where one manager has them all.
                    managers: match Join::ALL[faults % 2] {
                        Join::Freeze => 1,
                        Join::Stream => 1 + groups % MAX_PLANNED_MANAGERS,
                    },
                    name,
                    mechanism,
                    groups,
                    faults,
                    structure: match mechanism {
                        Mechanism::FusionLinked => StructureKind::LinkedList,
                        _ => structure,
                    },
                    limits: StructureLimits {
                        key_bytes,
                        element_bytes,
                    },
                    min_backups: faults / 2,
                    join: Join::ALL[faults % 2],
                    heartbeat: Duration::from_millis(beat),
                    suspicion: Duration::from_millis(beat * beats),
                    host: host.to_owned(),
                    ports,
                }
            },
        )
}

/// Parsing ends without a panic, and a refusal has a reason for every block that it shows.
fn check_refusal(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Err(problems) = Cluster::parse_bytes("any.ini", bytes) else {
        return Ok(());
    };
    let places: Vec<_> = problems.all().iter().filter_map(|problem| problem.at).collect();
    prop_assert!(!problems.all().is_empty());
    prop_assert!(places.is_sorted());
    let shown = problems.plain();
    let titles = shown.lines().filter(|line| line.starts_with("error: ")).count();
    prop_assert_eq!(titles, problems.all().len().min(MAX_RENDERED_PROBLEMS));
    prop_assert!(!problems.coloured().is_empty());
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_a_cluster_or_a_refusal(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_refusal(&bytes)?;
    }

    #[test]
    fn any_lines_are_a_cluster_or_a_refusal(lines in prop::collection::vec(line(), 0..60), crlf: bool) {
        check_refusal(lines.join(if crlf { "\r\n" } else { "\n" }).as_bytes())?;
    }

    #[test]
    fn a_plan_makes_what_was_asked_and_its_text_reads_back(plan in plan()) {
        let cluster = plan.cluster().unwrap();
        let text = plan.to_ini().unwrap();
        prop_assert_eq!(Cluster::parse("plan.ini", &text), Ok(cluster.clone()));
        prop_assert_eq!(Cluster::parse("plan.ini", &text.replace('\n', "\r\n")), Ok(cluster.clone()));
        prop_assert_eq!(cluster.to_ini(), text);

        let asked = (&plan.name, plan.mechanism, plan.groups, plan.faults, (plan.structure, plan.limits), plan.min_backups);
        let made = (
            &cluster.name,
            cluster.mechanism,
            cluster.groups.len(),
            cluster.fault_tolerance,
            (cluster.structure, cluster.limits),
            cluster.min_backups,
        );
        prop_assert_eq!(made, asked);
        prop_assert_eq!((cluster.heartbeat, cluster.suspicion), (plan.heartbeat, plan.suspicion));
        let members = (cluster.data_nodes.len(), cluster.primaries.len(), cluster.fusion_servers.len());
        let expected = match plan.mechanism {
            Mechanism::Replication | Mechanism::ReplicationSequencer => (plan.groups * (plan.faults + 1), 0, 0),
            Mechanism::FusionLinked | Mechanism::FusionArena => (0, plan.groups, plan.faults),
        };
        prop_assert_eq!(members, expected);
    }

    /// One byte of a right file changed: never a panic, and never a cluster of other members.
    #[test]
    fn a_changed_byte_is_a_refusal_or_a_cluster_as_large(place: prop::sample::Index, byte: u8) {
        let plan = ClusterPlan { ports: PortPlan::From(9000), ..ClusterPlan::new(Mechanism::FusionLinked, 3, 2) };
        let mut bytes = plan.to_ini().unwrap().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        check_refusal(&bytes)?;
        if let Ok(cluster) = Cluster::parse_bytes("any.ini", &bytes) {
            let members = (cluster.primaries.len(), cluster.fusion_servers.len(), cluster.fault_tolerance);
            prop_assert_eq!(members, (3, 2, 2));
        }
    }
}
