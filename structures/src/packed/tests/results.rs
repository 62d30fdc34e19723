//! Values taken out are answered again exactly as long as the window knows their numbers.

use multicast::id::{ClientId, Seq};

use super::limits::{Scripted, push_back};
use super::properties::{images, rebuilt};
use super::script::spec;
use crate::delta::{Delta, RegionId};
use crate::kind::{StructureKind, StructureLimits, StructureSpec};
use crate::op::{Answer, Op, Outcome, Write};
use crate::packed::Packed;
use crate::packed::results::MAX_RESULT_BYTES;
use crate::session::{MAX_SESSIONS, WINDOW};

fn pop(client: u64, seq: u64) -> Write {
    Write {
        client: ClientId(client),
        seq: Seq(seq),
        op: Op::PopFront,
    }
}

/// A queue of the numbers below `length`, the first of them pushed by write 2 of client 0.
fn queue(length: u8) -> Scripted {
    let mut scripted = Scripted::new(spec(StructureKind::Queue), 64);
    for n in 0..length {
        assert_eq!(scripted.outcome(push_back(&[n])), Outcome::Inserted);
    }
    scripted
}

/// Applies a write that must change nothing, also to the structure built again, and returns its answer.
fn unchanged(packed: &mut Packed, write: &Write) -> Answer {
    let before = images(packed);
    let lengths = packed.arena().lengths();
    let ranges = vec![];
    let (answer, delta) = packed.apply(write);
    assert_eq!(delta, Delta { lengths, ranges }, "{write:?}");
    assert_eq!(images(packed), before);
    assert_eq!(rebuilt(packed).apply(write).0, answer);
    answer
}

#[test]
fn a_retry_gets_the_value_again_within_the_window_and_not_one_number_past_it() {
    let mut scripted = queue(100);
    let first = scripted.seq.0 + 1;
    for n in 0..100 {
        assert_eq!(scripted.apply(Op::PopFront).0, Answer::removed(vec![n]));
    }
    let (last, packed) = (scripted.seq.0, &mut scripted.packed);
    for seq in first..=last {
        let expected = match last - seq {
            behind if behind < WINDOW => Answer::removed(vec![(seq - first) as u8]),
            _ => Outcome::Forgotten.into(),
        };
        assert_eq!(unchanged(packed, &pop(0, seq)), expected, "number {seq}");
    }
    assert_eq!(packed.results.values(), WINDOW as usize);
}

#[test]
fn a_number_far_ahead_takes_all_values_with_it() {
    let mut scripted = queue(10);
    for _ in 0..10 {
        scripted.apply(Op::PopFront);
    }
    let last = scripted.seq.0;
    let packed = &mut scripted.packed;
    assert_eq!(
        packed.apply(&pop(0, last + WINDOW - 1)).0.outcome,
        Outcome::AbsentPlace
    );
    assert_eq!(
        packed.results.values(),
        1,
        "the last number is still in the window"
    );
    assert_eq!(
        packed.apply(&pop(0, last + WINDOW)).0.outcome,
        Outcome::AbsentPlace
    );
    assert_eq!(packed.results.values(), 0);
    assert_eq!(packed.arena().len(RegionId::RESULTS), 4, "the header alone");
}

#[test]
fn a_late_number_keeps_its_value_too() {
    let mut scripted = queue(3);
    let last = scripted.seq.0;
    let packed = &mut scripted.packed;
    assert_eq!(packed.apply(&pop(0, last + 5)).0, Answer::removed(vec![0]));
    assert_eq!(packed.apply(&pop(0, last + 2)).0, Answer::removed(vec![1]));
    assert_eq!(unchanged(packed, &pop(0, last + 2)), Answer::removed(vec![1]));
    assert_eq!(unchanged(packed, &pop(0, last + 5)), Answer::removed(vec![0]));
}

#[test]
fn clients_with_the_same_numbers_get_their_own_values() {
    let mut packed = queue(2).packed;
    for client in [1, 2] {
        let op = Op::OpenSession;
        let (client, seq) = (ClientId(client), Seq(1));
        packed.apply(&Write { client, seq, op });
    }
    assert_eq!(packed.apply(&pop(1, 2)).0, Answer::removed(vec![0]));
    assert_eq!(packed.apply(&pop(2, 2)).0, Answer::removed(vec![1]));
    assert_eq!(unchanged(&mut packed, &pop(1, 2)), Answer::removed(vec![0]));
    assert_eq!(unchanged(&mut packed, &pop(2, 2)), Answer::removed(vec![1]));
}

#[test]
fn an_evicted_session_takes_its_values_with_it_and_no_others() {
    let mut scripted = queue(9);
    let open = |packed: &mut Packed, client| {
        let op = Op::OpenSession;
        let (client, seq) = (ClientId(client), Seq(1));
        assert_eq!(
            packed.apply(&Write { client, seq, op }).0,
            Outcome::SessionOpened.into()
        );
    };
    for _ in 0..4 {
        scripted.apply(Op::PopFront);
    }
    let packed = &mut scripted.packed;
    for client in 1..MAX_SESSIONS as u64 {
        open(packed, client);
    }
    for seq in [2, 3] {
        assert_eq!(packed.apply(&pop(5, seq)).0.outcome, Outcome::Removed);
    }
    assert_eq!(packed.results.values(), 6);
    open(packed, 5000);
    assert_eq!(
        packed.results.values(),
        2,
        "those of client 0, used least recently, are gone"
    );
    assert_eq!(unchanged(packed, &pop(0, 11)), Outcome::NoSession.into());
    assert_eq!(unchanged(packed, &pop(5, 2)), Answer::removed(vec![4]));
    assert_eq!(unchanged(packed, &pop(5, 3)), Answer::removed(vec![5]));
}

/// Bytes of client, number and the length before them.
const KEY_BYTES: usize = 17;

/// The answers to the last pops of values of this length, of which there are eight, to retries of all.
fn answers_of_long_values(value_bytes: usize) -> Vec<Outcome> {
    let limits = StructureLimits {
        key_bytes: 1,
        element_bytes: u16::MAX,
    };
    let kind = StructureKind::Stack;
    let mut scripted = Scripted::new(StructureSpec { kind, limits }, 512);
    for n in 0..8 {
        assert_eq!(
            scripted.outcome(push_back(&vec![n; value_bytes])),
            Outcome::Inserted
        );
    }
    for n in (0..8).rev() {
        let (answer, delta) = scripted.apply(Op::PopBack);
        assert_eq!(answer, Answer::removed(vec![n; value_bytes]));
        let changed: usize = delta.ranges.iter().map(|range| range.xor.len()).sum();
        assert!(changed < 4 * MAX_RESULT_BYTES, "{changed} bytes");
    }
    let last = scripted.seq.0;
    let retries = (last - 7..=last).map(|seq| unchanged(&mut scripted.packed, &pop(0, seq)).outcome);
    retries.collect()
}

#[test]
fn a_session_keeps_as_many_bytes_of_values_as_it_may_and_not_one_more() {
    let kept = |values: usize| {
        let mut outcomes = vec![Outcome::Forgotten; 8 - values];
        outcomes.resize(8, Outcome::Removed);
        outcomes
    };
    let fourth = MAX_RESULT_BYTES / 4 - KEY_BYTES;
    assert_eq!(answers_of_long_values(fourth), kept(4));
    assert_eq!(answers_of_long_values(fourth + 1), kept(3));
}
