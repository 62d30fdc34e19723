//! The world: processes, links, the store, and the steps that random dice choose from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use multicast::id::{Incarnation, NodeId};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IteratorRandom};
use wire::message::{
    fusion::{FromPrimary, FromServer, ToPrimary, ToServer},
    membership::{Membership, Standing},
};

use super::{primary::ModelPrimary, server::ModelServer};
use crate::fusion::{
    FusionCluster, FusionCoordinator, Micros,
    tests::{script, trace},
};

/// A process of the cluster, dead or alive.
#[derive(Clone, Debug)]
pub(super) enum Process {
    Dead,
    Primary(ModelPrimary),
    Server(ModelServer),
}

impl Process {
    pub(super) fn life(&self) -> Option<Incarnation> {
        match self {
            Self::Dead => None,
            Self::Primary(primary) => Some(primary.life),
            Self::Server(server) => Some(server.life),
        }
    }
}

/// What the manager says.
#[derive(Clone, Debug)]
pub(super) enum Order {
    Server(ToServer),
    Primary(ToPrimary),
}

/// What it hears.
#[derive(Clone, Debug)]
pub(super) enum Speech {
    Server(FromServer),
    Primary(FromPrimary),
}

/// A connection between the manager and one life.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) life: Incarnation,
    pub(super) orders: VecDeque<Order>,
    pub(super) speeches: VecDeque<Speech>,
}

pub(super) struct World {
    pub(super) dice: StdRng,
    pub(super) cluster: FusionCluster,
    pub(super) manager: FusionCoordinator,
    pub(super) now: Micros,
    pub(super) stored: Membership,
    /// What the store is being asked to hold.
    pub(super) swap: Option<Membership>,
    pub(super) dials: BTreeMap<NodeId, Incarnation>,
    pub(super) lines: BTreeMap<NodeId, Line>,
    /// Ends of links that the manager has not noticed yet.
    pub(super) ended: VecDeque<(NodeId, Incarnation)>,
    pub(super) processes: BTreeMap<NodeId, Process>,
    pub(super) lives: u64,
    /// The last acknowledged operation of each primary, whatever its life.
    pub(super) acknowledged: BTreeMap<NodeId, u64>,
    /// The life that founded each primary's group.
    pub(super) founders: BTreeMap<NodeId, Incarnation>,
    /// The primaries that were told to begin empty.
    pub(super) begun: BTreeSet<NodeId>,
    /// How often each kind of command was given.
    pub(super) seen: BTreeMap<String, usize>,
    /// What happened at the manager.
    pub(super) journal: Vec<String>,
    name: String,
}

impl Drop for World {
    /// Says which world it was that broke a claim.
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}\n{}", self.journal.join("\n"), self.name);
            println!("stored {}", trace::members(&self.stored));
        }
    }
}

impl World {
    pub(super) fn new(primaries: u32, servers: u32, seed: u64) -> Self {
        let cluster = script::cluster(primaries, servers);
        let stored = Membership {
            members: cluster.absent_members(),
            ..Membership::default()
        };
        let manager =
            FusionCoordinator::new(cluster.clone(), stored.clone(), Micros(0)).expect("nothing stored");
        let nodes = (1..=primaries).chain(11..11 + servers).map(NodeId);
        Self {
            dice: StdRng::seed_from_u64(seed),
            cluster,
            manager,
            now: Micros(0),
            stored,
            swap: None,
            dials: BTreeMap::new(),
            lines: BTreeMap::new(),
            ended: VecDeque::new(),
            processes: nodes.map(|node| (node, Process::Dead)).collect(),
            lives: 0,
            acknowledged: BTreeMap::new(),
            founders: BTreeMap::new(),
            begun: BTreeSet::new(),
            seen: BTreeMap::new(),
            journal: vec![],
            name: format!("{primaries} primaries, {servers} servers, seed {seed}"),
        }
    }

    /// Runs through chaos.
    pub(super) fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            if self.dice.random_ratio(1, 12) {
                self.strike();
            } else {
                self.step();
            }
        }
    }

    /// Runs without chaos until everyone is active and nothing is left to say.
    pub(super) fn calm_down(&mut self) {
        const STEPS: usize = 20_000;
        for _ in 0..STEPS {
            if self.is_well() {
                return;
            }
            self.step();
        }
        panic!("not everything is active again");
    }

    fn is_well(&self) -> bool {
        let active = |node: &NodeId| {
            self.stored
                .members
                .get(node)
                .is_some_and(|member| member.standing == Standing::Active)
        };
        let serving = |(node, process): (&NodeId, &Process)| {
            active(node) && !matches!(process, Process::Primary(primary) if !primary.serving)
        };
        let silent = |line: &Line| line.orders.is_empty() && line.speeches.is_empty();
        self.swap.is_none()
            && self.ended.is_empty()
            && self.lines.len() == self.processes.len()
            && self.lines.values().all(silent)
            && self.processes.iter().all(serving)
    }

    /// One step of ordinary life: somebody who has something to do does it.
    fn step(&mut self) {
        let ordered = self
            .lines
            .iter()
            .filter(|(_, line)| !line.orders.is_empty())
            .map(|(node, _)| *node);
        let speaking = self
            .lines
            .iter()
            .filter(|(_, line)| !line.speeches.is_empty())
            .map(|(node, _)| *node);
        let ordered = ordered.choose(&mut self.dice);
        let speaking = speaking.choose(&mut self.dice);
        let dialled = self.dials.keys().copied().choose(&mut self.dice);
        let node = self.any_node();
        match self.dice.random_range(0..12) {
            0 | 1 => ordered.into_iter().for_each(|node| self.deliver_order(node)),
            2 | 3 => speaking.into_iter().for_each(|node| self.deliver_speech(node)),
            4 => self.finish_swap(),
            5 => dialled.into_iter().for_each(|node| self.finish_dial(node)),
            6 => self.enter_or_start(node),
            7 => self.notice_end(),
            8 => self.tick(),
            9 => self.write(node),
            _ => self.exchange(node),
        }
    }

    pub(super) fn any_node(&mut self) -> NodeId {
        *self
            .processes
            .keys()
            .choose(&mut self.dice)
            .expect("a cluster has nodes")
    }

    /// A new life of a dead process starts; a living one that nobody calls enters.
    fn enter_or_start(&mut self, node: NodeId) {
        if self.processes[&node].life().is_none() {
            self.lives += 1;
            let life = Incarnation(self.lives);
            let process = if self.cluster.primary(node).is_some() {
                Process::Primary(ModelPrimary::new(life))
            } else {
                Process::Server(ModelServer::new(life))
            };
            self.processes.insert(node, process);
        } else if !self.lines.contains_key(&node) {
            self.enter(node);
        }
    }

    /// The process says something, if the manager is connected.
    pub(super) fn say(&mut self, node: NodeId, speech: Speech) {
        if let Some(line) = self.lines.get_mut(&node) {
            line.speeches.push_back(speech);
        }
    }
}
