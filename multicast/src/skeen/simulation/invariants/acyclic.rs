//! The order has no cycle across groups (Birman and Joseph: ABCAST orders messages to overlapping sets of
//! destinations alike). Judged by the logs alone, without their timestamps: what comes before what.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checked, broken};
use crate::{id::MessageId, skeen::simulation::world::World};

/// Takes away messages that nothing comes before, until none is left.
pub(super) fn check(world: &World) -> Checked {
    let mut before: BTreeMap<MessageId, BTreeSet<MessageId>> = BTreeMap::new();
    for replica in world.founders.keys().flat_map(|group| world.members(*group)) {
        let ids: Vec<MessageId> = replica.state.log.iter().map(|entry| entry.id).collect();
        for id in &ids {
            before.entry(*id).or_default();
        }
        for pair in ids.windows(2) {
            before.entry(pair[1]).or_default().insert(pair[0]);
        }
    }
    while !before.is_empty() {
        let free: BTreeSet<MessageId> = before
            .iter()
            .filter(|(_, earlier)| earlier.is_empty())
            .map(|(id, _)| *id)
            .collect();
        if free.is_empty() {
            return broken("no cycle of order across groups", &before);
        }
        before.retain(|id, _| !free.contains(id));
        for earlier in before.values_mut() {
            earlier.retain(|id| !free.contains(id));
        }
    }
    Ok(())
}
