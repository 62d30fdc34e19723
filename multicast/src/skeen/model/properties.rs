//! DESIGN section 3's invariants, of every state.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use stateright::Property;

use super::{
    cluster::Cluster,
    state::{Node, State},
};
use crate::id::{GroupId, MessageId, NodeId, Timestamp};

pub(super) const SAME_ORDER: &str = "same order at all members of a group";
pub(super) const RISING: &str = "delivered timestamps rise, no message comes twice";
pub(super) const ONE_TIMESTAMP: &str = "one final timestamp per message";
pub(super) const COMPLETE: &str = "a complete message is delivered everywhere, with one result";
pub(super) const GENUINE: &str = "nobody outside the destinations delivers a message";
pub(super) const ACYCLIC: &str = "no cycle of order across groups";
pub(super) const AT_REST: &str = "nothing is left behind when nothing is under way";
pub(super) const ALL_COMPLETE: &str = "everything becomes complete";

pub(super) fn all() -> Vec<Property<Cluster>> {
    vec![
        Property::always(SAME_ORDER, |_, state| same_order(state)),
        Property::always(RISING, |_, state: &State| {
            state.nodes.values().all(|node| is_rising(node))
        }),
        Property::always(ONE_TIMESTAMP, |_, state| one_timestamp(state)),
        Property::always(COMPLETE, |_, state| complete_is_delivered(state)),
        Property::always(GENUINE, |_, state| is_genuine(state)),
        Property::always(ACYCLIC, |_, state| is_acyclic(state)),
        Property::always(AT_REST, |cluster, state| {
            !is_at_rest(cluster, state) || is_finished(state)
        }),
        Property::sometimes(ALL_COMPLETE, |cluster: &Cluster, state: &State| {
            is_at_rest(cluster, state) && is_finished(state) && !state.completed.is_empty()
        }),
    ]
}

fn same_order(state: &State) -> bool {
    let nodes: Vec<&Node> = state
        .nodes
        .values()
        .map(Arc::as_ref)
        .filter(|node| node.member.is_installed())
        .collect();
    let agree = |one: &Node, other: &Node| one.log.iter().zip(&other.log).all(|(a, b)| a == b);
    nodes.iter().all(|one| {
        let mut peers = nodes.iter().filter(|other| other.group == one.group);
        peers.all(|other| agree(one, other))
    })
}

fn is_rising(node: &Node) -> bool {
    let ids: BTreeSet<MessageId> = node.log.iter().map(|(_, id)| *id).collect();
    ids.len() == node.log.len() && node.log.windows(2).all(|pair| pair[0].0 < pair[1].0)
}

fn one_timestamp(state: &State) -> bool {
    let mut known: BTreeMap<MessageId, Timestamp> = BTreeMap::new();
    let mut entries = state.nodes.values().flat_map(|node| &node.log);
    entries.all(|(timestamp, id)| known.entry(*id).or_insert(*timestamp) == timestamp)
}

/// Results are places in the log, so that they tell the order, too.
fn complete_is_delivered(state: &State) -> bool {
    !state.is_broken
        && state.completed.iter().all(|(id, results)| {
            let groups = state.destinations.get(id).into_iter().flatten();
            groups
                .copied()
                .all(|group| has_delivered(state, *id, group, results.get(&group)))
        })
}

fn has_delivered(state: &State, id: MessageId, group: GroupId, result: Option<&usize>) -> bool {
    state.active(group).all(|(_, node)| {
        let place = node.log.iter().position(|(_, other)| *other == id);
        match (place, result) {
            (Some(place), Some(result)) => place + 1 == *result,
            (Some(_), None) => true,
            (None, _) => node.is_joiner && node.member.holds_final(id).is_some(),
        }
    })
}

fn is_genuine(state: &State) -> bool {
    let addressed = |id: &MessageId, group: GroupId| {
        let groups = state.destinations.get(id);
        groups.is_some_and(|groups| groups.contains(&group))
    };
    let mut nodes = state.nodes.values();
    nodes.all(|node| node.log.iter().all(|(_, id)| addressed(id, node.group)))
}

/// Takes away messages that nothing comes before, until none is left.
fn is_acyclic(state: &State) -> bool {
    let mut before: BTreeMap<MessageId, BTreeSet<MessageId>> = BTreeMap::new();
    for node in state.nodes.values() {
        for (place, (_, id)) in node.log.iter().enumerate() {
            let earlier = node.log[..place].last().map(|(_, earlier)| *earlier);
            before.entry(*id).or_default().extend(earlier);
        }
    }
    loop {
        let free: BTreeSet<MessageId> = before
            .iter()
            .filter(|(_, earlier)| earlier.is_empty())
            .map(|(id, _)| *id)
            .collect();
        if free.is_empty() {
            return before.is_empty();
        }
        before.retain(|id, _| !free.contains(id));
        before
            .values_mut()
            .for_each(|earlier| earlier.retain(|id| !free.contains(id)));
    }
}

/// Whether all of the plan is done and nothing is under way.
pub(super) fn is_at_rest(cluster: &Cluster, state: &State) -> bool {
    let all_begun =
        (0..cluster.managers).all(|manager| cluster.messages_of(manager).count() == state.begun[manager]);
    let all_look = state.seen.iter().all(|seen| *seen == state.store.epoch);
    let has_joined = cluster.joiner.is_none_or(|(_, node)| {
        let joined = |node: &Arc<Node>| node.member.is_installed();
        state.nodes.get(&NodeId(node)).is_some_and(joined) && state.store.joining.is_empty()
    });
    state.links.is_empty()
        && all_begun
        && all_look
        && has_joined
        && state.copies.is_none()
        && state.taken_over == cluster.takeovers.len()
}

/// Nothing waits anywhere, and the members of each group hold the same.
pub(super) fn is_finished(state: &State) -> bool {
    let groups = || state.store.voters.keys().copied();
    let mut senders = state.senders.iter();
    let drained = senders.all(|sender| groups().all(|group| sender.is_drained(group)));
    let idle = state.nodes.values().all(|node| node.member.is_idle());
    let equal = groups().all(|group| {
        let mut logs = state.active(group).map(|(_, node)| &node.log);
        let first = logs.next();
        logs.all(|log| Some(log) == first)
    });
    drained && idle && equal && state.owed.is_empty()
}
