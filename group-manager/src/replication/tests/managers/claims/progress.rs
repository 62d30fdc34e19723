//! Healed, one manager owns what is stored and all others follow it, every member is active and holds the same, and every
//! client has its answer (rules 5, 6 and 9). A group that was lost answers nothing, and stays lost.

use super::{
    super::world::{GROUPS, World},
    Claim,
};
use crate::coordinator::Coordinator;

pub(super) fn check(world: &mut World) {
    check_managers(world);
    for group in GROUPS {
        if !world.is_lost(group) {
            check_group(world, group);
        }
    }
    let any_lost = GROUPS.into_iter().any(|group| world.is_lost(group));
    let waiting = world.clients.iter().position(|client| client.asked.is_some());
    if let Some(client) = waiting.filter(|_| !any_lost) {
        world.breaks(Claim::Progress, || format!("client {client} waits"));
    }
}

fn check_managers(world: &mut World) {
    let owner = world.store.stored.owner.map(|owner| owner.incarnation);
    if owner.and_then(|life| world.place_of(life)).is_none() {
        world.breaks(Claim::Progress, || format!("the owner, {owner:?}, does not run"));
    }
    let cores = world.managers.iter().filter_map(|manager| manager.core.as_ref());
    let epochs: Vec<_> = cores.map(|core| core.membership().epoch).collect();
    let stored = world.store.stored.epoch;
    if epochs.iter().any(|epoch| *epoch != stored) {
        world.breaks(Claim::Progress, || {
            format!("{stored} is stored, and managers are in {epochs:?}")
        });
    }
}

fn check_group(world: &mut World, group: multicast::id::GroupId) {
    let members = world.store.stored.members.iter();
    let members: Vec<_> = members
        .filter(|(_, member)| member.group == Some(group))
        .map(|(node, _)| *node)
        .collect();
    let held = world.held(group);
    let active: Vec<_> = held.iter().map(|(node, _)| *node).collect();
    if active != members {
        world.breaks(Claim::Progress, || {
            format!("{group} has {members:?}, and active are {active:?}")
        });
    }
    if held.windows(2).any(|pair| pair[0].1 != pair[1].1) {
        world.breaks(Claim::Progress, || format!("{group} holds {held:?}"));
    }
}
