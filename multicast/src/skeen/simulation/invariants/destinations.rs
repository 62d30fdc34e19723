//! Nobody outside the destinations of a message receives anything of it (Skeen's multicast is genuine: its
//! cost depends on the addressed groups alone).

use super::{Checked, broken};
use crate::skeen::{
    message::ToMember,
    simulation::{
        replica::{Replica, Request},
        world::World,
    },
};

/// The message is about to be sent to the replica.
pub(in crate::skeen::simulation) fn check(
    world: &World,
    replica: &Replica,
    message: &ToMember<Request>,
) -> Checked {
    let id = match message {
        ToMember::Propose { id, .. }
        | ToMember::Final { id, .. }
        | ToMember::Restate { id, .. }
        | ToMember::Order { id, .. } => id,
        ToMember::Stable { .. } | ToMember::Seal { .. } | ToMember::View { .. } => return Ok(()),
    };
    match world.destinations.get(id) {
        Some(groups) if !groups.contains(&replica.group) => broken(
            "nobody outside the destinations receives a message",
            &(replica.node, groups, message),
        ),
        _ => Ok(()),
    }
}
