//! An epoch has one owner: the manager life that the store took it from. Nobody else seals it or opens it, whoever fell asleep
//! in between (DESIGN 3, rule 5; 5, "Membership store").

use multicast::id::{Epoch, Incarnation};

use super::{super::world::World, Claim};

/// The manager is about to seal or to open this epoch.
pub(in super::super) fn check(world: &mut World, life: Incarnation, epoch: Epoch) {
    let owner = world.store.owners.get(&epoch).copied();
    if owner != Some(life) {
        world.breaks(Claim::OneOwner, || {
            format!("{life} seals {epoch}, which is {owner:?}'s")
        });
    }
}
