//! What is explored, and how many states that is; each broken variant breaks what it is said to break.
//!
//! The largest ones are explored by what `reduction` leaves of them. Its tests show of the others that it hides nothing.

use std::collections::BTreeSet;

use stateright::{Checker, Model};

use super::{cluster::Cluster, properties};
use crate::skeen::{member::Defect, sequencer::OrderedBy};

/// One group of two nodes, one message, and another manager that takes over at any moment.
pub(super) const TAKEOVER: Cluster = Cluster {
    groups: &[(1, &[1, 2])],
    managers: 2,
    messages: &[(0, &[1])],
    takeovers: &[1],
    joiner: None,
    ordering: OrderedBy::Skeen,
    defect: Defect::None,
    is_reduced: false,
};

/// One manager sends twice.
pub(super) const TWO_MESSAGES: Cluster = Cluster {
    managers: 1,
    messages: &[(0, &[1]), (0, &[1])],
    takeovers: &[],
    ..TAKEOVER
};

/// Two managers send at once.
pub(super) const TWO_SENDERS: Cluster = Cluster {
    managers: 2,
    messages: &[(0, &[1]), (1, &[1])],
    ..TWO_MESSAGES
};

/// Two groups of one node, and two managers that write to both.
pub(super) const TWO_GROUPS: Cluster = Cluster {
    groups: &[(1, &[1]), (2, &[2])],
    messages: &[(0, &[1, 2]), (1, &[1, 2])],
    ..TWO_SENDERS
};

/// A message to one of the groups, one to both, one to the other group.
pub(super) const UNEVEN_GROUPS: Cluster = Cluster {
    messages: &[(0, &[2]), (0, &[1, 2]), (0, &[1])],
    managers: 1,
    ..TWO_GROUPS
};

/// A message to both groups under way while the view changes hands.
pub(super) const TWO_GROUPS_TAKEOVER: Cluster = Cluster {
    messages: &[(0, &[1, 2])],
    takeovers: &[1],
    ..TWO_GROUPS
};

/// A node joins while its manager sends.
pub(super) const JOIN: Cluster = Cluster {
    groups: &[(1, &[1])],
    messages: &[(0, &[1]), (0, &[1])],
    joiner: Some((1, 2)),
    ..TWO_MESSAGES
};

/// The view goes to the other manager and back, at the only node.
pub(super) const TWO_TAKEOVERS: Cluster = Cluster {
    groups: &[(1, &[1])],
    takeovers: &[1, 0],
    ..TAKEOVER
};

/// A message to both groups, and two of the manager that takes over to one of them: the second one says how far the
/// first one is stable.
const UNEVEN_TAKEOVER: Cluster = Cluster {
    groups: &[(1, &[1]), (2, &[2])],
    messages: &[(0, &[1, 2]), (1, &[1]), (1, &[1])],
    is_reduced: true,
    ..TAKEOVER
};

/// A node joins while the view changes hands, with a message of the manager that loses it under way.
const JOIN_AND_TAKEOVER: Cluster = Cluster {
    takeovers: &[1],
    managers: 2,
    messages: &[(0, &[1])],
    is_reduced: true,
    ..JOIN
};

/// The same, where the owner numbers all messages.
pub(super) const fn numbered(cluster: Cluster) -> Cluster {
    Cluster {
        ordering: OrderedBy::Sequencer,
        ..cluster
    }
}

/// Explores everything; all invariants hold. Gives the number of states.
fn explore(cluster: &Cluster) -> usize {
    let checker = cluster.clone().checker().spawn_bfs().join();
    checker.assert_properties();
    checker.unique_state_count()
}

/// Explores until the property is found broken.
fn breaks(defect: Defect, cluster: Cluster, property: &'static str) -> bool {
    let checker = Cluster { defect, ..cluster }.checker();
    let found = stateright::HasDiscoveries::AnyOf([property].into());
    let checker = checker.finish_when(found).spawn_bfs().join();
    checker.discoveries().contains_key(property)
}

/// What is found broken in the cluster with this defect.
fn broken(defect: Defect, cluster: Cluster) -> BTreeSet<&'static str> {
    let checker = Cluster { defect, ..cluster }.checker().spawn_bfs().join();
    let discoveries = checker.discoveries().into_keys();
    discoveries
        .filter(|property| *property != properties::ALL_COMPLETE)
        .collect()
}

