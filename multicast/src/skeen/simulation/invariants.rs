//! What must hold in every simulation (DESIGN section 3, "Invariants"): one file each.

use std::fmt::Debug;

use super::{replica::Replica, world::World};
use crate::id::Timestamp;

pub(super) mod acyclic;
pub(super) mod completed;
pub(super) mod destinations;
pub(super) mod exposed_reads;
pub(super) mod final_timestamp;
pub(super) mod joiner;
pub(super) mod once;
pub(super) mod one_owner;
pub(super) mod progress;
pub(super) mod same_order;

/// A broken invariant: which, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) invariant: &'static str,
    pub(super) how: String,
}

pub(super) type Checked = Result<(), Violation>;

pub(super) fn broken<T>(invariant: &'static str, how: &dyn Debug) -> Result<T, Violation> {
    Err(Violation {
        invariant,
        how: format!("{how:?}"),
    })
}

/// After a message arrived at the replica, whose log had this length and whose watermark was this before.
pub(super) fn after_step(world: &World, replica: &Replica, length: usize, stable: Timestamp) -> Checked {
    for place in length..replica.state.log.len() {
        same_order::rises(replica, place)?;
        once::check(replica, place)?;
        if world.is_voter(replica) {
            same_order::check(world, replica, place)?;
            final_timestamp::check(world, replica, place)?;
        }
    }
    if replica.state.log.len() > length && world.is_voter(replica) {
        joiner::check(world, replica)?;
    }
    if replica.member.stable() > stable {
        exposed_reads::check(world, replica)?;
    }
    Ok(())
}

/// When everything has come to rest.
pub(super) fn at_the_end(world: &World) -> Checked {
    progress::all_logs_are_equal(world)?;
    acyclic::check(world)?;
    completed::all_are_kept(world)
}
