//! The reduction hides nothing: whatever nodes deliver and clients are told, in whatever order, is reached with it and without.

use std::collections::{BTreeMap, HashSet, VecDeque};

use stateright::Model;

use super::super::{
    cluster::Cluster,
    properties,
    state::{Entry, Payload, State},
    tests::{JOIN, TAKEOVER, TWO_GROUPS_TAKEOVER, TWO_SENDERS, TWO_TAKEOVERS, UNEVEN_GROUPS, numbered},
};
use crate::{
    id::{Epoch, GroupId, MessageId, NodeId},
    skeen::member::Defect,
};

/// What the invariants look at.
#[derive(PartialEq, Eq, Hash, Debug)]
struct Seen {
    logs: Vec<(NodeId, Vec<Entry>)>,
    completed: BTreeMap<MessageId, BTreeMap<GroupId, usize>>,
    owed: BTreeMap<MessageId, Payload>,
    epoch: Epoch,
    is_broken: bool,
    /// Of a state at rest: whether nothing is left behind.
    is_finished: Option<bool>,
}

impl Seen {
    fn of(state: &State, is_finished: Option<bool>) -> Self {
        let logs = state.nodes.iter().map(|(id, node)| (*id, node.log.clone()));
        Self {
            logs: logs.collect(),
            completed: state.completed.clone(),
            owed: state.owed.clone(),
            epoch: state.store.epoch,
            is_broken: state.is_broken,
            is_finished,
        }
    }
}

/// Everything that can be seen of the cluster, and how many states that takes.
fn explore(cluster: &Cluster) -> (HashSet<Seen>, usize) {
    let mut states: HashSet<State> = cluster.init_states().into_iter().collect();
    let mut pending: VecDeque<State> = states.iter().cloned().collect();
    let mut seen = HashSet::new();
    while let Some(state) = pending.pop_front() {
        seen.insert(Seen::of(&state, None));
        if properties::is_at_rest(cluster, &state) {
            seen.insert(Seen::of(&state, Some(properties::is_finished(&state))));
        }
        for next in cluster.next_states(&state) {
            if states.insert(next.clone()) {
                pending.push_back(next);
            }
        }
    }
    (seen, states.len())
}

fn shows_the_same(cluster: Cluster) {
    let (all, states) = explore(&cluster);
    let reduced = Cluster {
        is_reduced: true,
        ..cluster.clone()
    };
    let (seen, fewer) = explore(&reduced);
    assert!(fewer <= states, "{cluster:?}: {fewer} instead of {states}");
    assert!(
        seen == all,
        "{cluster:?}: {} of {} are seen",
        seen.len(),
        all.len()
    );
}

#[test]
fn a_sound_cluster_shows_the_same_with_fewer_states() {
    for cluster in [
        TAKEOVER,
        TWO_TAKEOVERS,
        TWO_GROUPS_TAKEOVER,
        TWO_SENDERS,
        UNEVEN_GROUPS,
        JOIN,
    ] {
        shows_the_same(cluster.clone());
        shows_the_same(numbered(cluster));
    }
}

/// A follower that has something to say is not quiet.
#[test]
fn a_takeover_by_a_manager_that_sends_shows_the_same_with_fewer_states() {
    shows_the_same(Cluster {
        groups: &[(1, &[1])],
        messages: &[(0, &[1]), (1, &[1])],
        ..TAKEOVER
    });
}

/// What a broken member does with packets that a sound one refuses is not hidden either.
#[test]
fn broken_clusters_show_the_same_with_fewer_states() {
    for (defect, cluster) in [
        (Defect::NoEpochCheck, TAKEOVER),
        (Defect::ReportsNothing, TWO_TAKEOVERS),
        (Defect::JoinerIsActive, JOIN),
        (Defect::ForgetForAll, TWO_GROUPS_TAKEOVER),
    ] {
        shows_the_same(Cluster { defect, ..cluster });
    }
}
