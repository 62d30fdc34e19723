//! Everything that runs in one simulation.

use std::collections::BTreeMap;

use super::{
    Variant,
    invariants::Checked,
    joins::Stream,
    manager::{Client, Manager, Members, Store},
    network::Network,
    random::Random,
    replica::Replica,
};
use crate::id::{ClientId, Epoch, GroupId, Incarnation, MessageId, NodeId, Timestamp};

/// Most managers at a time.
pub(super) const MOST_MANAGERS: usize = 3;

/// The state of one simulation.
#[derive(Debug)]
pub(super) struct World {
    pub(super) random: Random,
    pub(super) network: Network,
    pub(super) store: Store,
    pub(super) managers: BTreeMap<Incarnation, Manager>,
    /// The last life of each node, dead or alive.
    pub(super) replicas: BTreeMap<NodeId, Replica>,
    /// Donors' states on their way.
    pub(super) streams: Vec<Stream>,
    pub(super) clients: BTreeMap<ClientId, Client>,
    /// The groups of every message that was ever multicast.
    pub(super) destinations: BTreeMap<MessageId, Vec<GroupId>>,
    /// The final timestamp of every message that some sender called complete.
    pub(super) completed: BTreeMap<MessageId, Timestamp>,
    /// Who installed each epoch.
    pub(super) installed: BTreeMap<Epoch, Incarnation>,
    /// What each group is founded with.
    pub(super) founders: Members,
    pub(super) variant: Variant,
    lives: u64,
    /// One line per event, where asked for.
    pub(super) trace: Option<Vec<String>>,
}

impl World {
    /// A cluster of this seed's size, its first manager about to install the first view.
    pub(super) fn new(seed: u64, variant: Variant, is_traced: bool) -> Self {
        let mut random = Random::new(seed);
        let founders = founders(&mut random);
        let clients = 1 + random.below(6) as u64;
        let clients = (1..=clients).map(|number| (ClientId(number), Client::default()));
        let mut world = Self {
            random,
            network: Network::default(),
            store: Store::default(),
            managers: BTreeMap::new(),
            replicas: BTreeMap::new(),
            streams: Vec::new(),
            clients: clients.collect(),
            destinations: BTreeMap::new(),
            completed: BTreeMap::new(),
            installed: BTreeMap::new(),
            founders,
            variant,
            lives: 0,
            trace: is_traced.then(Vec::new),
        };
        world.found();
        world
    }

    fn found(&mut self) {
        self.store.voters = self.founders.clone();
        for (group, nodes) in self.founders.clone() {
            for node in nodes {
                let life = self.next_life();
                let replica = Replica::new(node, life, group, self.variant.defect);
                self.replicas.insert(node, replica);
            }
        }
        for _ in 0..=self.random.below(MOST_MANAGERS) {
            self.start_manager();
        }
    }

    pub(super) fn start_manager(&mut self) -> Incarnation {
        let life = self.next_life();
        self.managers.insert(life, Manager::new(life, self.variant));
        self.note(|| format!("{life} starts"));
        life
    }

    pub(super) fn next_life(&mut self) -> Incarnation {
        self.lives += 1;
        Incarnation(self.lives)
    }

    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(line());
        }
    }

    /// Active members of the stored view, dead ones included.
    pub(super) fn members(&self, group: GroupId) -> impl Iterator<Item = &Replica> {
        let nodes = self.store.voters.get(&group).into_iter().flatten();
        let active = nodes.filter(|node| !self.store.joining.contains(node));
        active.filter_map(|node| self.replicas.get(node))
    }

    /// Members of the stored view that have a state: active ones, and joining ones that installed theirs.
    pub(super) fn holders(&self, group: GroupId) -> impl Iterator<Item = &Replica> {
        let nodes = self.store.voters.get(&group).into_iter().flatten();
        let voters = nodes.filter_map(|node| self.replicas.get(node));
        voters.filter(|replica| replica.member.is_installed())
    }

    pub(super) fn is_voter(&self, replica: &Replica) -> bool {
        let voters = self.store.voters.get(&replica.group);
        voters.is_some_and(|nodes| nodes.contains(&replica.node))
    }

    /// The manager that the store names, if it lives.
    pub(super) fn owner(&self) -> Option<&Manager> {
        self.managers.get(&self.store.owner)
    }

    /// Some manager that does not stand still.
    pub(super) fn awake_manager(&mut self) -> Option<Incarnation> {
        let awake = self.managers.iter().filter(|(_, manager)| !manager.is_asleep);
        let lives: Vec<Incarnation> = awake.map(|(life, _)| *life).collect();
        self.random.pick(&lives)
    }

    /// Some manager that may multicast.
    pub(super) fn some_sender(&mut self) -> Option<Incarnation> {
        let senders = self
            .managers
            .iter()
            .filter(|(_, manager)| manager.sender.may_send());
        let lives: Vec<Incarnation> = senders.map(|(life, _)| *life).collect();
        self.random.pick(&lives)
    }

    /// The owner that the store names, if it runs and is not standing still.
    pub(super) fn awake_owner(&self) -> Option<Incarnation> {
        let owner = self.owner().filter(|owner| !owner.is_asleep);
        owner.map(|_| self.store.owner)
    }

    /// Whether the view that the store holds is in force.
    pub(super) fn is_installed(&self) -> bool {
        let installed =
            |owner: &Manager| owner.sender.epoch() == self.store.epoch && !owner.sender.is_sealing();
        self.owner().is_some_and(installed)
    }

    /// The first view, by the first manager.
    pub(super) fn begin(&mut self) -> Checked {
        let first = self.managers.keys().next().copied();
        first.map_or(Ok(()), |first| self.take_over(first))
    }
}

/// One to three groups of two or three nodes.
fn founders(random: &mut Random) -> Members {
    let mut founders = Members::new();
    for group in 1..=1 + random.below(3) {
        let size = 2 + random.below(2);
        let nodes = (1..=size).map(|place| NodeId((10 * group + place) as u32));
        founders.insert(GroupId(group as u16), nodes.collect());
    }
    founders
}
