//! The trials and words of plans, and every plan that cannot be carried out.

use super::*;

fn plan() -> ExperimentPlan {
    ExperimentPlan {
        mechanisms: vec![Mechanism::Replication, Mechanism::FusionLinked],
        structure: StructureKind::LinkedList,
        workload: Workload::INSERT,
        reads: Reads::Local,
        join: Join::Stream,
        groups: vec![1, 2],
        ops: 100,
        faults: 1,
        crashes: Crashes::Every(30),
        crash_together: 1,
        crash_during_recovery: false,
        load_during_recovery: false,
        value_bytes: vec![ValueBytes::fixed(8)],
        key_bytes: 8,
        clients: 1,
        pipeline: 1,
        seed: 5,
        repeat: 2,
        placement: Placement::Free,
    }
}

#[test]
fn mechanisms_are_neighbours_and_every_repetition_has_its_own_seed() {
    let shown: Vec<_> = plan()
        .trials()
        .iter()
        .map(|t| (t.mechanism.name(), t.groups, t.number, t.seed))
        .collect();
    let expected = [
        ("replication", 1, 1, 5),
        ("fusion-linked", 1, 1, 5),
        ("replication", 2, 1, 5),
        ("fusion-linked", 2, 1, 5),
        ("replication", 1, 2, 6),
        ("fusion-linked", 1, 2, 6),
        ("replication", 2, 2, 6),
        ("fusion-linked", 2, 2, 6),
    ];
    assert_eq!(shown, expected);
    assert_eq!(plan().steps(), 2 * (100 + 100 + 200 + 200));
}

#[test]
fn every_length_of_values_is_a_configuration_of_its_own() {
    let sweep = ExperimentPlan {
        value_bytes: vec![ValueBytes::fixed(8), "1..1024".parse().unwrap()],
        groups: vec![1],
        mechanisms: vec![Mechanism::Replication],
        repeat: 1,
        ..plan()
    };
    let trials = sweep.trials();
    let most: Vec<usize> = trials
        .iter()
        .map(|trial| sweep.cluster_plan(trial).limits.element_bytes)
        .collect();
    let named: Vec<String> = trials
        .iter()
        .map(|trial| sweep.configuration(trial).value_bytes.to_string())
        .collect();
    assert_eq!(most, [8, 1024]);
    assert_eq!(named, ["8", "1..1024"]);
}

#[test]
fn memory_is_sampled_where_nodes_crash_and_at_the_end() {
    let at = |crashes| {
        let plan = ExperimentPlan { crashes, ..plan() };
        let places = plan.checkpoints();
        places
            .iter()
            .map(|place| (place.ops, place.has_crashes))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        at(Crashes::Every(30)),
        [(30, true), (60, true), (90, true), (100, true)]
    );
    assert_eq!(at(Crashes::Every(100)), [(100, true)]);
    assert_eq!(at(Crashes::Every(101)), [(100, true)]);
    assert_eq!(
        at(Crashes::At(vec![1, 50])),
        [(1, true), (50, true), (100, false)]
    );
    assert_eq!(at(Crashes::At(vec![100])), [(100, true)]);
    let never = at(Crashes::Never);
    assert_eq!((never.len(), never[0], never[9]), (10, (10, false), (100, false)));
}

#[test]
fn the_description_names_processes_and_steps() {
    let plan = ExperimentPlan {
        groups: vec![1],
        repeat: 1,
        ..plan()
    };
    let expected = "\
replication, groups = 1, linked-list with values of 8 B, trial 1
  processes  group-manager 1 (a free port)
             data-node 1 (free ports)
             data-node 2 (free ports)
  steps      100 x insert into each of 1 groups; memory sampled after 30, 60, 90, 100; 4 rounds of 2 crashes, each followed by reading back
fusion-linked, groups = 1, linked-list with values of 8 B, trial 1
  processes  group-manager 1 (a free port)
             primary 1 (free ports)
             fusion-server 1 (free ports)
  steps      100 x insert into each of 1 groups; memory sampled after 30, 60, 90, 100; 4 rounds of 2 crashes, each followed by reading back
";
    assert_eq!(plan.describe().unwrap(), expected);
}

#[test]
fn unusual_crashes_are_described() {
    let plan = ExperimentPlan {
        groups: vec![1],
        faults: 3,
        mechanisms: vec![Mechanism::FusionArena],
        repeat: 1,
        crashes: Crashes::At(vec![1, 2, 3, 4, 5]),
        crash_together: 2,
        crash_during_recovery: true,
        load_during_recovery: true,
        ..plan()
    };
    let text = plan.describe().unwrap();
    let steps = "steps      100 x insert into each of 1 groups; memory sampled after 1, 2, ..., 100; 5 rounds of 4 \
                 crashes, 2 at once, one more during each recovery, while the other groups are written to, each \
                 followed by reading back\n";
    assert!(text.ends_with(steps), "{text}");
}

fn problem(plan: &ExperimentPlan) -> Option<String> {
    plan.check().err().map(|problem| problem.to_string())
}

#[test]
fn a_mechanism_that_does_not_protect_the_structure_is_named() {
    let map = ExperimentPlan {
        structure: StructureKind::Map,
        ..plan()
    };
    let expected = "--structure map: fusion-linked protects no map; leave it out of --mechanisms";
    assert_eq!(problem(&map).as_deref(), Some(expected));
    let others = ExperimentPlan {
        mechanisms: vec![Mechanism::Replication, Mechanism::FusionArena],
        ..map
    };
    assert_eq!(problem(&others), None);
}

