//! What a right file means: defaults, numbering, limits at them and one past them, lookups, the fingerprint.

use std::path::{Path, PathBuf};
use std::time::Duration;

use multicast::id::{GroupId, NodeId};
use settings::{
    Cluster, ClusterPlan, DataNode, DetectorSettings, Endpoint, EtcdSettings, FusionServer, Join, LoadError,
    MAX_TEXT_BYTES, Manager, Mechanism, PortPlan, Primary, StoreSettings, StructureLimits,
};
use structures::kind::StructureKind;

fn parse(text: &str) -> Cluster {
    Cluster::parse("cluster.ini", text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The titles of all problems.
fn refusals(text: &str) -> Vec<String> {
    let problems = Cluster::parse("cluster.ini", text).expect_err("a wrong file");
    problems
        .all()
        .iter()
        .map(|problem| problem.kind.to_string())
        .collect()
}

fn at(host: &str, port: u16) -> Endpoint {
    Endpoint {
        host: host.to_owned(),
        port,
    }
}

/// Sections of fusion on free ports: primaries with the given groups, and servers.
fn fusion(groups: &[&str], servers: usize) -> String {
    let mut text = String::new();
    let rest = "mgr_host = m\nmgr_port = 0\nhost = h\nport = 0\n";
    for (n, group) in groups.iter().enumerate() {
        text += &format!("[primary {n}]\nproc_id = {n}\ngroup_id = {group}\n{rest}");
    }
    for n in 0..servers {
        text += &format!("[fusion {n}]\nproc_id = {}\n{rest}", 1000 + n);
    }
    text
}

fn node(n: usize, group: &str) -> String {
    let rest =
        "multicast_host = h\nmulticast_port = 0\nread_host = h\nread_port = 0\nmgr_host = m\nmgr_port = 0\n";
    format!("[node {n}]\nproc_id = {n}\ngroup_id = {group}\n{rest}")
}

#[test]
fn what_a_file_leaves_out_is_the_default() {
    let expected = Cluster {
        name: "fusebox".to_owned(),
        mechanism: Mechanism::FusionLinked,
        fault_tolerance: 1,
        structure: StructureKind::LinkedList,
        limits: StructureLimits {
            key_bytes: 16,
            element_bytes: 64,
        },
        min_backups: 0,
        join: Join::Stream,
        heartbeat: Duration::from_millis(100),
        suspicion: Duration::from_millis(1000),
        detector: DetectorSettings {
            threshold: 8,
            window: 128,
            deviation: Duration::from_millis(50),
            pause: Duration::from_millis(500),
        },
        store: StoreSettings::Embedded,
        groups: vec!["A".to_owned()],
        managers: vec![Manager {
            section: 1,
            id: NodeId(1),
            listen: at("m", 0),
            membership_file: None,
        }],
        data_nodes: vec![],
        primaries: vec![Primary {
            section: 0,
            id: NodeId(0),
            group: GroupId(0),
            listen: at("h", 0),
            manager: at("m", 0),
        }],
        fusion_servers: vec![FusionServer {
            section: 0,
            id: NodeId(1000),
            row: 0,
            listen: at("h", 0),
            manager: at("m", 0),
        }],
    };
    assert_eq!(parse(&fusion(&["A"], 1)), expected);
}

#[test]
fn what_a_file_says_is_what_it_gets() {
    let head = "[cluster]\nname = lab\nmechanism = replication\nfault_tolerance = 0\nkey_bytes = 255\n\
                element_bytes = 65535\nmin_backups = 0\nheartbeat_ms = 10\nsuspicion_ms = 30\n\
                detector_threshold = 1\ndetector_window = 2\ndetector_deviation_ms = 60000\n\
                detector_pause_ms = 3600000\nstore = embedded\n";
    let manager = "[manager 4]\nhost = M\nport = 0\nproc_id = 7\nmembership_file = state/m 1\n";
    let expected = Cluster {
        name: "lab".to_owned(),
        mechanism: Mechanism::Replication,
        fault_tolerance: 0,
        structure: StructureKind::LinkedList,
        limits: StructureLimits {
            key_bytes: 255,
            element_bytes: 65535,
        },
        min_backups: 0,
        join: Join::Stream,
        heartbeat: Duration::from_millis(10),
        suspicion: Duration::from_millis(30),
        detector: DetectorSettings {
            threshold: 1,
            window: 2,
            deviation: Duration::from_millis(60_000),
            pause: Duration::from_millis(3_600_000),
        },
        store: StoreSettings::Embedded,
        groups: vec!["only".to_owned()],
        managers: vec![Manager {
            section: 4,
            id: NodeId(7),
            listen: at("m", 0),
            membership_file: Some(PathBuf::from("state/m 1")),
        }],
        data_nodes: vec![DataNode {
            section: 3,
            id: NodeId(3),
            group: GroupId(0),
            multicast: at("h", 0),
            read: at("h", 0),
            manager: at("m", 0),
        }],
        primaries: vec![],
        fusion_servers: vec![],
    };
    let text = format!("{}{manager}{head}", node(3, "only"));
    assert_eq!(parse(&text), expected);
    assert_eq!(parse(&expected.to_ini()), expected);
}

#[test]
fn the_detectors_times_follow_the_heartbeat_and_the_suspicion_time() {
    let text = "[cluster]\nheartbeat_ms = 25\nsuspicion_ms = 301\ndetector_window = 10000\n";
    let expected = DetectorSettings {
        threshold: 8,
        window: 10_000,
        deviation: Duration::from_millis(12),
        pause: Duration::from_millis(150),
    };
    assert_eq!(parse(&(text.to_owned() + &node(1, "A"))).detector, expected);
}

/// A cluster with these lines beside `store = etcd`.
fn on_etcd(keys: &str) -> String {
    format!("[cluster]\nstore = etcd\n{keys}\n{}", node(1, "A"))
}

#[test]
fn etcd_takes_endpoints_and_has_defaults_for_the_rest() {
    let etcd = |endpoints: &[(&str, u16)], prefix: &str, timeout_ms| {
        StoreSettings::Etcd(EtcdSettings {
            endpoints: endpoints.iter().map(|endpoint| (*endpoint).into()).collect(),
            prefix: prefix.to_owned(),
            timeout: Duration::from_millis(timeout_ms),
        })
    };
    let least = parse(&on_etcd("etcd_endpoints = E1:2379"));
    assert_eq!(least.store, etcd(&[("e1", 2379)], "/fusebox/", 1000));
    let most = parse(&on_etcd(
        "etcd_endpoints = 10.0.0.1:1,[::1]:65535 , e:3\netcd_prefix = lab/\netcd_timeout_ms = 10",
    ));
    let endpoints = [("10.0.0.1", 1), ("::1", 65535), ("e", 3)];
    assert_eq!(most.store, etcd(&endpoints, "lab/", 10));
    assert_eq!(parse(&most.to_ini()), most);
}

#[test]
fn etcds_endpoints_are_16_at_most_and_its_prefix_has_256_bytes_at_most() {
    let endpoints = |count: usize| {
        let endpoints: Vec<String> = (1..=count).map(|port| format!("e:{port}")).collect();
        on_etcd(&format!("etcd_endpoints = {}", endpoints.join(",")))
    };
    let StoreSettings::Etcd(etcd) = parse(&endpoints(16)).store else {
        panic!("etcd was asked for");
    };
    assert_eq!(etcd.endpoints.len(), 16);
    assert_eq!(refusals(&endpoints(17)), ["17 endpoints are too many"]);

    let prefix = |bytes: usize| {
        on_etcd(&format!(
            "etcd_endpoints = e:1\netcd_prefix = {}",
            "p".repeat(bytes)
        ))
    };
    let StoreSettings::Etcd(etcd) = parse(&prefix(256)).store else {
        panic!("etcd was asked for");
    };
    assert_eq!(etcd.prefix.len(), 256);
    assert_eq!(refusals(&prefix(257)), ["a prefix of 257 bytes is too long"]);
}

#[test]
fn groups_are_sorted_by_bytes_and_found_by_name_and_by_id() {
    let cluster = parse(&fusion(&["b", "AA", "B", "A"], 1));
    assert_eq!(cluster.groups, ["A", "AA", "B", "b"]);
    let ids: Vec<GroupId> = cluster.primaries.iter().map(|primary| primary.group).collect();
    assert_eq!(ids, [3, 1, 2, 0].map(GroupId));
    assert_eq!(cluster.group_ids().collect::<Vec<_>>(), [0, 1, 2, 3].map(GroupId));
    for (id, name) in cluster.group_ids().zip(&cluster.groups) {
        assert_eq!(
            (cluster.group_name(id), cluster.group_named(name)),
            (name.as_str(), Some(id))
        );
    }
    assert_eq!(cluster.group_named("C"), None);
}

#[test]
fn a_fusion_servers_row_is_its_place_among_the_section_numbers() {
    let text = fusion(&["A"], 3)
        .replace("[fusion 0]", "[fusion 20]")
        .replace("[fusion 2]", "[fusion 3]");
    let rows: Vec<_> = parse(&text)
        .fusion_servers
        .iter()
        .map(|server| (server.section, server.row))
        .collect();
    assert_eq!(rows, [(1, 0), (3, 1), (20, 2)]);
}

#[test]
fn managers_without_an_id_get_the_smallest_that_no_process_has() {
    let manager = |n: u32, rest: &str| format!("[manager {n}]\nhost = m\nport = 0\n{rest}");
    let ids = |text: String| -> Vec<_> {
        parse(&text)
            .managers
            .iter()
            .map(|m| (m.section, m.id.0))
            .collect()
    };
    let managers = [manager(9, ""), manager(2, "proc_id = 5\n"), manager(1, "")].concat();
    assert_eq!(ids(node(7, "A") + &managers), [(1, 0), (2, 5), (9, 1)]);
    assert_eq!(ids(node(0, "A") + &managers), [(1, 1), (2, 5), (9, 2)]);
    assert_eq!(ids(node(0, "A")), [(1, 1)]);
}

#[test]
fn a_member_may_name_any_manager_that_has_a_section() {
    let managers = "[cluster]\nstore = etcd\netcd_endpoints = one:2379\n\
                    [manager 1]\nhost = one\nport = 1\n[manager 2]\nhost = ::2\nport = 2\n";
    let second = node(1, "A").replace("mgr_host = m\nmgr_port = 0", "mgr_host = [0::2]\nmgr_port = 2");
    assert_eq!(
        parse(&format!("{managers}{second}")).data_nodes[0].manager,
        at("::2", 2)
    );
}

#[test]
fn the_membership_file_is_named_after_the_cluster_file_and_lies_beside_it() {
    let mut cluster = parse(&node(1, "A"));
    let file =
        |cluster: &Cluster| cluster.membership_file(&cluster.managers[0], Path::new("lab/cluster.ini"));
    assert_eq!(file(&cluster), Path::new("lab/cluster.membership"));
    cluster.managers[0].membership_file = Some(PathBuf::from("elsewhere"));
    assert_eq!(file(&cluster), Path::new("elsewhere"));
}

#[test]
fn a_section_that_is_not_there_is_refused_with_those_that_are() {
    let cluster = ClusterPlan::new(Mechanism::FusionLinked, 3, 1).cluster().unwrap();
    assert_eq!(cluster.primary(3).map(|primary| primary.id), Ok(NodeId(3)));
    assert_eq!(cluster.fusion_server(1).map(|server| server.id), Ok(NodeId(4)));
    assert_eq!(cluster.manager(1).map(|manager| manager.id), Ok(NodeId(0)));
    let refusals = [
        cluster.data_node(1).unwrap_err().to_string(),
        cluster.primary(4).unwrap_err().to_string(),
        cluster.fusion_server(0).unwrap_err().to_string(),
        cluster.manager(2).unwrap_err().to_string(),
    ];
    let expected = [
        "no section [node 1]: the cluster has no [node N]",
        "no section [primary 4]: the numbers of [primary N] are 1-3",
        "no section [fusion 0]: the only [fusion N] is 1",
        "no section [manager 2]: the only [manager N] is 1",
    ];
    assert_eq!(refusals, expected);
}

#[test]
fn primaries_and_fusion_servers_together_are_256_at_most() {
    let names: Vec<String> = (0..256).map(|n| format!("g{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (primaries, servers) in [(252, 4), (255, 1)] {
        let cluster = parse(&fusion(&names[..primaries], servers));
        assert_eq!(
            (cluster.groups.len(), cluster.fault_tolerance),
            (primaries, servers)
        );
        let past = refusals(&fusion(&names[..primaries + 1], servers));
        let expected = format!(
            "{} primaries and {servers} fusion servers are too many",
            primaries + 1
        );
        assert_eq!(past, [expected]);
    }
}

#[test]
fn replicated_groups_are_4096_at_most() {
    let nodes = |count: usize| (0..count).map(|n| node(n, &format!("g{n}"))).collect::<String>();
    assert_eq!(parse(&nodes(4096)).groups.len(), 4096);
    assert_eq!(refusals(&nodes(4097)), ["4097 groups are too many"]);
}

#[test]
fn a_group_has_17_data_nodes_at_most() {
    let nodes = |count: usize| (0..count).map(|n| node(n, "A")).collect::<String>();
    assert_eq!(parse(&nodes(17)).fault_tolerance, 16);
    assert_eq!(refusals(&nodes(18)), ["a fault tolerance of 17 is out of range"]);
}

#[test]
fn times_are_accepted_at_their_limits() {
    let times = |heartbeat_ms: u64, suspicion_ms: u64| {
        let head = format!("[cluster]\nheartbeat_ms = {heartbeat_ms}\nsuspicion_ms = {suspicion_ms}\n");
        parse(&(head + &node(1, "A"))).suspicion.as_millis()
    };
    assert_eq!(
        [times(10, 30), times(100, 300), times(60_000, 3_600_000)],
        [30, 300, 3_600_000]
    );
}

#[test]
fn a_text_is_read_up_to_the_limit_and_no_further() {
    let mut text = node(1, "A") + ";";
    text.push_str(&"-".repeat(MAX_TEXT_BYTES - text.len()));
    assert_eq!(parse(&text).groups, ["A"]);
    text.push('-');
    assert_eq!(refusals(&text), ["the file is longer than 16777216 bytes"]);
}

/// The limit may fall into a character: the cut file is too long all the same, and never read as far as it goes.
#[test]
fn a_file_is_loaded_up_to_the_limit_and_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.ini");
    let mut text = node(1, "A") + ";";
    text.push_str(&"-".repeat(MAX_TEXT_BYTES - text.len()));
    std::fs::write(&path, &text).unwrap();
    assert_eq!(Cluster::load(&path).unwrap().groups, ["A"]);
    let too_long = format!(
        "error: the file is longer than 16777216 bytes\n--> {}",
        path.display()
    );
    for past in ["-", "ü"] {
        std::fs::write(&path, format!("{text}{past}")).unwrap();
        assert_eq!(Cluster::load(&path).unwrap_err().to_string(), too_long);
    }
}

#[test]
fn of_many_problems_the_first_200_are_shown_and_the_rest_is_counted() {
    let shown = |lines: usize| Cluster::parse("c", &"x\n".repeat(lines)).unwrap_err().plain();
    let last = |text: String| text.lines().last().unwrap().to_owned();
    // One more than the lines: the file has no members either.
    assert_eq!(last(shown(199)), "--> c");
    assert_eq!(last(shown(200)), "and 1 more problems");
    assert_eq!(shown(200).matches("error: ").count(), 200);
}

#[test]
fn a_problem_says_its_line_and_column() {
    let problems = Cluster::parse("c", &node(1, "A").replace("group_id = A", "\tgroup_id = ä")).unwrap_err();
    let position = problems.position(&problems.all()[0]).unwrap();
    assert_eq!((position.line, position.column), (3, 13));
}

#[test]
fn the_coloured_text_is_the_plain_text_with_colours() {
    let problems = Cluster::parse("c", "[node").unwrap_err();
    let coloured = problems.coloured();
    let mut stripped = String::new();
    for (place, piece) in coloured.split('\u{1b}').enumerate() {
        stripped += if place == 0 {
            piece
        } else {
            piece.split_once('m').unwrap().1
        };
    }
    assert_eq!(
        stripped.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"),
        problems.plain()
    );
    assert_ne!(coloured, problems.plain());
}

#[test]
fn a_file_is_loaded_under_its_path_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.ini");
    let Err(LoadError::Read {
        path: missing,
        source,
    }) = Cluster::load(&path)
    else {
        panic!("there is no file yet")
    };
    assert_eq!(
        (missing, source.kind()),
        (path.clone(), std::io::ErrorKind::NotFound)
    );

    std::fs::write(&path, node(1, "A")).unwrap();
    assert_eq!(Cluster::load(&path).unwrap(), parse(&node(1, "A")));

    std::fs::write(&path, b"[cluster]\nname = l\xe4b\n").unwrap();
    let shown = Cluster::load(&path).unwrap_err().to_string();
    let expected = format!(
        "error: byte 18 is not UTF-8
 --> {}:2:9
  |
2 | name = l\u{fffd}b
  |         ^ save the file as UTF-8",
        path.display()
    );
    assert_eq!(shown, expected);
}

#[test]
fn the_fingerprint_is_the_same_in_every_build() {
    let plan = ClusterPlan::new(Mechanism::Replication, 3, 1);
    assert_eq!(plan.cluster().unwrap().fingerprint(), 0x365b_6a9b_8407_54f4);
}

#[test]
fn the_fingerprint_tells_clusters_apart_and_not_their_addresses() {
    let plan = ClusterPlan::new(Mechanism::Replication, 3, 1);
    let of = |plan: ClusterPlan| plan.cluster().unwrap().fingerprint();
    let limits = |key_bytes, element_bytes| StructureLimits {
        key_bytes,
        element_bytes,
    };
    let same = [
        ClusterPlan {
            ports: PortPlan::From(9000),
            ..plan.clone()
        },
        ClusterPlan {
            host: "::1".to_owned(),
            ..plan.clone()
        },
        ClusterPlan {
            suspicion: Duration::from_secs(2),
            ..plan.clone()
        },
        ClusterPlan {
            faults: 2,
            ..plan.clone()
        },
        ClusterPlan {
            groups: 4,
            ..plan.clone()
        },
    ];
    assert_eq!(same.map(of), [of(plan.clone()); 5]);

    let others = [
        ClusterPlan {
            name: "lab".to_owned(),
            ..plan.clone()
        },
        ClusterPlan {
            mechanism: Mechanism::FusionLinked,
            ..plan.clone()
        },
        ClusterPlan {
            limits: limits(17, 64),
            ..plan.clone()
        },
        ClusterPlan {
            limits: limits(16, 65),
            ..plan.clone()
        },
        plan,
    ];
    let distinct: std::collections::BTreeSet<u64> = others.map(of).into();
    assert_eq!(distinct.len(), 5);
}