/// The numbers of states are asserted, here and below, so that nobody makes the model smaller unseen.
#[test]
fn a_takeover_at_any_moment_keeps_every_invariant() {
    assert_eq!(explore(&TAKEOVER), 11_571);
}

#[test]
fn two_takeovers_in_a_row_keep_every_invariant() {
    assert_eq!(explore(&TWO_TAKEOVERS), 3_336);
}

#[test]
fn several_messages_and_senders_keep_every_invariant() {
    assert_eq!([TWO_MESSAGES, TWO_SENDERS].each_ref().map(explore), [165, 890]);
}

#[test]
fn two_groups_keep_every_invariant() {
    let explored = [TWO_GROUPS, UNEVEN_GROUPS, TWO_GROUPS_TAKEOVER]
        .each_ref()
        .map(explore);
    assert_eq!(explored, [890, 388, 11_714]);
}

#[test]
fn a_takeover_between_two_groups_and_one_keeps_every_invariant() {
    assert_eq!(explore(&UNEVEN_TAKEOVER), 232_078);
}

#[test]
fn a_join_under_load_keeps_every_invariant() {
    assert_eq!(explore(&JOIN), 19_271);
}

#[test]
fn a_join_together_with_a_takeover_keeps_every_invariant() {
    assert_eq!(explore(&JOIN_AND_TAKEOVER), 927_943);
}

#[test]
fn a_sequencer_keeps_every_invariant() {
    let explored = [
        numbered(TAKEOVER),
        numbered(TWO_TAKEOVERS),
        numbered(UNEVEN_GROUPS),
        numbered(TWO_GROUPS_TAKEOVER),
        numbered(JOIN),
        numbered(JOIN_AND_TAKEOVER),
    ];
    assert_eq!(
        explored.each_ref().map(explore),
        [1_718, 919, 100, 1_768, 5_380, 13_749]
    );
}

/// The member takes the new owner's message for one that it is past, and never delivers it.
#[test]
fn a_sequencer_that_begins_its_numbers_anew_is_caught() {
    let one_after_the_other = Cluster {
        messages: &[(0, &[1]), (0, &[1]), (1, &[1])],
        ..TAKEOVER
    };
    let broken = broken(Defect::NumbersFromOne, numbered(one_after_the_other));
    assert_eq!(broken, BTreeSet::from([properties::AT_REST]));
}

/// The clock of the node that a final timestamp did not raise offers one below it.
#[test]
fn no_clock_bump_on_final_is_caught() {
    let broken = broken(Defect::NoClockBumpOnFinal, UNEVEN_GROUPS);
    assert_eq!(broken, BTreeSet::from([properties::RISING]));
}

#[test]
fn ties_not_broken_by_node_id_are_caught() {
    let broken = broken(Defect::NoTieBreak, TWO_GROUPS);
    assert_eq!(
        broken,
        BTreeSet::from([properties::RISING, properties::COMPLETE, properties::AT_REST])
    );
}

#[test]
fn acknowledgement_on_receipt_is_caught() {
    let broken = broken(Defect::AcknowledgeOnReceipt, TWO_MESSAGES);
    assert_eq!(broken, BTreeSet::from([properties::COMPLETE]));
}

/// A member of two epochs leaves something behind in one of them.
#[test]
fn no_epoch_check_is_caught() {
    let broken = broken(Defect::NoEpochCheck, TAKEOVER);
    assert_eq!(broken, BTreeSet::from([properties::AT_REST]));
}

/// What one member was told and the other was not, nobody ever tells it.
#[test]
fn a_takeover_without_a_flush_is_caught() {
    let broken = broken(Defect::ReportsNothing, TAKEOVER);
    assert_eq!(broken, BTreeSet::from([properties::AT_REST]));
}

/// Forgotten in one group, a message is delivered there once more when the next owner finds it tentative in the other.
#[test]
fn stability_across_keepers_ignored_is_caught() {
    assert!(breaks(Defect::ForgetForAll, UNEVEN_TAKEOVER, properties::RISING));
}

#[test]
fn a_joiner_counted_as_active_is_caught() {
    let broken = broken(Defect::JoinerIsActive, JOIN);
    assert_eq!(
        broken,
        BTreeSet::from([properties::SAME_ORDER, properties::COMPLETE, properties::AT_REST])
    );
}