#[test]
fn rows_name_how_it_was_read_where_that_is_not_the_usual_way() {
    let words = |reads| ExperimentPlan { reads, ..plan() }.workload_words();
    assert_eq!(words(Reads::Local), "insert");
    assert_eq!(words(Reads::Ordered), "insert, reads ordered");
}

fn of(structure: StructureKind) -> ExperimentPlan {
    ExperimentPlan {
        structure,
        mechanisms: vec![Mechanism::FusionArena],
        ..plan()
    }
}

#[test]
fn steps_and_clients_must_fit_the_structure() {
    let mixed: Workload = "mixed:insert=1,update=1".parse().unwrap();
    let of_queue = ExperimentPlan {
        workload: mixed,
        ..of(StructureKind::Queue)
    };
    assert_eq!(
        problem(&of_queue).as_deref(),
        Some("--workload: a queue has no update")
    );

    let two_clients = ExperimentPlan {
        clients: 2,
        ..of(StructureKind::List)
    };
    let expected = "--clients 2: a list has places, which are known with 1 client per group";
    assert_eq!(problem(&two_clients).as_deref(), Some(expected));

    let deep = |workload| ExperimentPlan {
        pipeline: 2,
        workload,
        ..of(StructureKind::List)
    };
    let expected = "--pipeline 2: a list's places move under a mixed workload; 1 request at a time";
    assert_eq!(problem(&deep(mixed)).as_deref(), Some(expected));
    assert_eq!(problem(&deep(Workload::INSERT)), None);
    let keyed = ExperimentPlan {
        structure: StructureKind::Map,
        clients: 2,
        ..deep(mixed)
    };
    assert_eq!(problem(&keyed), None);
}

#[test]
fn a_pipeline_is_as_deep_as_a_clients_window() {
    let deep = |pipeline| problem(&ExperimentPlan { pipeline, ..plan() });
    assert_eq!((deep(1), deep(64)), (None, None));
    let expected = "--pipeline 65: a client has 1 to 64 requests under way";
    assert_eq!(deep(65).as_deref(), Some(expected));
    let expected = "--pipeline 0: a client has 1 to 64 requests under way";
    assert_eq!(deep(0).as_deref(), Some(expected));
}

#[test]
fn keys_hold_a_number_and_values_something_but_in_sets() {
    let keys = |key_bytes| problem(&ExperimentPlan { key_bytes, ..plan() });
    assert_eq!((keys(8), keys(255)), (None, None));
    let expected = "--key-bytes 7: keys have 8 to 255 bytes";
    assert_eq!(keys(7).as_deref(), Some(expected));
    let expected = "--key-bytes 256: keys have 8 to 255 bytes";
    assert_eq!(keys(256).as_deref(), Some(expected));

    let values = |structure, text: &str| {
        problem(&ExperimentPlan {
            value_bytes: vec![text.parse().unwrap()],
            ..of(structure)
        })
    };
    assert_eq!(values(StructureKind::Map, "1"), None);
    assert_eq!(values(StructureKind::Set, "0"), None);
    let expected = "--value-bytes 0..4: values have 1 to 65535 bytes";
    assert_eq!(values(StructureKind::Map, "0..4").as_deref(), Some(expected));
    let expected = "--value-bytes 8: a set has keys alone (--key-bytes)";
    assert_eq!(values(StructureKind::Set, "8").as_deref(), Some(expected));
}

#[test]
fn no_more_nodes_crash_at_once_than_are_tolerated() {
    let crashing = |faults, crash_together, crash_during_recovery| {
        problem(&ExperimentPlan {
            faults,
            crash_together,
            crash_during_recovery,
            ..plan()
        })
    };
    assert_eq!(crashing(2, 2, false), None);
    let expected = "--crash-together: 2 crashes at a time, but f = 1 (--faults)";
    assert_eq!(crashing(1, 2, false).as_deref(), Some(expected));
    assert_eq!(crashing(2, 1, true), None);
    let expected = "--crash-during-recovery: 2 crashes at a time, but f = 1 (--faults)";
    assert_eq!(crashing(1, 1, true).as_deref(), Some(expected));
    assert_eq!(crashing(3, 2, true), None);
    let expected = "--crash-together --crash-during-recovery: 3 crashes at a time, but f = 2 (--faults)";
    assert_eq!(crashing(2, 2, true).as_deref(), Some(expected));
    let never = ExperimentPlan {
        crashes: Crashes::Never,
        load_during_recovery: true,
        ..plan()
    };
    let expected = "--load-during-recovery: there are no crashes (--crash-every 0)";
    assert_eq!(problem(&never).as_deref(), Some(expected));
}

#[test]
fn places_of_crashes_rise_up_to_the_last_step() {
    let at = |places: &[u64]| {
        let crashes = Crashes::At(places.to_vec());
        problem(&ExperimentPlan { crashes, ..plan() })
    };
    assert_eq!(at(&[1, 100]), None);
    for (places, bad) in [(&[0][..], 0), (&[101], 101), (&[5, 5], 5), (&[5, 4], 4)] {
        let expected = format!("--crash-at {bad}: the places must rise from 1 to 100 (--ops)");
        assert_eq!(at(places), Some(expected));
    }
}
