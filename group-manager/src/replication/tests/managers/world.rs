//! Who is there, and what is between them.

use std::collections::{BTreeMap, BTreeSet};

use multicast::{
    id::{GroupId, Incarnation, NodeId},
    skeen::sequencer::OrderedBy,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use settings::Join;
use structures::kind::{StructureKind, StructureSpec};
use wire::message::membership::Membership;

use super::{
    super::super::ReplicatedCluster,
    claims::{Broken, Claim},
    client::Client,
    fault::Fault,
    link::Link,
    manager::Manager,
    node::Node,
    store::Store,
};
use crate::coordinator::Micros;

/// Suspicion time, in microseconds.
pub(super) const SUSPICION_US: u64 = 1_000_000;

/// Microseconds between two events.
const STEP_US: u64 = 10;

pub(super) const GROUPS: [GroupId; 2] = [GroupId(0), GroupId(1)];

const CLIENTS: u32 = 3;

/// Every element is a write's name; lists keep them in the order in which they were applied.
pub(super) const SPEC: StructureSpec = StructureSpec {
    kind: StructureKind::List,
    ..StructureSpec::linked_list(1, 16)
};

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    pub(super) ordering: OrderedBy,
    pub(super) fault: Option<Fault>,
}

pub(super) struct World {
    pub(super) variant: Variant,
    pub(super) random: StdRng,
    pub(super) now: Micros,
    pub(super) cluster: ReplicatedCluster,
    /// By place: where a manager is configured, whatever life of it runs.
    pub(super) managers: Vec<Manager>,
    /// Pairs of managers, the smaller place first, that hear each other.
    pub(super) fellows: BTreeSet<(usize, usize)>,
    /// Data nodes that run.
    pub(super) nodes: BTreeMap<NodeId, Node>,
    pub(super) links: BTreeMap<(usize, NodeId), Link>,
    pub(super) store: Store,
    pub(super) clients: Vec<Client>,
    /// What was answered: each write's name, and its groups.
    pub(super) answered: Vec<(String, Vec<GroupId>)>,
    /// Writes of both groups.
    pub(super) together: BTreeSet<String>,
    /// Whether a view was ever opened without any member of a group that holds something: the other group then finishes
    /// alone what is addressed to both (DESIGN 3, "Limit").
    pub(super) was_group_cut_off: bool,
    /// Nodes that operators added so far.
    pub(super) added: u32,
    lives: u64,
    requests: u64,
    /// The first claim that did not hold.
    pub(super) broken: Option<Broken>,
    pub(super) trace: Option<Vec<String>>,
}

impl World {
    /// Two groups of two or three nodes, two or three managers; nobody has entered yet.
    pub(super) fn new(seed: u64, variant: Variant, is_traced: bool) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let (per_group, managers) = (random.random_range(2..=3), random.random_range(2..=3));
        let node = |group: GroupId, place: u32| (NodeId(u32::from(group.0) * per_group + place + 1), group);
        let nodes = GROUPS
            .into_iter()
            .flat_map(|group| (0..per_group).map(move |place| node(group, place)));
        let cluster = ReplicatedCluster {
            managers,
            ordering: variant.ordering,
            spec: SPEC,
            min_backups: 0,
            // A door that is frozen keeps no other manager from sending.
            join: Join::Stream,
            suspicion_us: SUSPICION_US,
            nodes: nodes.collect(),
            groups: GROUPS.map(|group| (group, name_of(group))).into(),
        };
        let mut world = Self {
            variant,
            random,
            now: Micros(0),
            cluster,
            managers: (0..managers).map(Manager::configured).collect(),
            fellows: BTreeSet::new(),
            nodes: BTreeMap::new(),
            links: BTreeMap::new(),
            store: Store::new(Membership::default()),
            clients: (1..=CLIENTS).map(Client::new).collect(),
            answered: Vec::new(),
            together: BTreeSet::new(),
            was_group_cut_off: false,
            added: 0,
            lives: 0,
            requests: 0,
            broken: None,
            trace: is_traced.then(Vec::new),
        };
        for place in 0..managers {
            world.start_manager(place);
        }
        world
    }

    /// A step's worth of time passes.
    pub(super) fn tick(&mut self) -> Micros {
        self.now.0 += STEP_US;
        self.now
    }

    pub(super) fn next_life(&mut self) -> Incarnation {
        self.lives += 1;
        Incarnation(self.lives)
    }

    pub(super) fn next_request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    pub(super) fn percent(&mut self, chance: u32) -> bool {
        self.random.random_range(0..100) < chance
    }

    /// One of so many.
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.random.random_range(0..count)
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.random.random_range(0..of.len())])
    }

    /// Notes the first claim that does not hold.
    pub(super) fn breaks(&mut self, claim: Claim, found: impl FnOnce() -> String) {
        if self.broken.is_none() {
            let found = found();
            self.note(|| format!("{claim:?} is broken: {found}"));
            self.broken = Some(Broken { claim, found });
        }
    }

    /// A line of the trace, if there is one.
    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(line());
        }
    }
}

/// What the groups are called.
pub(super) fn name_of(group: GroupId) -> String {
    format!("g{}", group.0)
}
