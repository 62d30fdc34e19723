//! Clients that write and read through everything, and write down what they saw.

use std::time::Duration;

use bench::history::{Asked, ClientRecord, RecordedPipeline, Recorder};
use multicast::id::GroupId;
use rand::{Rng, SeedableRng, rngs::StdRng};
use structures::{kind::StructureKind, op::Op, query::Query};
use tokio::{sync::watch, task::JoinHandle, time::sleep};
use wire::client::Directory;

/// How long an operation is tried; past it nobody knows what became of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two operations of a client, most of the time: enough of them for every fault to meet some.
const PACE_MS: std::ops::Range<u64> = 1..6;

/// Keys of one group: few, so that clients meet.
const KEYS: u8 = 10;

/// What every client is told.
#[derive(Clone)]
pub struct Assignment {
    pub directory: Directory,
    pub kind: StructureKind,
    pub group: GroupId,
    pub recorder: Recorder,
    pub stop: watch::Receiver<bool>,
}

/// Starts a client; it gives the number of operations that were answered.
pub fn start(assignment: Assignment, number: u64, seed: u64) -> JoinHandle<u64> {
    let random = StdRng::seed_from_u64(seed.wrapping_mul(1000) + number);
    tokio::spawn(run(assignment, number, random))
}

async fn run(assignment: Assignment, number: u64, mut random: StdRng) -> u64 {
    let mut answered = 0;
    let mut values = (1..).map(|count: u64| (number << 40 | count).to_be_bytes().to_vec());
    while !*assignment.stop.borrow() {
        let depth = random.random_range(1..4);
        let Assignment {
            directory,
            group,
            recorder,
            ..
        } = assignment.clone();
        let record: ClientRecord = recorder.client();
        let Ok(mut pipeline) = RecordedPipeline::open(directory, group, depth, PATIENCE, record).await else {
            continue;
        };
        // One session after another: the next begins when this one lost track of an operation.
        while let Some(true) = one(&assignment, &mut pipeline, &mut values, &mut random).await {
            answered += 1;
        }
    }
    answered
}

/// Fills the pipeline and takes an answer: whether it was one; none when nothing is under way any more.
async fn one(
    assignment: &Assignment,
    pipeline: &mut RecordedPipeline,
    values: &mut impl Iterator<Item = Vec<u8>>,
    random: &mut StdRng,
) -> Option<bool> {
    while pipeline.has_room() && !*assignment.stop.borrow() {
        let value = values.next()?;
        pipeline.put(asked(assignment.kind, value, random));
    }
    let (_, answer) = pipeline.next().await.expect("the history is written")?;
    sleep(Duration::from_millis(random.random_range(PACE_MS))).await;
    Some(answer.is_ok())
}

fn asked(kind: StructureKind, value: Vec<u8>, random: &mut StdRng) -> Asked {
    let key = vec![b'a' + random.random_range(0..KEYS)];
    let write = Asked::Write;
    let read = Asked::Read;
    match (kind.is_keyed(), random.random_range(0..10)) {
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
