//! A seeded simulation of senders and members: many short lives of a cluster, each with its own faults.
//!
//! One seed decides everything: the size of the cluster, how many managers send, which packet arrives next, who
//! crashes, who stands still, who is wrongly suspected, when a link breaks, who takes over, who returns. Nothing
//! reads a clock. After every step the invariants of DESIGN section 3 are judged; at the end everything is
//! repaired and must come to rest. A failure names its seed; `FUSEBOX_SEEDS=100000 cargo test -p multicast
//! simulation` tries more of them.
//!
//! | invariant | source | module |
//! |---|---|---|
//! | same order at all members; delivered timestamps rise | report, section 2; Birman and Joseph 1987 | `same_order` |
//! | one final timestamp per message | DESIGN section 3, rules 2 and 5 | `final_timestamp` |
//! | complete means delivered everywhere, and is never lost | rule 3 | `completed` |
//! | a request is applied once, however often it is sent | rule 7 | `once` |
//! | a joiner's state equals a member's | rule 6 | `joiner` |
//! | exposed reads are a prefix of every member's log | rule 8 | `exposed_reads` |
//! | nobody outside the destinations receives a message | Skeen's multicast is genuine | `destinations` |
//! | no cycle of order across groups | Birman and Joseph 1987 | `acyclic` |
//! | one owner installs an epoch | rule 5 | `one_owner` |
//! | nothing blocks for good, a join holds nobody up | rules 5 and 6; the report's blocked queue | `progress` |

mod arrival;
mod clients;
mod faults;
mod healing;
mod invariants;
mod joins;
mod manager;
mod network;
mod random;
mod replica;
mod slow_group;
mod tests;
mod views;
mod world;

use invariants::{Checked, Violation};
use world::World;

use super::{member::Defect, sequencer::OrderedBy};

/// What is simulated.
#[derive(Clone, Copy, Debug)]
struct Variant {
    ordering: OrderedBy,
    defect: Defect,
}

/// Lives a whole life of the cluster of this seed; gives one line per event if asked to.
fn run(seed: u64, variant: Variant, is_traced: bool) -> (Result<(), Violation>, Vec<String>) {
    let mut world = World::new(seed, variant, is_traced);
    let result = live(&mut world);
    (result, world.trace.unwrap_or_default())
}

fn live(world: &mut World) -> Checked {
    world.begin()?;
    if world.variant.ordering == OrderedBy::Skeen && world.random.percent(10) {
        world.begin_with_a_slow_group()?;
    }
    let steps = 100 + world.random.below(300);
    // From cut-throat to none, so that quiet and broken times both get their turn.
    let faults = world.random.below(12);
    for _ in 0..steps {
        match world.random.below(100) {
            chance if chance < faults => world.fault()?,
            chance if chance < 3 * faults => world.repair()?,
            chance if chance < 50 => world.ask()?,
            _ => {
                world.arrive()?;
            }
        }
    }
    world.heal()
}
