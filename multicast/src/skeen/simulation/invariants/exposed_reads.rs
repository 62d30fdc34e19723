//! What a local read may show is a prefix of the log of every member, at once and later (DESIGN section 3,
//! rule 8): up to the stable watermark everybody has delivered the same, and maybe more. It holds at a removed node too; a member
//! that has just joined may lag behind.

use super::{Checked, broken};
use crate::skeen::simulation::{
    replica::{Entry, Replica},
    world::World,
};

/// The replica's watermark just rose.
pub(super) fn check(world: &World, replica: &Replica) -> Checked {
    let watermark = replica.member.stable();
    let exposed = replica.state.log.iter();
    let exposed: Vec<&Entry> = exposed.take_while(|entry| entry.timestamp <= watermark).collect();
    for other in world.members(replica.group) {
        let mut pairs = exposed.iter().zip(&other.state.log);
        let agree = pairs.all(|(shown, theirs)| **shown == *theirs);
        let lags = other.state.log.len() < exposed.len() && !other.is_joiner;
        if !agree || lags {
            let who = (replica.node, watermark, other.node, other.member.delivered());
            return broken("exposed reads are a prefix of every member's log", &who);
        }
    }
    Ok(())
}
