//! Every limit is refused by name one past it, and reached before.

use multicast::id::{ClientId, Seq};

use super::script::{LIMITS, spec};
use crate::delta::{Delta, RegionId};
use crate::kind::{StructureKind, StructureLimits, StructureSpec};
use crate::op::{Answer, Op, Outcome, Write};
use crate::packed::Packed;

/// A structure whose client 0 has its session; writes are numbered by themselves.
pub(super) struct Scripted {
    pub(super) packed: Packed,
    pub(super) seq: Seq,
}

impl Scripted {
    pub(super) fn new(spec: StructureSpec, page_bytes: u16) -> Self {
        let mut scripted = Self {
            packed: Packed::with_pages(spec, page_bytes),
            seq: Seq(0),
        };
        assert_eq!(scripted.outcome(Op::OpenSession), Outcome::SessionOpened);
        scripted
    }

    pub(super) fn apply(&mut self, op: Op) -> (Answer, Delta) {
        self.seq = self.seq.next();
        self.packed.apply(&Write {
            client: ClientId(0),
            seq: self.seq,
            op,
        })
    }

    pub(super) fn outcome(&mut self, op: Op) -> Outcome {
        self.apply(op).0.outcome
    }
}

pub(super) fn insert(key: &[u8], value: &[u8]) -> Op {
    Op::Insert {
        key: key.to_vec(),
        value: value.to_vec(),
    }
}

pub(super) fn push_back(value: &[u8]) -> Op {
    Op::PushBack {
        value: value.to_vec(),
    }
}

#[test]
fn keys_and_values_may_be_as_long_as_their_limits_and_not_longer() {
    for element_bytes in [0, 8, 126, 127, 300, u16::MAX] {
        let limits = StructureLimits {
            key_bytes: 4,
            element_bytes,
        };
        for kind in [
            StructureKind::KeyedList,
            StructureKind::Map,
            StructureKind::OrderedMap,
        ] {
            let mut scripted = Scripted::new(StructureSpec { kind, limits }, 512);
            let (longest, too_long) = (
                vec![1; element_bytes.into()],
                vec![1; usize::from(element_bytes) + 1],
            );
            assert_eq!(scripted.outcome(insert(b"four", &longest)), Outcome::Inserted);
            assert_eq!(
                scripted.outcome(insert(b"five5", &longest)),
                Outcome::BadKeyLength
            );
            assert_eq!(scripted.outcome(insert(b"", &longest)), Outcome::BadKeyLength);
            assert_eq!(scripted.outcome(insert(b"k", &too_long)), Outcome::ValueTooLong);
            let key = b"four".to_vec();
            assert_eq!(scripted.apply(Op::Remove { key }).0, Answer::removed(longest));
        }
    }
}

#[test]
fn a_set_takes_no_values() {
    let mut scripted = Scripted::new(spec(StructureKind::Set), 64);
    assert_eq!(scripted.outcome(insert(b"k", b"")), Outcome::Inserted);
    assert_eq!(scripted.outcome(insert(b"k", b"v")), Outcome::ValueTooLong);
}

/// An operation that adds an element to a structure of this kind: the `n`-th, all different.
fn adding(kind: StructureKind, n: u8, value: &[u8]) -> Op {
    match kind {
        StructureKind::Set => insert(&[n], &[]),
        StructureKind::PriorityQueue => Op::PushRanked {
            priority: n.into(),
            value: value.to_vec(),
        },
        kind if kind.is_keyed() => insert(&[n], value),
        _ => push_back(value),
    }
}

fn packed_kinds() -> impl Iterator<Item = StructureKind> {
    StructureKind::ALL.into_iter().skip(1)
}

#[test]
fn as_many_elements_as_there_may_be_fit_and_not_one_more() {
    for kind in packed_kinds() {
        let mut scripted = Scripted::new(spec(kind), 64);
        scripted.packed.elements.chain_mut().set_limits(1000, 3);
        for n in 0..3 {
            assert_eq!(
                scripted.outcome(adding(kind, n, &[n])),
                Outcome::Inserted,
                "{kind}"
            );
        }
        let before = scripted.packed.elements();
        assert_eq!(scripted.outcome(adding(kind, 3, &[3])), Outcome::Full, "{kind}");
        assert_eq!(scripted.packed.elements(), before);
        if kind.is_keyed() {
            assert_eq!(
                scripted.outcome(adding(kind, 1, b"")),
                Outcome::Updated,
                "a known key is taken"
            );
        }
    }
}

