//! A write of two groups is in both of them or in neither, and two such writes stand in the same order in both (rules 2
//! and 5).

use super::{
    super::world::{GROUPS, World},
    Claim,
};

/// In the end; of groups that were lost, or all of whose members were out of reach at once, nothing is said (DESIGN 3,
/// "Limit").
pub(super) fn check(world: &mut World) {
    if world.was_group_cut_off || GROUPS.into_iter().any(|group| world.is_lost(group)) {
        return;
    }
    let of_both = |world: &World, group| -> Vec<String> {
        let elements = world.held(group).pop().map(|(_, elements)| elements);
        let elements = elements.unwrap_or_default().into_iter();
        elements.filter(|name| world.together.contains(name)).collect()
    };
    let [first, second] = GROUPS.map(|group| of_both(world, group));
    if first != second {
        world.breaks(Claim::Together, || {
            format!("of both are {first:?} and {second:?}")
        });
    }
}
