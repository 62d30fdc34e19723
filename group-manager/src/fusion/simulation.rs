//! Thousands of random orders of events against the core, with a model of everyone else.
//!
//! A world holds processes (structures are mere numbers of operations), links that keep order but not time,
//! a store that is slow, and dice. Chaos comes first: crashes, breaks of links, restarts of the manager, as
//! many as the code can make good. Then it ends, and everything must become active again. What is checked
//! on the way is in [`claims`]; the model itself refuses orders that a real process could not carry out.

mod chaos;
mod claims;
mod exchange;
mod manager;
mod primary;
mod server;
mod world;

use std::collections::BTreeMap;

use world::World;

/// Primaries and fused servers of the simulated clusters.
const CLUSTERS: [(u32, u32); 4] = [(1, 1), (3, 1), (3, 2), (4, 3)];

/// Worlds of each cluster.
const SEEDS: u64 = 300;

/// Random steps before the chaos ends.
const CHAOS_STEPS: usize = 400;

/// Every kind of command, and a number of times that shows that the dice do not avoid it.
const KINDS: [(&str, usize); 15] = [
    ("answer", 1000),
    ("dial", 1000),
    ("unlink", 30),
    ("store", 1000),
    ("rebuild", 1000),
    ("admit", 1000),
    ("view", 1000),
    ("found", 1000),
    ("fence", 1000),
    ("cut", 500),
    ("residual", 500),
    ("recover", 500),
    ("abandon", 500),
    ("resume", 500),
    ("heartbeat", 0),
];

#[test]
fn whatever_the_order_of_events_nothing_acknowledged_is_lost_and_all_become_active_again() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (primaries, servers) in CLUSTERS {
        for seed in 0..SEEDS {
            let mut world = World::new(primaries, servers, seed);
            if seed % 4 != 0 {
                world.calm_down(); // chaos from the start leaves little to crash
            }
            world.run(CHAOS_STEPS);
            world.calm_down();
            for (kind, count) in &world.seen {
                *seen.entry(kind.clone()).or_default() += count;
            }
        }
    }
    let rare: Vec<_> = KINDS
        .iter()
        .filter(|(kind, least)| seen.get(*kind).copied().unwrap_or(0) < *least)
        .collect();
    assert!(rare.is_empty(), "{rare:?} of {seen:?}");
    assert!(
        seen.keys()
            .all(|kind| KINDS.iter().any(|(known, _)| known == kind)),
        "{seen:?}"
    );
}
