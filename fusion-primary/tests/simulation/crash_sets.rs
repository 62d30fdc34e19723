//! Every set of up to f + 1 processes that can crash together, for up to five primaries and three servers, in both
//! layouts, with writes under way.
//!
//! Up to f, or servers alone: all comes back, and nothing that was answered is lost. One more with a primary among
//! them: the lost groups are refused by exactly the names of the set, the others serve; and they all work again
//! when one of the set was only cut off and returns with its memory.

use multicast::id::NodeId;
use wire::message::fusion::Layout;

use crate::{claims::Claim, shape::Shape, world::World};

/// Steps with writes before and after the crash.
const LIVELY_STEPS: u32 = 120;

/// Every shape, with a seed of its own.
fn shapes() -> impl Iterator<Item = (u64, Shape)> {
    let sizes = (1..=5).flat_map(|primaries| (1..=3).map(move |servers| (primaries, servers)));
    let layouts = [Layout::Linked, Layout::Arena];
    let shapes = sizes
        .flat_map(move |(primaries, servers)| layouts.map(|layout| Shape::small(primaries, servers, layout)));
    (0..).zip(shapes)
}

/// The sets of so many nodes.
fn sets(shape: &Shape, size: usize) -> Vec<Vec<NodeId>> {
    let nodes: Vec<NodeId> = shape.nodes().collect();
    let chosen = |bits: u32| {
        let places = 0..nodes.len();
        places.filter(move |place| bits & (1 << place) != 0)
    };
    let all = 0..1u32 << nodes.len();
    all.filter(|bits| bits.count_ones() as usize == size)
        .map(|bits| chosen(bits).map(|place| nodes[place]).collect())
        .collect()
}

/// A world in which everyone serves and writes are under way.
fn lively(shape: Shape, seed: u64) -> World {
    let mut world = World::new(shape, seed, None);
    world.settle();
    world.live(LIVELY_STEPS);
    world
}

fn demand_all(world: World, seed: u64, set: &[NodeId]) {
    if let Err(failure) = world.verdict(seed) {
        panic!("crash of {set:?}: {failure}");
    }
}

#[test]
fn up_to_f_crashes_at_one_moment_are_made_good() {
    for (number, shape) in shapes() {
        for size in 1..=shape.faults() {
            for (place, set) in sets(&shape, size).into_iter().enumerate() {
                let seed = number * 1000 + place as u64;
                let mut world = lively(shape, seed);
                set.iter().for_each(|node| world.crash(*node));
                world.live(LIVELY_STEPS);
                world.heal();
                demand_all(world, seed, &set);
            }
        }
    }
}

#[test]
fn one_crash_more_is_refused_by_the_names_of_the_set_and_the_others_serve() {
    for (number, shape) in shapes() {
        for (place, set) in sets(&shape, shape.faults() + 1).into_iter().enumerate() {
            let seed = number * 1000 + place as u64;
            let mut world = lively(shape, seed);
            world.in_excess = true;
            set.iter().for_each(|node| world.crash(*node));
            world.live(LIVELY_STEPS);
            world.heal();
            demand_missing(&mut world, &set);
            demand_all(world, seed, &set);
        }
    }
}

#[test]
fn one_crash_more_is_made_good_when_one_was_only_cut_off_and_returns_with_its_memory() {
    for (number, shape) in shapes() {
        for (place, mut set) in sets(&shape, shape.faults() + 1).into_iter().enumerate() {
            let seed = number * 1000 + place as u64;
            let mut world = lively(shape, seed);
            world.in_excess = true;
            // A server that is missed before it is needed is given up at once: the one to return is missed last.
            let returns = set.swap_remove(place % set.len());
            set.iter().for_each(|node| world.crash(*node));
            set.iter().for_each(|node| world.notice(*node));
            world.cut_off(returns);
            world.live(LIVELY_STEPS);
            world.settle();
            set.push(returns);
            set.sort_unstable();
            demand_missing(&mut world, &set);
            world.demand_service();
            world.in_excess = false;
            world.heal();
            demand_all(world, seed, &set);
        }
    }
}

/// Exactly these are missing, and every group without its primary is refused by their names.
fn demand_missing(world: &mut World, set: &[NodeId]) {
    let mut missing = world.missing();
    missing.sort_unstable();
    world.demand(Claim::Refusals, missing == set, || {
        format!("{missing:?} are missing instead of {set:?}")
    });
}
