//! What goes wrong, one thing after another, each drawn from the seed and healed before the next.

use std::time::Duration;

use fault_proxy::{Conduct, Faults, Flow};
use multicast::id::NodeId;
use nix::sys::signal::Signal;
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use wire::message::membership::Role;

use super::{callers, world::World};

/// What can go wrong in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A node is killed, and its next life enters once it is missed.
    Kill,
    /// A node stands still until it is removed, then goes on.
    Pause,
    /// A manager is killed and started again, some time later.
    KillManager,
    /// A manager stands still for a while.
    PauseManager,
    /// A node is killed, and a manager while the node is missed; the manager comes back first or last.
    KillBoth,
    /// Between a manager and a node.
    ManagerLink,
    /// Between two managers.
    FellowLink,
    /// Between a manager and all others, perhaps its clients too.
    Isolation,
    /// Between a primary and a fused server.
    DeltaLink,
    /// Between clients and the doors.
    ClientLink,
}

/// How long a fault that nobody has to notice lasts, in milliseconds: for some of them others are suspected.
const HOLD_MS: std::ops::Range<u64> = 50..1200;

const STATEFUL: [Role; 3] = [Role::DataNode, Role::Primary, Role::FusionServer];

/// Does one of these, and waits until everything is as it was before.
pub async fn strike(world: &mut World, kinds: &[Kind], random: &mut StdRng) {
    let kind = *kinds.choose(random).expect("at least one kind");
    let node = *world
        .nodes_of(&STATEFUL)
        .choose(random)
        .expect("at least one node");
    let place = a_manager(world, random).await;
    println!(
        "{kind:?}: {node}, manager {}, where it concerns them",
        world.manager_node(place)
    );
    match kind {
        Kind::Kill => {
            world.kill_node(node).await;
            world.wait_missed(node).await;
            world.start_node(node).await;
        }
        Kind::Pause => {
            world.signal_node(node, Signal::SIGSTOP);
            world.wait_missed(node).await;
            world.signal_node(node, Signal::SIGCONT);
        }
        Kind::KillManager => {
            world.kill_manager(place).await;
            pause_if_others_serve(world, random).await;
            world.start_manager(place).await;
        }
        Kind::PauseManager => {
            world.signal_manager(place, Signal::SIGSTOP);
            hold(random).await;
            world.signal_manager(place, Signal::SIGCONT);
        }
        Kind::KillBoth => kill_both(world, node, place, random).await,
        Kind::ManagerLink => manager_link(world, node, place, random).await,
        Kind::FellowLink => fellow_link(world, random).await,
        Kind::Isolation => isolation(world, place, random).await,
        Kind::DeltaLink => delta_link(world, random).await,
        Kind::ClientLink => client_link(world, random).await,
    }
    world.heal();
    world.wait_settled().await;
}

/// The owner of the membership in every other case, else any.
async fn a_manager(world: &World, random: &mut StdRng) -> usize {
    let any = random.random_range(0..world.managers());
    let wants_owner = random.random();
    match world.owner().await {
        Some(owner) if wants_owner => owner,
        _ => any,
    }
}

/// A manager that is alone is missed at once.
async fn pause_if_others_serve(world: &World, random: &mut StdRng) {
    if world.managers() > 1 {
        hold(random).await;
    }
}

async fn kill_both(world: &mut World, node: NodeId, place: usize, random: &mut StdRng) {
    world.kill_node(node).await;
    // Before the node is missed, while it is, or when it comes back.
    let milliseconds = random.random_range(0..100);
    if random.random() {
        world.wait_missed(node).await;
        world.start_node(node).await;
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        world.kill_manager(place).await;
    } else {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        world.kill_manager(place).await;
        pause_if_others_serve(world, random).await;
        world.start_node(node).await;
    }
    pause_if_others_serve(world, random).await;
    world.start_manager(place).await;
}

