//! What plans make, and their limits at them and one past them.

use super::layout::group_name;
use super::*;

const REPLICATION: Mechanism = Mechanism::Replication;
const FUSION: Mechanism = Mechanism::FusionLinked;

fn refusal(plan: &ClusterPlan) -> String {
    plan.to_ini().unwrap_err().to_string()
}

#[test]
fn groups_are_named_like_the_columns_of_a_sheet() {
    let names = [0, 1, 25, 26, 27, 51, 52, 701, 702].map(group_name);
    assert_eq!(
        names,
        ["A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"].map(str::to_owned)
    );
}

#[test]
fn consecutive_ports_start_with_the_manager_and_follow_the_members() {
    let plan = ClusterPlan {
        ports: PortPlan::From(9000),
        ..ClusterPlan::new(FUSION, 2, 1)
    };
    let cluster = plan.cluster().unwrap();
    let listen = [
        &cluster.managers[0].listen,
        &cluster.primaries[0].listen,
        &cluster.primaries[1].listen,
    ];
    assert_eq!(listen.map(|endpoint| endpoint.port), [9000, 9001, 9002]);
    assert_eq!(cluster.fusion_servers[0].listen.port, 9003);

    let plan = ClusterPlan {
        mechanism: REPLICATION,
        groups: 1,
        ..plan
    };
    let nodes = plan.cluster().unwrap().data_nodes;
    let ports: Vec<_> = nodes
        .iter()
        .map(|node| (node.multicast.port, node.read.port))
        .collect();
    assert_eq!(ports, [(9001, 9002), (9003, 9004)]);
}

#[test]
fn ports_are_planned_up_to_the_last_one_and_no_further() {
    let at_limit = ClusterPlan {
        ports: PortPlan::From(65532),
        ..ClusterPlan::new(FUSION, 2, 1)
    };
    assert_eq!(at_limit.cluster().unwrap().fusion_servers[0].listen.port, 65535);
    let past = ClusterPlan {
        ports: PortPlan::From(65533),
        ..at_limit.clone()
    };
    assert_eq!(
        past.to_ini(),
        Err(PlanError::Ports {
            first: 65533,
            needed: 4
        })
    );
    assert_eq!(
        refusal(&past),
        "4 consecutive ports from 65533 do not fit into 1 to 65535"
    );
    let zero = ClusterPlan {
        ports: PortPlan::From(0),
        ..at_limit
    };
    assert_eq!(zero.to_ini(), Err(PlanError::Ports { first: 0, needed: 4 }));
}

#[test]
fn managers_are_planned_up_to_the_limit_and_leave_the_members_ids_as_they_are() {
    let with = |managers| ClusterPlan {
        managers,
        ports: PortPlan::From(9000),
        ..ClusterPlan::new(FUSION, 2, 1)
    };
    let cluster = with(3).cluster().unwrap();
    let managers: Vec<_> = cluster
        .managers
        .iter()
        .map(|manager| (manager.section, manager.id.0, manager.listen.port))
        .collect();
    assert_eq!(managers, [(1, 0, 9000), (2, 4, 9001), (3, 5, 9002)]);
    let alone = with(1).cluster().unwrap();
    let ids = |cluster: &Cluster| {
        cluster
            .primaries
            .iter()
            .map(|primary| primary.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&cluster), ids(&alone));
    let limit = MAX_PLANNED_MANAGERS;
    assert_eq!(with(limit).cluster().unwrap().managers.len(), limit);
    assert_eq!(refusal(&with(limit + 1)), "10 managers: a cluster takes 1 to 9");
    assert_eq!(refusal(&with(0)), "0 managers: a cluster takes 1 to 9");
}

#[test]
fn groups_are_planned_up_to_the_limit_of_their_mechanism() {
    let cases = [
        (REPLICATION, 0, 4096),
        (REPLICATION, 1, 4096),
        (FUSION, 1, 255),
        (FUSION, 4, 252),
    ];
    for (mechanism, faults, limit) in cases {
        let cluster = ClusterPlan::new(mechanism, limit, faults).cluster().unwrap();
        assert_eq!((cluster.groups.len(), cluster.fault_tolerance), (limit, faults));
        for groups in [0, limit + 1] {
            let error = PlanError::Groups {
                mechanism,
                groups,
                faults,
                limit,
            };
            assert_eq!(ClusterPlan::new(mechanism, groups, faults).to_ini(), Err(error));
        }
    }
    let largest = ClusterPlan::new(REPLICATION, 4096, 16).cluster().unwrap();
    assert_eq!(
        largest.data_nodes.len(),
        4096 * 17,
        "the longest text of a plan fits into a file"
    );
    let refused = refusal(&ClusterPlan::new(FUSION, 253, 4));
    assert_eq!(refused, "253 groups: fusion-linked with f = 4 takes 1 to 252");
}

#[test]
fn faults_are_planned_within_the_range_of_their_mechanism() {
    for (mechanism, from, to) in [(REPLICATION, 0, 16), (FUSION, 1, 4)] {
        for faults in [from, to] {
            let cluster = ClusterPlan::new(mechanism, 1, faults).cluster().unwrap();
            assert_eq!(cluster.fault_tolerance, faults);
        }
        let faults = to + 1;
        let error = PlanError::Faults {
            mechanism,
            faults,
            from: from as u64,
            to: to as u64,
        };
        assert_eq!(ClusterPlan::new(mechanism, 1, faults).to_ini(), Err(error));
    }
    assert_eq!(
        refusal(&ClusterPlan::new(FUSION, 1, 0)),
        "f = 0: fusion-linked takes 1 to 4"
    );
}

#[test]
fn a_name_or_host_cannot_smuggle_lines_into_the_file() {
    let plan = ClusterPlan::new(REPLICATION, 1, 0);
    let named = ClusterPlan {
        name: "a\nmin_backups = 0".to_owned(),
        ..plan.clone()
    };
    assert_eq!(refusal(&named), "`a\nmin_backups = 0` is not a name");
    let hosted = ClusterPlan {
        host: "localhost\n;".to_owned(),
        ..plan
    };
    assert_eq!(refusal(&hosted), "`localhost\n;` is not a host");
}

#[test]
fn a_limit_out_of_range_is_shown_in_the_file_that_would_have_been_written() {
    let plan = ClusterPlan::new(REPLICATION, 1, 0);
    let limits = StructureLimits {
        key_bytes: 256,
        ..plan.limits
    };
    let refused = refusal(&ClusterPlan { limits, ..plan });
    let expected = "the plan is no cluster:
error: `256` is out of range
  --> plan:11:13
   |
11 | key_bytes = 256
   |             ^^^ expected a number from 1 to 255";
    assert_eq!(refused, expected);
}
