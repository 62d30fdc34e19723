//! Seeded runs of the whole cluster in memory: crashes, broken links, restarts of the manager, in any order; nodes
//! that enter freeze writers in every other seed. In half of the others a second manager sends, too, whose messages get
//! stuck and whose end only the members tell of.
//!
//! Checked all the while: a write that was answered is at every present active member of its group. Checked
//! after healing: everyone is active, the members of a group hold the same, and all that was answered is
//! there; unless every process that the membership names as a holder is gone, then the group says so.

mod healing;

use std::collections::BTreeMap;

use multicast::{
    id::{GroupId, Incarnation, NodeId},
    skeen::sequencer::OrderedBy,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IteratorRandom};
use settings::Join;
use structures::op::Op;
use wire::message::client::ReplyBody;

use super::world::World;

/// Steps of one run.
const STEPS: usize = 1500;

const GROUPS: [GroupId; 2] = [GroupId(0), GroupId(1)];

/// Whether all of a write took effect.
fn has_changed(body: &ReplyBody) -> bool {
    match body {
        ReplyBody::Written(answer) => answer.outcome.changed(),
        ReplyBody::WrittenTogether(parts) => parts.iter().flatten().all(|answer| answer.outcome.changed()),
        _ => false,
    }
}

struct Run {
    world: World,
    random: StdRng,
    lives: u64,
    /// Every write by its request: its groups and its key in all of them. Keys are never used twice.
    written: BTreeMap<u64, (Vec<GroupId>, String)>,
    /// Keys whose write was answered, and its group.
    answered: Vec<(GroupId, String)>,
    seen_replies: usize,
    /// Whether a second manager sends.
    has_other: bool,
}

impl Run {
    fn new(seed: u64, ordering: OrderedBy) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let join = Join::ALL[seed as usize % 2];
        let world = World::of(ordering, join, 2, random.random_range(1..=2), 0);
        Self {
            world,
            random,
            lives: 0,
            written: BTreeMap::new(),
            answered: Vec::new(),
            seen_replies: 0,
            has_other: join == Join::Stream && seed % 4 < 2,
        }
    }

    fn node(&mut self) -> NodeId {
        let nodes = self.world.cluster.nodes.keys().copied();
        nodes.choose(&mut self.random).expect("a cluster has nodes")
    }

    /// One thing happens. Faults are rare enough for work to get done between them.
    fn step(&mut self) {
        let node = self.node();
        match self.random.random_range(0..100) {
            0..40 => self.world.node_takes(node),
            40..70 => drop(self.world.manager_takes(node)),
            70..80 => self.store(),
            80..83 => self.answer_a_call(),
            83..91 => self.write(),
            91..96 => self.enter(node),
            96 => self.break_link(node),
            97 => self.crash(node),
            98 => drop(self.world.feed(crate::coordinator::Event::Tick)),
            _ if self.random.random_bool(0.1) => self.world.restart(),
            _ if self.has_other => self.let_the_other_act(),
            _ => {}
        }
        self.note_answers();
    }

    /// The nodes whose processes run.
    fn running(&self) -> Vec<u64> {
        let nodes = self.world.processes.keys();
        nodes.map(|node| u64::from(node.0)).collect()
    }

    /// The second manager learns the view, sends, gets through to somebody, or loses its links.
    fn let_the_other_act(&mut self) {
        let nodes = self.running();
        match self.random.random_range(0..6) {
            0 | 1 => self.world.other_follows(&nodes),
            2 | 3 => {
                let group = GroupId(self.random.random_range(0..2));
                self.world.other_proposes((group, vec![Op::OpenSession]));
            }
            4 => {
                let node = u64::from(self.node().0);
                self.world.other_finishes(&[node]);
            }
            _ => self.world.other_leaves(&nodes),
        }
    }

    fn store(&mut self) {
        if self.world.storing.is_some() {
            self.world.store();
        }
    }

    fn answer_a_call(&mut self) {
        if let Some((node, life)) = self.world.dialled.pop_front() {
            self.world.link(node, life);
        }
    }

    fn write(&mut self) {
        let group = GroupId(self.random.random_range(0..2));
        let request = self.world.last_request() + 1;
        if self.random.random_bool(0.05) {
            self.world.write(group, Op::OpenSession);
            return;
        }
        let key = format!("{request}");
        let insert = Op::Insert {
            key: key.clone().into_bytes(),
            value: b"v".to_vec(),
        };
        if self.random.random_bool(0.2) {
            self.written.insert(request, (GROUPS.to_vec(), key));
            self.world
                .write_together(GROUPS.map(|group| (group, vec![insert.clone()])).to_vec());
        } else {
            self.written.insert(request, (vec![group], key));
            self.world.write(group, insert);
        }
    }

    /// The node's process says `Enter`; where there is none, a new one starts.
    fn enter(&mut self, node: NodeId) {
        let process = self.world.processes.get(&node);
        if process.is_some_and(|process| process.linked) {
            return;
        }
        let life = process.map(|process| process.life).unwrap_or_else(|| {
            self.lives += 1;
            Incarnation(self.lives)
        });
        self.world.enter(node, life);
    }

    fn break_link(&mut self, node: NodeId) {
        let linked = self.world.processes.get(&node).filter(|process| process.linked);
        if let Some(life) = linked.map(|process| process.life) {
            self.world.lose(node, life);
        }
    }

    /// Rarely the last one of its group, for then little is left to see.
    fn crash(&mut self, node: NodeId) {
        let group = self.world.cluster.nodes[&node];
        if self.world.core.present(group).len() < 2 && self.random.random_bool(0.95) {
            return;
        }
        self.break_link(node);
        self.world.processes.remove(&node);
    }

    fn note_answers(&mut self) {
        let new: Vec<u64> = self.world.replies[self.seen_replies..]
            .iter()
            .filter(|(_, body)| has_changed(body))
            .map(|(caller, _)| caller.request)
            .collect();
        self.seen_replies = self.world.replies.len();
        for request in new {
            let (groups, key) = self.written[&request].clone();
            for group in groups {
                self.note_answered(group, key.clone());
            }
        }
    }

    fn note_answered(&mut self, group: GroupId, key: String) {
        for node in self.world.core.present(group) {
            let keys = self.world.keys(node).unwrap_or_default();
            assert!(
                keys.contains(&key),
                "{node} of {group} does not hold {key}, which was answered"
            );
        }
        self.answered.push((group, key));
    }
}

