//! What a load can and cannot do, and how it says so.

use super::*;
use crate::{experiment::Crashes, placement::Placement, results::ValueBytes};
use settings::ClusterPlan;
use structures::kind::StructureKind;

type Change = fn(&mut LoadPlan);

fn plan() -> LoadPlan {
    LoadPlan {
        clusters: ExperimentPlan {
            mechanisms: vec![Mechanism::Replication],
            structure: StructureKind::List,
            workload: "insert".parse().unwrap(),
            reads: wire::message::client::Reads::Local,
            join: settings::Join::Stream,
            groups: vec![2],
            ops: 1,
            faults: 1,
            crashes: Crashes::Never,
            crash_together: 1,
            crash_during_recovery: false,
            load_during_recovery: false,
            value_bytes: vec![ValueBytes::fixed(8)],
            key_bytes: 8,
            clients: 64,
            pipeline: 2,
            seed: 1,
            repeat: 1,
            placement: Placement::Free,
        },
        pace: Pace::Closed,
        span: Span {
            warmup: Duration::ZERO,
            duration: MIN_DURATION,
        },
        slices: 1,
        connections: Connections::Shared,
        with_redis: true,
        history: None,
        managers: 1,
        far: Duration::ZERO,
        suspicion: Duration::from_millis(400),
        together: 0,
    }
}

#[test]
fn many_clients_may_push_to_one_list_and_all_their_requests_make_the_window() {
    assert_eq!((plan().check(), plan().window()), (Ok(()), 256));
}

#[test]
fn what_cannot_be_done_is_said() {
    let said = |change: Change| {
        let mut plan = plan();
        change(&mut plan);
        plan.check().map_err(|problem| problem.to_string())
    };
    let mixed = |plan: &mut LoadPlan| {
        plan.clusters.workload = "mixed:insert=1,delete=1".parse().unwrap();
    };
    let cases: [(Change, &str); 16] = [
        (
            |plan| {
                plan.together = 5;
                plan.with_redis = false;
                plan.clusters.workload = "mixed:insert=1,delete=1".parse().unwrap();
            },
            "--together: clients of two groups put elements into each list, so nobody knows their places; it takes \
             --workload insert, or a structure with keys",
        ),
        (
            |plan| plan.far = MIN_FAR,
            "--far 1ms: there is one manager, which every client has near; it takes 2 or more",
        ),
        (
            |plan| {
                plan.clusters.mechanisms = vec![Mechanism::Replication, Mechanism::FusionArena];
                (plan.managers, plan.far) = (2, MIN_FAR);
            },
            "--far: clients of fusion-arena write at primaries, not at managers; name others with --mechanisms",
        ),
        (
            |plan| (plan.managers, plan.far) = (2, MIN_FAR - Duration::from_nanos(1)),
            "--far 999.999µs: a way takes 1ms or more, and there and back less than the 400ms after which a client \
             goes to the next manager",
        ),
        (
            |plan| (plan.managers, plan.far) = (2, Duration::from_millis(200)),
            "--far 200ms: a way takes 1ms or more, and there and back less than the 400ms after which a client \
             goes to the next manager",
        ),
        (
            |plan| (plan.managers, plan.far) = (2, Duration::MAX),
            "--far 18446744073709551615.999999999s: a way takes 1ms or more, and there and back less than the 400ms \
             after which a client goes to the next manager",
        ),
        (
            |plan| {
                plan.together = 5;
                plan.clusters.groups = vec![1];
            },
            "--together 5: there is one group; it takes --groups 2 or more",
        ),
        (
            |plan| plan.span.duration = MAX_DURATION + Duration::from_secs(1),
            "--duration 86401s: a slice takes 100ms to 24 h",
        ),
        (
            |plan| plan.span.warmup = MAX_DURATION + Duration::from_secs(3600),
            "--warmup 25 h: a slice warms up for at most 24 h",
        ),
        (
            |plan| plan.together = 5,
            "--together: Redis has no writes of several groups; load it in a run of its own",
        ),
        (
            |plan| {
                plan.together = 5;
                plan.clusters.mechanisms = vec![Mechanism::Replication, Mechanism::FusionArena];
            },
            "--together: groups of fusion-arena have no order in common; name others with --mechanisms",
        ),
        (
            |plan| {
                plan.pace = Pace::Open {
                    per_second: MAX_RATE + 1,
                }
            },
            "--rate 1000001: there may be 1 to 1000000 requests a second",
        ),
        (
            |plan| plan.pace = Pace::Open { per_second: 0 },
            "--rate 0: there may be 1 to 1000000 requests a second",
        ),
        (
            |plan| plan.span.duration -= Duration::from_nanos(1),
            "--duration 99.999999ms: a slice takes 100ms to 24 h",
        ),
        (
            |plan| plan.clusters.pipeline = 65,
            "--pipeline 65: a client has 1 to 64 requests under way",
        ),
        (
            |plan| plan.clusters.mechanisms = vec![Mechanism::FusionLinked],
            "--structure list: fusion-linked protects no list; leave it out of --mechanisms",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(said(change), Err(expected.to_owned()));
    }
    assert_eq!(
        said(|plan| plan.pace = Pace::Open { per_second: MAX_RATE }),
        Ok(())
    );
    for time in [MIN_DURATION, MAX_DURATION] {
        let (warmup, duration) = (time, time);
        let longest = LoadPlan {
            span: Span { warmup, duration },
            ..plan()
        };
        assert_eq!(longest.check(), Ok(()));
    }
    for far in [MIN_FAR, Duration::from_micros(199_999)] {
        let far = LoadPlan {
            managers: 2,
            far,
            ..plan()
        };
        assert_eq!(far.check(), Ok(()));
    }
    let mut several = plan();
    mixed(&mut several);
    let problem = several.check().unwrap_err().to_string();
    assert_eq!(
        problem,
        "--clients 64: a list has places, which are known with 1 client per group"
    );
    (several.clusters.clients, several.clusters.pipeline) = (1, 1);
    let problem = several.check().unwrap_err().to_string();
    assert_eq!(
        problem,
        "--workload mixed:insert=1,delete=1: Redis is pushed to and nothing else; --peer redis takes --workload \
         insert"
    );
}

#[test]
fn a_running_clusters_structure_groups_and_limits_are_its_own() {
    let mut plan = plan();
    let mut of = ClusterPlan::new(Mechanism::FusionArena, 3, 2);
    of.structure = StructureKind::Map;
    (of.limits.key_bytes, of.limits.element_bytes) = (8, 8);
    let cluster = of.cluster().unwrap();
    assert_eq!(plan.of_running(&cluster), Ok(()));
    assert_eq!((plan.managers, plan.suspicion), (1, cluster.suspicion));
    let clusters = &plan.clusters;
    assert_eq!(
        (
            clusters.mechanisms.as_slice(),
            clusters.structure,
            plan.groups(),
            clusters.faults
        ),
        ([Mechanism::FusionArena].as_slice(), StructureKind::Map, 3, 2)
    );
    plan.clusters.key_bytes = 9;
    let said = plan.of_running(&cluster).unwrap_err().to_string();
    assert_eq!(said, "--key-bytes 9: the cluster's keys have at most 8 bytes");
    plan.clusters.value_bytes = vec![ValueBytes::fixed(9)];
    let said = plan.of_running(&cluster).unwrap_err().to_string();
    assert_eq!(said, "--value-bytes 9: the cluster's values have at most 8 bytes");
}
