//! One sender owns an epoch and opens it (DESIGN section 3, "one manager per epoch"): no two installs of the same
//! number, whoever stood still in between.

use super::{Checked, broken};
use crate::{
    id::{Epoch, Incarnation},
    skeen::simulation::world::World,
};

/// The manager just installed the epoch.
pub(in crate::skeen::simulation) fn check(world: &mut World, life: Incarnation, epoch: Epoch) -> Checked {
    match world.installed.insert(epoch, life) {
        Some(other) => broken("one owner installs an epoch", &(epoch, other, life)),
        None => Ok(()),
    }
}
