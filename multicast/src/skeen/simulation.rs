//! A seeded simulation of senders and members: many short lives of a cluster, each with its own faults.
//!
//! One seed decides everything: the size of the cluster, which packet arrives next, who crashes, who is
//! wrongly suspected, when a link breaks, who takes over, who returns. Nothing reads a clock. After every step
//! the invariants of DESIGN section 3 are judged; at the end everything is repaired and must come to rest.
//! A failure names its seed; `FUSEBOX_SEEDS=100000 cargo test -p multicast simulation` tries more of them.

mod faults;
mod healing;
mod invariants;
mod manager;
mod network;
mod random;
mod replica;
mod tests;
mod world;

use invariants::{Checked, Violation};
use world::World;

use super::member::Defect;
use crate::id::{ClientId, Incarnation};

/// Lives a whole life of the cluster of this seed; gives one line per event if asked to.
fn run(seed: u64, defect: Defect, is_traced: bool) -> (Result<(), Violation>, Vec<String>) {
    let mut world = World::new(seed, defect, is_traced);
    let result = live(&mut world);
    (result, world.trace.unwrap_or_default())
}

fn live(world: &mut World) -> Checked {
    world.seal()?;
    let steps = 100 + world.random.below(300);
    // From cut-throat to none, so that quiet and broken times both get their turn.
    let faults = world.random.below(12);
    for _ in 0..steps {
        match world.random.below(100) {
            chance if chance < faults => fault(world)?,
            chance if chance < 2 * faults => repair(world)?,
            chance if chance < 40 => client(world)?,
            _ => {
                world.arrive()?;
            }
        }
    }
    world.heal()
}

fn fault(world: &mut World) -> Checked {
    match world.random.below(10) {
        0..=2 => world.crash_node(),
        3 => world.crash_manager(),
        4 => world.take_over()?,
        5 | 6 => world.suspect()?,
        7 => world.cut_link(),
        _ => world.read(),
    }
    Ok(())
}

fn repair(world: &mut World) -> Checked {
    match world.random.below(4) {
        0 if world.owner().is_none() => world.take_over(),
        1 if world.needs_seal() => world.seal(),
        _ => world.join(),
    }
}

/// Some client asks some manager, mostly the owner, for something new or for the same again.
fn client(world: &mut World) -> Checked {
    let clients: Vec<ClientId> = world.clients.keys().copied().collect();
    let managers: Vec<Incarnation> = world.managers.keys().copied().collect();
    let Some(client) = world.random.pick(&clients) else {
        return Ok(());
    };
    let is_waiting = world
        .clients
        .get(&client)
        .is_some_and(|client| client.waits_for.is_some());
    if is_waiting && !world.random.percent(15) {
        return world.arrive().map(|_| ());
    }
    world.begin_request(client);
    let any = world.random.pick(&managers);
    let asked = if world.random.percent(75) {
        Some(world.store.owner)
    } else {
        any
    };
    asked.map_or(Ok(()), |manager| world.submit(manager, client))
}
