//! Every member of a view delivers the same messages in the same order (Birman and Joseph's ABCAST; report,
//! section 2), and delivered timestamps rise: no message is delivered out of order or twice.

use super::{Checked, broken};
use crate::skeen::simulation::{replica::Replica, world::World};

/// The place was just filled: it is above the one before it.
pub(super) fn rises(replica: &Replica, place: usize) -> Checked {
    let log = &replica.state.log;
    match place.checked_sub(1).and_then(|before| log.get(before)) {
        Some(before) if before.timestamp >= log[place].timestamp => {
            broken("delivered timestamps rise", &(replica.node, before, &log[place]))
        }
        _ => Ok(()),
    }
}

/// Whoever of the view has filled the same place has the same message there.
pub(super) fn check(world: &World, replica: &Replica, place: usize) -> Checked {
    let entry = &replica.state.log[place];
    for other in world.holders(replica.group) {
        match other.state.log.get(place) {
            Some(theirs) if (theirs.id, theirs.timestamp) != (entry.id, entry.timestamp) => {
                return broken(
                    "same order at all members",
                    &(replica.node, entry, other.node, theirs),
                );
            }
            _ => {}
        }
    }
    Ok(())
}
