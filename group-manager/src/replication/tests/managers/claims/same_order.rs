//! Members of a group hold the same in the same order: of any two, one holds a beginning of what the other does (rule 2).

use super::{
    super::world::{GROUPS, World},
    Claim,
};

pub(super) fn check(world: &mut World) {
    for group in GROUPS {
        let held = world.held(group);
        let Some((longest, most)) = held.iter().max_by_key(|(_, elements)| elements.len()) else {
            continue;
        };
        for (node, elements) in &held {
            if !most.starts_with(elements) {
                let found = || format!("{group}: {longest} holds {most:?}, {node} holds {elements:?}");
                return world.breaks(Claim::SameOrder, found);
            }
        }
    }
}
