//! Clients that write and read through everything, and write down what they saw.

use std::time::Duration;

use bench::history::{Asked, RecordedPipeline, Recorder};
use multicast::id::GroupId;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use structures::{kind::StructureKind, op::Op, query::Query};
use tokio::{sync::watch, task::JoinHandle, time::sleep};
use wire::{client::Directory, message::client::Reads};

use super::together::{Parts, TogetherClient};

/// How long an operation is tried; past it nobody knows what became of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two operations of a client, most of the time: enough of them for every fault to meet some.
const PACE_MS: std::ops::Range<u64> = 1..6;

/// Between two writes of several groups: what is written together is checked together, which takes longer.
const TOGETHER_PACE_MS: std::ops::Range<u64> = 5..30;

/// Keys of one group: few, so that clients meet.
const KEYS: u8 = 10;

/// What every client is told.
#[derive(Clone)]
pub struct Assignment {
    pub directory: Directory,
    pub kind: StructureKind,
    /// Its group, or all of those that it writes together.
    pub groups: Vec<GroupId>,
    pub recorder: Recorder,
    pub stop: watch::Receiver<bool>,
}

/// One client: who it is, and its luck.
struct Person {
    number: u64,
    values: u64,
    random: StdRng,
}

/// Starts a client; it gives the number of operations that were answered.
pub fn start(assignment: Assignment, number: u64, seed: u64) -> JoinHandle<u64> {
    let person = Person {
        number,
        values: 0,
        random: StdRng::seed_from_u64(seed.wrapping_mul(1000) + number),
    };
    tokio::spawn(async move {
        match assignment.groups.as_slice() {
            [group] => alone(&assignment, *group, person).await,
            _ => together(&assignment, person).await,
        }
    })
}

impl Person {
    /// No other write brings this one.
    fn value(&mut self) -> Vec<u8> {
        self.values += 1;
        (self.number << 40 | self.values).to_be_bytes().to_vec()
    }

    fn key(&mut self) -> Vec<u8> {
        vec![b'a' + self.random.random_range(0..KEYS)]
    }

    async fn pause(&mut self, milliseconds: std::ops::Range<u64>) {
        sleep(Duration::from_millis(self.random.random_range(milliseconds))).await;
    }
}

/// Reads and writes one group, several requests at once.
async fn alone(assignment: &Assignment, group: GroupId, mut person: Person) -> u64 {
    let mut answered = 0;
    while !*assignment.stop.borrow() {
        let depth = person.random.random_range(1..4);
        let (directory, record) = (assignment.directory.clone(), assignment.recorder.client());
        let Ok(mut pipeline) = RecordedPipeline::open(directory, group, depth, PATIENCE, record).await else {
            continue;
        };
        // One session after another: the next begins when this one lost track of an operation.
        while let Some(true) = one(assignment, &mut pipeline, &mut person).await {
            answered += 1;
        }
    }
    answered
}

/// Fills the pipeline and takes an answer: whether it was one; none when nothing is under way any more.
async fn one(assignment: &Assignment, pipeline: &mut RecordedPipeline, person: &mut Person) -> Option<bool> {
    while pipeline.has_room() && !*assignment.stop.borrow() {
        let reads = Reads::ALL[person.random.random_range(0..Reads::ALL.len())];
        pipeline.read_as(reads);
        pipeline.put(asked(assignment.kind, person));
    }
    let (_, answer) = pipeline.next().await.expect("the history is written")?;
    person.pause(PACE_MS).await;
    Some(answer.is_ok())
}

fn asked(kind: StructureKind, person: &mut Person) -> Asked {
    let (key, value) = (person.key(), person.value());
    let write = Asked::Write;
    let read = Asked::Read;
    match (kind.is_keyed(), person.random.random_range(0..10)) {
        (true, 0..4) => write(Op::Insert { key, value }),
        (true, 4) => write(Op::Update { key, value }),
        (true, 5) => write(Op::Delete { key }),
        (true, _) => read(Query::Get { key }),
        // More takings than pushes: what a taking shows is decided soon after the push, or its search is long.
        (false, 0..3) => write(Op::PushBack { value }),
        (false, 3..7) => write(Op::PopFront),
        (false, 7) => read(Query::Len),
        (false, _) => read(Query::At { index: 0 }),
    }
}

/// Writes all its groups at once.
async fn together(assignment: &Assignment, mut person: Person) -> u64 {
    let mut answered = 0;
    while !*assignment.stop.borrow() {
        let (directory, record) = (assignment.directory.clone(), assignment.recorder.client());
        let opened = TogetherClient::open(directory, &assignment.groups, PATIENCE, record).await;
        let Ok(mut client) = opened else { continue };
        while !*assignment.stop.borrow() && client.write(parts(assignment, &mut person)).await {
            answered += 1;
            person.pause(TOGETHER_PACE_MS).await;
        }
    }
    answered
}

/// The same key or front of both, written or moved from one to the other.
fn parts(assignment: &Assignment, person: &mut Person) -> Parts {
    let mut groups = assignment.groups.clone();
    groups.shuffle(&mut person.random);
    let key = person.key();
    let is_move = person.random.random();
    let mut parts = Parts::new();
    for (place, group) in groups.into_iter().enumerate() {
        let (key, value) = (key.clone(), person.value());
        let op = match (assignment.kind, is_move && place == 0) {
            (StructureKind::LinkedList, true) => Op::Delete { key },
            (kind, true) if kind.is_keyed() => Op::Remove { key },
            (_, true) => Op::PopFront,
            (kind, false) if kind.is_keyed() => Op::Insert { key, value },
            (_, false) => Op::PushBack { value },
        };
        parts.push((group, vec![op]));
    }
    parts
}
