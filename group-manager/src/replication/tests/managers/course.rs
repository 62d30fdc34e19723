//! A whole life of a cluster.

use multicast::skeen::sequencer::OrderedBy;

use super::{
    claims::{self, Broken},
    fault::Fault,
    world::{Variant, World},
};

/// Steps before everything heals.
const STEPS: usize = 1500;

/// Steps between two looks at what members hold.
const BETWEEN_LOOKS: usize = 30;

/// What a life came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) answered: usize,
    pub(super) epochs: usize,
    /// Times that another manager became the owner.
    pub(super) takeovers: usize,
    /// Swaps that found something else in the store.
    pub(super) conflicts: usize,
    pub(super) left: usize,
    pub(super) added: usize,
    pub(super) lost: usize,
    /// Worlds in which writes of both groups are judged.
    pub(super) judged_together: usize,
}

/// A life in which a claim did not hold.
#[derive(Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) seed: u64,
    pub(super) broken: Broken,
}

pub(super) const fn sound(ordering: OrderedBy) -> Variant {
    Variant {
        ordering,
        fault: None,
    }
}

pub(super) const fn with(fault: Fault) -> Variant {
    Variant {
        ordering: OrderedBy::Skeen,
        fault: Some(fault),
    }
}

/// Lives the life of this seed; gives one line per event if asked to.
pub(super) fn run(seed: u64, variant: Variant, is_traced: bool) -> (Result<Outcome, Failure>, Vec<String>) {
    let mut world = World::new(seed, variant, is_traced);
    begin(&mut world);
    // From quiet to cut-throat.
    let faults = world.below(60);
    for step in 0..STEPS {
        world.step(faults);
        if step % BETWEEN_LOOKS == 0 {
            claims::judge(&mut world);
        }
        if world.broken.is_some() {
            break;
        }
    }
    if world.broken.is_none() {
        world.heal();
        claims::judge_at_the_end(&mut world);
    }
    let trace = world.trace.take().unwrap_or_default();
    match world.broken.take() {
        Some(broken) => (Err(Failure { seed, broken }), trace),
        None => (Ok(outcome(&world)), trace),
    }
}

/// Everybody enters, and clients open their sessions.
fn begin(world: &mut World) {
    world.begin_founding();
    for client in 0..world.clients.len() {
        world.client_acts(client);
        world.settle();
    }
}

fn outcome(world: &World) -> Outcome {
    let owners: Vec<_> = world.store.owners.values().collect();
    let groups = super::world::GROUPS.into_iter();
    let members = &world.store.stored.members;
    Outcome {
        answered: world.answered.len(),
        epochs: owners.len(),
        takeovers: owners.windows(2).filter(|pair| pair[0] != pair[1]).count(),
        conflicts: world.store.conflicts,
        left: world.store.stored.left.len(),
        added: members.keys().filter(|node| node.0 > 100).count(),
        lost: groups.filter(|group| world.is_lost(*group)).count(),
        judged_together: usize::from(!world.was_group_cut_off),
    }
}