/// A node that the owner does not hear is removed; all else may pass unnoticed.
async fn manager_link(world: &World, node: NodeId, place: usize, random: &mut StdRng) {
    let proxy = world.before_peers(node).handle();
    let manager = callers::manager(world.manager_node(place));
    let is_owner = world.owner().await == Some(place);
    let (faults, is_noticed) = match random.random_range(0..4) {
        // What the node says is lost; what it is told is not.
        0 => (Faults::back(silence(random)), true),
        1 => (Faults::both(silence(random)), true),
        2 => (Faults::forth(silence(random)), false),
        _ => (any_faults(random), false),
    };
    proxy.set_for(manager, faults);
    match is_noticed && is_owner {
        true => world.wait_missed(node).await,
        false => hold(random).await,
    }
}

/// The one with the larger place calls the other.
async fn fellow_link(world: &World, random: &mut StdRng) {
    let callers = 1..world.managers();
    for caller in callers {
        for called in 0..caller {
            if random.random() {
                let fellow = callers::fellow(world.manager_node(caller));
                let front = world.before_manager(called).handle();
                front.set_for(fellow, any_faults(random));
            }
        }
    }
    hold(random).await;
}

/// Nobody hears the manager, nor does it hear anybody; its clients are heard in every other case.
async fn isolation(world: &World, place: usize, random: &mut StdRng) {
    let node = world.manager_node(place);
    let owned = world.owner().await == Some(place);
    let silence = Faults::both(silence(random));
    for proxy in world.before_all_peers() {
        proxy.handle().set_for(callers::manager(node), silence);
    }
    for called in 0..world.managers() {
        world
            .before_manager(called)
            .handle()
            .set_for(callers::fellow(node), silence);
    }
    let front = world.before_manager(place).handle();
    if random.random() {
        front.set_for(callers::clients(), Faults::default());
    }
    front.set(silence);
    match owned && world.managers() > 1 {
        true => world.wait_taken_over(place).await,
        false => hold(random).await,
    }
    // The others go on for a while without it.
    hold(random).await;
}

async fn delta_link(world: &World, random: &mut StdRng) {
    let servers = world.nodes_of(&[Role::FusionServer]);
    let primaries = world.nodes_of(&[Role::Primary]);
    let (Some(server), Some(primary)) = (servers.choose(random), primaries.choose(random)) else {
        return;
    };
    world
        .before_peers(*server)
        .handle()
        .set_for(callers::primary(*primary), any_faults(random));
    hold(random).await;
}

async fn client_link(world: &World, random: &mut StdRng) {
    let faults = any_faults(random);
    for proxy in world.before_clients() {
        if random.random() {
            proxy.handle().set(faults);
        }
    }
    for place in 0..world.managers() {
        if random.random() {
            world
                .before_manager(place)
                .handle()
                .set_for(callers::clients(), faults);
        }
    }
    hold(random).await;
}

/// Nothing comes through: it waits, or it is lost.
fn silence(random: &mut StdRng) -> Conduct {
    Conduct::of(if random.random() {
        Flow::Stall
    } else {
        Flow::Swallow
    })
}

fn any_faults(random: &mut StdRng) -> Faults {
    let conduct = match random.random_range(0..5) {
        0 => Conduct {
            delay: Duration::from_millis(random.random_range(1..20)),
            jitter: Duration::from_millis(random.random_range(0..20)),
            flow: Flow::Pass,
        },
        1 => Conduct::of(Flow::CutAfter(random.random_range(0..5000))),
        2 => Conduct::of(Flow::Reset),
        _ => silence(random),
    };
    match random.random_range(0..3) {
        0 => Faults::forth(conduct),
        1 => Faults::back(conduct),
        _ => Faults::both(conduct),
    }
}

async fn hold(random: &mut StdRng) {
    tokio::time::sleep(Duration::from_millis(random.random_range(HOLD_MS))).await;
}
