//! A complete message was delivered at every active member of all its groups (one that has just joined may lag
//! behind, and holds it at its final timestamp), with the result that the sender got
//! (DESIGN section 3, rule 3; the report acknowledged on receipt), and stays there.

use std::collections::BTreeMap;

use super::{Checked, Violation, broken};
use crate::{
    id::{GroupId, MessageId, Timestamp},
    skeen::simulation::{
        replica::{Outcome, Replica},
        world::World,
    },
};

const INVARIANT: &str = "a complete message is delivered everywhere";

/// A sender just called the message complete: gives its final timestamp.
pub(in crate::skeen::simulation) fn check(
    world: &World,
    id: MessageId,
    results: &BTreeMap<GroupId, Outcome>,
) -> Result<Timestamp, Violation> {
    let mut final_timestamp = None;
    for group in world.destinations.get(&id).into_iter().flatten() {
        let mut result = results.get(group).copied();
        for member in world.members(*group) {
            let Some(held_at) = member.holds(id) else {
                return broken(INVARIANT, &(id, "absent at", member.node));
            };
            let timestamp = *final_timestamp.get_or_insert(held_at);
            let delivered = member.entry(id).map(|entry| entry.outcome);
            let same_outcome = delivered.is_none_or(|outcome| outcome == *result.get_or_insert(outcome));
            if timestamp != held_at || !same_outcome {
                return broken(
                    INVARIANT,
                    &(id, timestamp, result, member.node, held_at, delivered),
                );
            }
        }
    }
    final_timestamp.map_or_else(|| broken(INVARIANT, &(id, "has no destination")), Ok)
}

/// What was complete is at every member, whoever crashed since.
pub(super) fn all_are_kept(world: &World) -> Checked {
    for (id, timestamp) in &world.completed {
        let groups = world.destinations.get(id).into_iter().flatten();
        let holds = |member: &&Replica| {
            member
                .entry(*id)
                .is_some_and(|entry| entry.timestamp == *timestamp)
        };
        if let Some(without) = groups
            .flat_map(|group| world.members(*group))
            .find(|member| !holds(member))
        {
            return broken("a complete message is never lost", &(id, timestamp, without.node));
        }
    }
    Ok(())
}
