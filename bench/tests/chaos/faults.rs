//! What goes wrong, one thing after another, each drawn from the seed and healed before the next.

use std::time::Duration;

use fault_proxy::{Caller, Conduct, Faults, Flow};
use multicast::id::NodeId;
use nix::sys::signal::Signal;
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use wire::message::membership::Role;

use super::world::{MANAGER, World, primary};

/// What can go wrong in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A node is killed, and its next life enters once it is missed.
    Kill,
    /// A node stands still until it is removed, then goes on.
    Pause,
    /// The manager is killed and started again.
    KillManager,
    /// The manager stands still for a while.
    PauseManager,
    /// Between the manager and a node.
    ManagerLink,
    /// Between a primary and a fused server.
    DeltaLink,
    /// Between clients and the doors.
    ClientLink,
}

/// How long a fault that nobody has to notice lasts, in milliseconds.
const HOLD_MS: std::ops::Range<u64> = 100..700;

/// Does one of these, and waits until everything is as it was before.
pub async fn strike(world: &mut World, kinds: &[Kind], random: &mut StdRng) {
    let kind = *kinds.choose(random).expect("at least one kind");
    let node = *world
        .nodes_of(&STATEFUL)
        .choose(random)
        .expect("at least one node");
    println!("{kind:?}, at {node} where it concerns a node");
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
            let place = random.random_range(0..world.managers());
            world.kill_manager(place).await;
            world.start_manager(place).await;
        }
        Kind::PauseManager => {
            let place = random.random_range(0..world.managers());
            world.signal_manager(place, Signal::SIGSTOP);
            hold(random).await;
            world.signal_manager(place, Signal::SIGCONT);
        }
        Kind::ManagerLink => manager_link(world, node, random).await,
        Kind::DeltaLink => delta_link(world, random).await,
        Kind::ClientLink => client_link(world, random).await,
    }
    world.heal();
    world.wait_settled().await;
}

const STATEFUL: [Role; 3] = [Role::DataNode, Role::Primary, Role::FusionServer];

/// A node that the manager does not hear is removed; all else may pass unnoticed.
async fn manager_link(world: &World, node: NodeId, random: &mut StdRng) {
    let proxy = world.before_peers(node).handle();
    match random.random_range(0..4) {
        0 => {
            // What the node says is lost; what it is told is not.
            proxy.set_for(MANAGER, Faults::back(silence(random)));
            world.wait_missed(node).await;
        }
        1 => {
            proxy.set_for(MANAGER, Faults::both(silence(random)));
            world.wait_missed(node).await;
        }
        2 => {
            proxy.set_for(MANAGER, Faults::forth(silence(random)));
            hold(random).await;
        }
        _ => {
            proxy.set_for(MANAGER, any_faults(random));
            hold(random).await;
        }
    }
}

async fn delta_link(world: &World, random: &mut StdRng) {
    let servers = world.nodes_of(&[Role::FusionServer]);
    let primaries = world.nodes_of(&[Role::Primary]);
    let (Some(server), Some(of)) = (servers.choose(random), primaries.choose(random)) else {
        return;
    };
    let caller: Caller = primary(*of);
    world
        .before_peers(*server)
        .handle()
        .set_for(caller, any_faults(random));
    hold(random).await;
}

async fn client_link(world: &World, random: &mut StdRng) {
    let proxies = world.before_clients();
    let faults = any_faults(random);
    for proxy in proxies {
        if random.random() {
            proxy.handle().set(faults);
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
