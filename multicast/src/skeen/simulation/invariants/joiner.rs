//! A joiner's state equals a member's at the same watermark (DESIGN section 3, rule 6).

use super::{Checked, broken};
use crate::skeen::simulation::{replica::Replica, world::World};

/// The replica just delivered something: whoever stands at the same watermark holds the same state.
pub(super) fn check(world: &World, replica: &Replica) -> Checked {
    let watermark = replica.member.delivered();
    for other in world
        .holders(replica.group)
        .filter(|other| other.member.delivered() == watermark)
    {
        if other.state != replica.state {
            let both = (replica.node, &replica.state, other.node, &other.state);
            return broken("equal states at equal watermarks", &both);
        }
    }
    Ok(())
}
