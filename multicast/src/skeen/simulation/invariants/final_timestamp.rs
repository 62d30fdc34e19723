//! A message has one final timestamp: at all members of all its groups, and for good once it is complete
//! (DESIGN section 3, rules 2 and 5). A node that was removed may have seen another one.

use super::{Checked, broken};
use crate::skeen::simulation::{replica::Replica, world::World};

/// The place was just filled.
pub(super) fn check(world: &World, replica: &Replica, place: usize) -> Checked {
    let entry = &replica.state.log[place];
    let here = (replica.node, entry.id, entry.timestamp);
    if replica.state.log[..place]
        .iter()
        .any(|before| before.id == entry.id)
    {
        return broken("a message is delivered once", &here);
    }
    if let Some(completed) = world
        .completed
        .get(&entry.id)
        .filter(|completed| **completed != entry.timestamp)
    {
        return broken("one final timestamp per message", &(here, completed));
    }
    let groups = world.destinations.get(&entry.id).into_iter().flatten();
    for other in groups.flat_map(|group| world.holders(*group)) {
        match other.entry(entry.id) {
            Some(theirs) if theirs.timestamp != entry.timestamp => {
                return broken(
                    "one final timestamp per message",
                    &(here, other.node, theirs.timestamp),
                );
            }
            _ => {}
        }
    }
    Ok(())
}
