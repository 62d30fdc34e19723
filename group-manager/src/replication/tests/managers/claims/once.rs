//! A write is applied once, however often it is sent and to whichever manager (rule 7).

use std::collections::BTreeSet;

use super::{
    super::world::{GROUPS, World},
    Claim,
};

pub(super) fn check(world: &mut World) {
    for group in GROUPS {
        for (node, elements) in world.held(group) {
            let different: BTreeSet<&String> = elements.iter().collect();
            if different.len() < elements.len() {
                return world.breaks(Claim::Once, || format!("{node} of {group} holds {elements:?}"));
            }
        }
    }
}
