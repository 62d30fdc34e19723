//! A further crash at every moment of a recovery, of everyone that there is, in both layouts.
//!
//! A world is run twice: once to see how long its recovery takes without a further crash, and once up to the
//! moment of that crash, since the same seed is the same world.

use multicast::id::NodeId;
use wire::message::fusion::Layout;

use crate::{shape::Shape, world::World};

/// Moments of a recovery at which something happens, from its beginning to a little after its end.
const MOMENTS: u32 = 50;

/// Steps within which a recovery without a further crash is over, however slow its world is.
const RECOVERY_STEPS: u32 = 40_000;

/// A world of two faults in which a primary has just crashed.
fn bereft(layout: Layout, seed: u64) -> World {
    let mut world = World::new(Shape::small(3, 2, layout), seed, None);
    world.settle();
    world.live(100);
    world.crash(NodeId(1));
    world
}

/// How many steps it takes until the primary is back.
fn recovery_steps(layout: Layout, seed: u64) -> u32 {
    let mut world = bereft(layout, seed);
    let mut steps = 0;
    while !world.serves(NodeId(1)) {
        world.live(1);
        steps += 1;
        assert!(steps < RECOVERY_STEPS, "{layout:?}, seed {seed}: it takes longer");
    }
    if let Err(failure) = world.verdict(seed) {
        panic!("no further crash: {failure}");
    }
    steps
}

/// Has it happen to everyone at every moment, and demands that all is made good.
fn at_every_moment(happen: fn(&mut World, NodeId)) {
    for layout in [Layout::Linked, Layout::Arena] {
        let victims: Vec<NodeId> = Shape::small(3, 2, layout).nodes().collect();
        for moment in 0..MOMENTS {
            let (seed, victim) = (u64::from(moment), victims[moment as usize % victims.len()]);
            let end = recovery_steps(layout, seed) * 9 / 8;
            let steps = end * moment / MOMENTS;
            let mut world = bereft(layout, seed);
            world.live(steps);
            happen(&mut world, victim);
            world.heal();
            if let Err(failure) = world.verdict(seed) {
                panic!("{victim} after {steps} steps: {failure}");
            }
        }
    }
}

#[test]
fn a_second_crash_at_any_moment_of_a_recovery_is_made_good() {
    at_every_moment(World::crash);
}

#[test]
fn a_process_that_is_cut_off_at_any_moment_of_a_recovery_is_made_good() {
    at_every_moment(|world, node| {
        world.cut_off(node);
        world.live(100);
    });
}

#[test]
fn a_manager_that_dies_at_any_moment_of_a_recovery_is_succeeded() {
    at_every_moment(|world, node| world.dismiss_manager(node.0 % 2 == 0));
}
