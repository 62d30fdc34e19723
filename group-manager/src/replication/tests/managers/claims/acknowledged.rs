//! What was answered was applied at every active member of its groups and stays there (rule 3): whoever answered, be it
//! a manager that slept while another one took its place.

use multicast::id::GroupId;

use super::{super::world::World, Claim};

/// The client just heard that its write took effect.
pub(in super::super) fn check(world: &mut World, name: &str, groups: &[GroupId]) {
    for group in groups {
        check_one(world, name, *group);
    }
    world.answered.push((name.to_owned(), groups.to_vec()));
}

/// In the end.
pub(super) fn check_all(world: &mut World) {
    for (name, groups) in world.answered.clone() {
        for group in groups {
            check_one(world, &name, group);
        }
    }
}

fn check_one(world: &mut World, name: &str, group: GroupId) {
    for (node, elements) in world.held(group) {
        if !elements.iter().any(|element| element == name) {
            let found = || format!("{name} was answered, and {node} of {group} holds {elements:?}");
            return world.breaks(Claim::Acknowledged, found);
        }
    }
}