/// One run; returns how many writes were answered and how many groups were lost.
fn run(seed: u64, ordering: OrderedBy) -> (usize, usize) {
    let mut run = Run::new(seed, ordering);
    for node in run.world.cluster.nodes.keys().copied().collect::<Vec<_>>() {
        run.enter(node);
        run.world.settle();
    }
    for group in GROUPS {
        run.world.write(group, Op::OpenSession);
        run.world.settle();
    }
    run.seen_replies = run.world.replies.len();
    (0..STEPS).for_each(|_| run.step());
    run.heal();
    run.check_healed();
    if run.has_other {
        run.check_what_the_other_left();
    }
    let lost = GROUPS.into_iter().filter(|group| run.lost(*group).is_some());
    (run.answered.len(), lost.count())
}

#[test]
fn whatever_crashes_answered_writes_stay_and_everything_heals() {
    answered_writes_stay(OrderedBy::Skeen);
}

#[test]
fn whatever_crashes_answered_writes_stay_under_a_sequencer_too() {
    answered_writes_stay(OrderedBy::Sequencer);
}

fn answered_writes_stay(ordering: OrderedBy) {
    let seeds = std::env::var("SIMULATION_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(1000);
    let mut answered = 0;
    let mut lost = 0;
    for seed in 0..seeds {
        let outcome = std::panic::catch_unwind(|| run(seed, ordering));
        let (writes, groups) = outcome.unwrap_or_else(|_| panic!("seed {seed} shows a fault; see above"));
        answered += writes;
        lost += groups;
    }
    assert!(
        answered > 5 * seeds as usize,
        "the runs did little: {answered} writes"
    );
    assert!(
        lost > 0 && lost < seeds as usize,
        "most groups survive: {lost} were lost"
    );
}
