//! The world: processes with their real cores, connections, a store, clients, dice.
//!
//! Every choice comes from the dice, so a seed is a world. A step is one move of ordinary life ([`moves`]) or
//! one strike ([`strikes`]); whatever a core commands is carried out at once, and claims judge it.

mod backups;
mod budget;
mod channels;
mod clients;
mod hosts;
mod lines;
mod manager;
mod moves;
mod processes;
mod residuals;
mod scrubs;
mod strikes;

use std::collections::BTreeMap;

use group_manager::coordinator::Micros;
use multicast::id::{Incarnation, NodeId, Seq};
use rand::{Rng, SeedableRng, rngs::StdRng};
use wire::message::membership::{Member, Membership};

pub(crate) use self::{
    backups::Backup,
    hosts::{Asked, Host},
    processes::Life,
};
use self::{channels::Channel, lines::Line, manager::Office, moves::Tempo, residuals::Stream};
use crate::{
    claims::{Broken, Claim},
    client::Client,
    fault::Fault,
    group::Group,
    shape::Shape,
};

/// Something that happened: what, to whom, with whom, and a number that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Happening(
    pub(crate) &'static str,
    pub(crate) u32,
    pub(crate) u32,
    pub(crate) u64,
);

/// What a server that died had applied of each primary.
pub(crate) type Grave = BTreeMap<NodeId, Seq>;

pub(crate) struct World {
    pub(crate) shape: Shape,
    fault: Option<Fault>,
    dice: StdRng,
    tempo: Tempo,
    pub(crate) now: Micros,
    /// What the membership store holds, and what it is being asked to hold.
    pub(crate) stored: Membership,
    pub(crate) swap: Option<Membership>,
    /// The manager, while there is one.
    office: Option<Office>,
    managers: u64,
    lives: u64,
    /// The next connection's number.
    next: u64,
    lines: BTreeMap<u64, Line>,
    pub(crate) hosts: BTreeMap<NodeId, Host>,
    pub(crate) backups: BTreeMap<NodeId, Backup>,
    channels: BTreeMap<u64, Channel>,
    streams: BTreeMap<u64, Stream>,
    /// By primary.
    pub(crate) groups: BTreeMap<NodeId, Group>,
    pub(crate) graves: BTreeMap<(NodeId, Incarnation), Grave>,
    /// Whether more was lost at some moment than the code can make good.
    pub(crate) in_excess: bool,
    /// Steps until the strike that something called for.
    ambush: Option<u32>,
    /// The first claim that broke.
    pub(crate) broken: Option<Broken>,
    pub(crate) trace: Vec<Happening>,
    /// How much happened that was more than a knock at a closed door.
    pub(crate) news: u64,
}

impl World {
    /// A world in which nobody has entered yet, and whose cores have this fault.
    pub(crate) fn new(shape: Shape, seed: u64, fault: Option<Fault>) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let tempo = Tempo::drawn(&mut dice);
        let group = |node: NodeId| Group::new(shape.spec, Client::new(u64::from(node.0) * 1000, shape.spec));
        let mut world = Self {
            shape,
            fault,
            dice,
            tempo,
            now: Micros(0),
            stored: Membership::default(),
            swap: None,
            office: None,
            managers: 0,
            lives: 0,
            next: 1,
            lines: BTreeMap::new(),
            hosts: BTreeMap::new(),
            backups: BTreeMap::new(),
            channels: BTreeMap::new(),
            streams: BTreeMap::new(),
            groups: shape.primary_nodes().map(|node| (node, group(node))).collect(),
            graves: BTreeMap::new(),
            in_excess: false,
            ambush: None,
            broken: None,
            trace: Vec::new(),
            news: 0,
        };
        world.appoint_manager();
        if let Some(office) = &world.office {
            world.stored = office.membership().clone();
        }
        shape.nodes().for_each(|node| world.start(node));
        world
    }

    /// Notes the first claim that does not hold.
    pub(crate) fn demand(&mut self, claim: Claim, holds: bool, found: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(Broken {
                claim,
                found: found(),
            });
        }
    }

    fn note(&mut self, what: &'static str, who: NodeId, with: NodeId, number: u64) {
        self.trace.push(Happening(what, who.0, with.0, number));
        self.news += u64::from(!["enters", "is refused", "write", "stable"].contains(&what));
    }

    /// The number of another connection.
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// One of these.
    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.dice.random_range(0..from.len())])
    }

    /// How much of what is under way still arrives when its sender dies: often nothing, seldom all.
    fn kept(&mut self) -> usize {
        match self.dice.random_range(0..4) {
            0 => 0,
            1 => usize::MAX,
            _ => self.dice.random_range(0..6),
        }
    }

    /// A server's place in the stored membership, if it is active there and lives.
    pub(crate) fn active_backup(&self, node: NodeId) -> Option<&Backup> {
        let member = &self.stored.members[&node];
        let backup = self.backups.get(&node)?;
        let is_it = is_active(member) && member.incarnation == backup.life.incarnation;
        is_it.then_some(backup)
    }
}

pub(crate) fn is_active(member: &Member) -> bool {
    member.standing == wire::message::membership::Standing::Active
}
