//! What a local read may show is a prefix of the log of every member, at once and later (DESIGN section 3,
//! rule 8): up to the stable watermark everybody has delivered the same. It holds at a removed node too.

use super::{Checked, broken};
use crate::skeen::simulation::{
    replica::{Entry, Replica},
    world::World,
};

/// The replica's watermark just rose.
pub(super) fn check(world: &World, replica: &Replica) -> Checked {
    let watermark = replica.member.stable();
    let prefix = |replica: &Replica| -> Vec<Entry> {
        let log = &replica.state.log;
        log.iter()
            .filter(|entry| entry.timestamp <= watermark)
            .cloned()
            .collect()
    };
    let shown = prefix(replica);
    for other in world.members(replica.group) {
        if prefix(other) != shown {
            let who = (replica.node, watermark, other.node, other.member.delivered());
            return broken("exposed reads are a prefix of every member's log", &who);
        }
    }
    Ok(())
}
