//! Random writes: operations a kind has and some that it has not, of all sizes, with retries and late ones.

use multicast::id::{ClientId, Seq};
use proptest::prelude::*;

use crate::kind::{StructureKind, StructureLimits, StructureSpec};
use crate::op::{Op, Write};

/// Values may be longer than several of the small pages that tests use.
pub(super) const LIMITS: StructureLimits = StructureLimits {
    key_bytes: 4,
    element_bytes: 200,
};

pub(super) fn spec(kind: StructureKind) -> StructureSpec {
    StructureSpec { kind, limits: LIMITS }
}

/// Few keys, so that they are met again; some empty or too long.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => prop::collection::vec(0..6u8, 1..3),
        2 => prop::collection::vec(0..4u8, 3..=4),
        1 => prop_oneof![Just(vec![]), Just(vec![9; 5])],
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |range| prop::collection::vec(any::<u8>(), range);
    prop_oneof![
        1 => Just(Vec::new()),
        12 => bytes(1..9),
        4 => bytes(8..9),
        4 => bytes(9..60),
        2 => bytes(60..200),
        1 => bytes(200..203),
    ]
}

fn op(kind: StructureKind) -> impl Strategy<Value = Op> {
    let value = move || match kind {
        StructureKind::Set => prop_oneof![9 => Just(Vec::new()), 1 => Just(vec![1])].boxed(),
        _ => value().boxed(),
    };
    // A place of about as many as there are.
    let index = || prop_oneof![9 => 0..40u64, 1 => Just(u64::MAX)];
    let all = vec![
        (
            6,
            (key(), value())
                .prop_map(|(key, value)| Op::Insert { key, value })
                .boxed(),
        ),
        (
            4,
            (key(), value())
                .prop_map(|(key, value)| Op::Update { key, value })
                .boxed(),
        ),
        (3, key().prop_map(|key| Op::Delete { key }).boxed()),
        (3, key().prop_map(|key| Op::Remove { key }).boxed()),
        (3, value().prop_map(|value| Op::PushFront { value }).boxed()),
        (5, value().prop_map(|value| Op::PushBack { value }).boxed()),
        (3, Just(Op::PopFront).boxed()),
        (2, Just(Op::PopBack).boxed()),
        (
            6,
            (index(), value())
                .prop_map(|(index, value)| Op::InsertAt { index, value })
                .boxed(),
        ),
        (
            4,
            (index(), value())
                .prop_map(|(index, value)| Op::SetAt { index, value })
                .boxed(),
        ),
        (4, index().prop_map(|index| Op::RemoveAt { index }).boxed()),
        (
            6,
            (0..6u64, value())
                .prop_map(|(priority, value)| Op::PushRanked { priority, value })
                .boxed(),
        ),
    ];
    let any = prop::strategy::Union::new_weighted(all.clone());
    let own = all.into_iter().filter(|(_, op)| kind.has(&sample(op)));
    prop_oneof![
        30 => prop::strategy::Union::new_weighted(own.collect()),
        1 => any,
        1 => Just(Op::OpenSession),
    ]
}

/// Any operation of the strategy: all are of one kind.
fn sample(op: &BoxedStrategy<Op>) -> Op {
    let mut runner = prop::test_runner::TestRunner::deterministic();
    prop::strategy::ValueTree::current(&op.new_tree(&mut runner).expect("nothing is filtered"))
}

/// How a write's number relates to the largest that its client used.
#[derive(Clone, Debug)]
enum Number {
    /// So many above it.
    Above(u64),
    /// So many below it: a retry, or one that was skipped.
    Below(u64),
}

/// Up to `length` writes of three clients, of which the first two open their sessions first.
pub(super) fn script(kind: StructureKind, length: usize) -> impl Strategy<Value = Vec<Write>> {
    let number = prop_oneof![
        20 => Just(Number::Above(1)),
        1 => (1..80u64).prop_map(Number::Above),
        2 => (0..80u64).prop_map(Number::Below),
    ];
    let step = (
        prop_oneof![8 => Just(0u64), 2 => Just(1), 1 => Just(2)],
        number,
        op(kind),
    );
    prop::collection::vec(step, 0..length).prop_map(numbered)
}

fn numbered(steps: Vec<(u64, Number, Op)>) -> Vec<Write> {
    let open = |client| Write {
        client: ClientId(client),
        seq: Seq(1),
        op: Op::OpenSession,
    };
    let mut writes = vec![open(0), open(1)];
    let mut largest = [1, 1, 0];
    for (client, number, op) in steps {
        let largest = &mut largest[client as usize];
        let seq = match number {
            Number::Above(by) => *largest + by,
            Number::Below(by) => largest.saturating_sub(by),
        };
        *largest = seq.max(*largest);
        writes.push(Write {
            client: ClientId(client),
            seq: Seq(seq),
            op,
        });
    }
    writes
}
