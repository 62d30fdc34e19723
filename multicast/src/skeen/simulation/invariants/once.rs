//! A client's request is applied at most once, however often it is sent (DESIGN section 3, rule 7).

use super::{Checked, broken};
use crate::skeen::simulation::replica::Replica;

/// The place was just filled.
pub(super) fn check(replica: &Replica, place: usize) -> Checked {
    let entry = &replica.state.log[place];
    let mut before = replica.state.log[..place]
        .iter()
        .filter(|before| before.is_applied);
    if entry.is_applied && before.any(|before| before.request == entry.request) {
        return broken("a request is applied once", &(replica.node, entry));
    }
    Ok(())
}
