//! Every cluster file of the repository parses, and says what its name promises.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use multicast::id::{GroupId, NodeId};
use settings::{Cluster, ClusterPlan, DataNode, Endpoint, Manager, Mechanism};
use structures::kind::StructureKind;

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs")
}

fn load(name: &str) -> Cluster {
    Cluster::load(configs().join(name)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_file_in_configs_parses_to_the_cluster_it_is_there_for() {
    let files = std::fs::read_dir(configs())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let shapes: BTreeMap<String, String> = files
        .map(|name| name.into_string().unwrap())
        .filter(|name| name.ends_with(".ini"))
        .map(|name| {
            let cluster = load(&name);
            let groups = cluster.groups.join(" ");
            (
                name,
                format!("{} f={} {groups}", cluster.mechanism, cluster.fault_tolerance),
            )
        })
        .collect();
    let expected = [
        ("fusion-arena-map.ini", "fusion-arena f=1 A B C D E"),
        ("fusion-f2.ini", "fusion-linked f=2 A B C D E"),
        ("fusion.ini", "fusion-linked f=1 A B C"),
        ("replication-three-managers.ini", "replication f=1 A B C"),
        ("replication.ini", "replication f=1 A B C"),
        ("report.ini", "replication f=1 A B C D E"),
    ];
    assert_eq!(
        shapes,
        expected
            .map(|(name, shape)| (name.to_owned(), shape.to_owned()))
            .into()
    );
}

#[test]
fn the_plain_examples_are_what_the_plans_write() {
    let map = ClusterPlan {
        structure: StructureKind::Map,
        ..ClusterPlan::new(Mechanism::FusionArena, 5, 1)
    };
    let plans = [
        ("fusion-arena-map.ini", map),
        ("replication.ini", ClusterPlan::new(Mechanism::Replication, 3, 1)),
        ("fusion.ini", ClusterPlan::new(Mechanism::FusionLinked, 3, 1)),
        ("fusion-f2.ini", ClusterPlan::new(Mechanism::FusionLinked, 5, 2)),
    ];
    let three_managers = ClusterPlan {
        managers: 3,
        ..ClusterPlan::new(Mechanism::Replication, 3, 1)
    };
    let three_managers = ("replication-three-managers.ini", three_managers);
    for (name, plan) in plans.into_iter().chain([three_managers]) {
        let text = std::fs::read_to_string(configs().join(name)).unwrap();
        assert_eq!(text, plan.to_ini().unwrap(), "{name}");
    }
}

/// The report's own file has no `[cluster]` section: what it leaves out follows from its nodes.
#[test]
fn the_reports_file_gives_five_groups_of_two_data_nodes_and_the_manager_they_name() {
    let local = |port| Endpoint {
        host: "localhost".to_owned(),
        port,
    };
    let data_nodes = (0..10u16).map(|place| DataNode {
        section: u32::from(place) + 1,
        id: NodeId(1337 + u32::from(place)),
        group: GroupId(place / 2),
        multicast: local(10000 + 2 * place),
        read: local(10001 + 2 * place),
        manager: local(9999),
    });
    let expected = Cluster {
        data_nodes: data_nodes.collect(),
        managers: vec![Manager {
            section: 1,
            id: NodeId(0),
            listen: local(9999),
            membership_file: None,
        }],
        ..ClusterPlan::new(Mechanism::Replication, 5, 1).cluster().unwrap()
    };
    assert_eq!(load("report.ini"), expected);
}
