//! Nothing blocks for good (DESIGN section 3: the report's queue did, on a Final for an unknown message, and
//! when the sender died between the phases).

use super::{Checked, broken};
use crate::skeen::simulation::{manager::Manager, replica::Replica, world::World};

fn everybody(world: &World) -> impl Iterator<Item = &Replica> {
    world.founders.keys().flat_map(|group| world.members(*group))
}

/// The view is installed, every active member's queue is empty, no sender waits for anything and no read waits:
/// also while members are joining, since a join holds nobody up.
pub(in crate::skeen::simulation) fn nothing_is_pending(world: &World) -> Checked {
    if !world.is_installed() {
        return broken("a view change ends", &world.store);
    }
    let drained = |manager: &&Manager| {
        world
            .founders
            .keys()
            .all(|group| manager.sender.is_drained(*group))
    };
    if let Some(manager) = world.managers.values().find(|manager| !drained(manager)) {
        return broken("everything pending completes", &manager.sender);
    }
    for member in everybody(world) {
        if member.member.epoch() != world.store.epoch || !member.member.is_idle() {
            return broken("everything proposed is delivered", &member.member);
        }
        if member.read_waits_for.is_some() {
            return broken("no read waits for good", &member);
        }
    }
    Ok(())
}

/// Retried once at a sound owner, every request was answered.
pub(in crate::skeen::simulation) fn every_client_is_answered(world: &World) -> Checked {
    match world
        .clients
        .iter()
        .find(|(_, client)| client.waits_for.is_some())
    {
        Some(waiting) => broken("every request is answered", &waiting),
        None => Ok(()),
    }
}

/// All members of a group hold the same.
pub(super) fn all_logs_are_equal(world: &World) -> Checked {
    for group in world.founders.keys() {
        let mut members = world.members(*group);
        let Some(first) = members.next() else {
            return broken("a group keeps a member", group);
        };
        if let Some(other) = members.find(|other| other.state != first.state) {
            return broken("all logs are equal at the end", &(first, other));
        }
    }
    Ok(())
}