/// What is refused changes nothing but the window, and what is taken never needs a page more than there may be.
#[test]
fn pages_are_never_more_than_there_may_be() {
    const MOST: usize = 8;
    for kind in packed_kinds() {
        let mut scripted = Scripted::new(spec(kind), 64);
        scripted.packed.elements.chain_mut().set_limits(MOST, 1000);
        let mut outcomes = Vec::new();
        for n in 0..=255 {
            let before = scripted.packed.arena().image(RegionId::RECORDS).to_vec();
            let outcome = scripted.outcome(adding(kind, n, &vec![n; usize::from(n) % 90]));
            outcomes.push(outcome);
            let after = scripted.packed.arena().image(RegionId::RECORDS);
            assert!(after.len() <= 16 + MOST * 64, "{kind}: {} bytes", after.len());
            assert_eq!(outcome == Outcome::Full, after == before, "{kind}, number {n}");
        }
        assert_eq!(outcomes[0], Outcome::Inserted, "{kind}");
        assert_eq!(outcomes[255], Outcome::Full, "{kind}");
    }
}

#[test]
fn what_takes_bytes_away_needs_no_page() {
    let mut scripted = Scripted::new(spec(StructureKind::List), 64);
    for n in 0..100 {
        let op = adding(StructureKind::List, n, &[n; 20]);
        assert_eq!(scripted.outcome(op), Outcome::Inserted);
    }
    let mut expected = scripted.packed.elements();
    let mut pages = (scripted.packed.arena().len(RegionId::RECORDS) - 16) / 64;
    for n in 0..80u8 {
        // As many pages as there are, and not one more.
        scripted.packed.elements.chain_mut().set_limits(pages, 1000);
        let index = u64::from(n) % expected.len() as u64;
        let place = index as usize;
        if n % 2 == 0 {
            expected.remove(place);
            assert_eq!(scripted.outcome(Op::RemoveAt { index }), Outcome::Removed);
        } else {
            let value = expected[place].value[1..].to_vec();
            expected[place].value = value.clone();
            assert_eq!(scripted.outcome(Op::SetAt { index, value }), Outcome::Updated);
        }
        assert_eq!(scripted.packed.elements(), expected);
        let now = (scripted.packed.arena().len(RegionId::RECORDS) - 16) / 64;
        assert!(now <= pages, "{now} pages after {pages}");
        pages = now;
    }
}

#[test]
fn a_value_does_not_grow_past_the_last_page() {
    for kind in [StructureKind::List, StructureKind::Map, StructureKind::OrderedMap] {
        let mut scripted = Scripted::new(spec(kind), 64);
        assert_eq!(scripted.outcome(adding(kind, 0, b"short")), Outcome::Inserted);
        scripted.packed.elements.chain_mut().set_limits(5, 1000);
        let set = |value: &[u8]| match kind {
            StructureKind::List => Op::SetAt {
                index: 0,
                value: value.to_vec(),
            },
            _ => insert(&[0], value),
        };
        let before = scripted.packed.elements();
        let longest = usize::from(LIMITS.element_bytes);
        assert_eq!(scripted.outcome(set(&vec![1; longest])), Outcome::Full, "{kind}");
        assert_eq!(scripted.packed.elements(), before);
        assert_eq!(scripted.outcome(set(b"small")), Outcome::Updated, "{kind}");
    }
}

#[test]
fn a_value_that_could_not_be_answered_again_is_not_taken_out() {
    let mut scripted = Scripted::new(spec(StructureKind::Queue), 64);
    assert_eq!(scripted.outcome(push_back(b"value")), Outcome::Inserted);
    scripted.packed.results.chain_mut().set_limits(0, 1000);
    assert_eq!(scripted.outcome(Op::PopFront), Outcome::Full);
    scripted.packed.results.chain_mut().set_limits(100, 1000);
    assert_eq!(scripted.apply(Op::PopFront).0, Answer::removed(b"value".to_vec()));
}
