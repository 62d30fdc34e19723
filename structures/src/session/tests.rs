//! One record per client, one outcome per sequence number.

use super::*;
use crate::delta::Delta;
use crate::keyed_list::{KeyedList, StructureLimits};
use crate::op::{Op, Write};

const CLIENT: ClientId = ClientId(7);

fn empty() -> KeyedList {
    KeyedList::new(StructureLimits {
        key_bytes: 8,
        element_bytes: 8,
    })
}

fn open(list: &mut KeyedList, client: ClientId, seq: u64) -> Outcome {
    list.apply(&Write {
        client,
        seq: Seq(seq),
        op: Op::OpenSession,
    })
    .0
}

/// A list where `CLIENT` opened its session as number 1.
fn opened() -> KeyedList {
    let mut list = empty();
    assert_eq!(open(&mut list, CLIENT, 1), Outcome::SessionOpened);
    list
}

fn insert(list: &mut KeyedList, client: ClientId, seq: u64) -> Outcome {
    let op = Op::Insert {
        key: seq.to_le_bytes().to_vec(),
        value: vec![1],
    };
    list.apply(&Write {
        client,
        seq: Seq(seq),
        op,
    })
    .0
}

fn update(list: &mut KeyedList, seq: u64, key: u64) -> Outcome {
    let op = Op::Update {
        key: key.to_le_bytes().to_vec(),
        value: vec![2],
    };
    list.apply(&Write {
        client: CLIENT,
        seq: Seq(seq),
        op,
    })
    .0
}

/// Applies a write that must change nothing, and returns its outcome.
fn unchanged(list: &mut KeyedList, write: &Write) -> Outcome {
    let before = list.clone();
    let (outcome, delta) = list.apply(write);
    assert_eq!(
        delta,
        Delta {
            lengths: before.arena().lengths(),
            ranges: vec![]
        },
        "{write:?}"
    );
    assert_eq!(*list, before, "{write:?}");
    outcome
}

fn delete(seq: u64, key: u64) -> Write {
    Write {
        client: CLIENT,
        seq: Seq(seq),
        op: Op::Delete {
            key: key.to_le_bytes().to_vec(),
        },
    }
}

#[test]
fn a_write_without_session_changes_nothing() {
    let mut list = empty();
    assert_eq!(unchanged(&mut list, &delete(1, 1)), Outcome::NoSession);
    assert!(list.arena().is_empty());
    assert_eq!(open(&mut list, ClientId(8), 1), Outcome::SessionOpened);
    assert_eq!(unchanged(&mut list, &delete(1, 1)), Outcome::NoSession);
}

#[test]
fn opening_again_is_harmless() {
    let mut list = opened();
    insert(&mut list, CLIENT, 2);
    for seq in [0, 1, 2, 3, 1000] {
        let write = Write {
            client: CLIENT,
            seq: Seq(seq),
            op: Op::OpenSession,
        };
        assert_eq!(unchanged(&mut list, &write), Outcome::SessionOpened);
    }
}

#[test]
fn a_retry_has_the_same_outcome_and_changes_nothing() {
    let mut list = opened();
    insert(&mut list, CLIENT, 2);
    let delete = delete(3, 2);
    assert_eq!(list.apply(&delete).0, Outcome::Deleted);
    assert_eq!(unchanged(&mut list, &delete), Outcome::Deleted);
}

#[test]
fn a_refused_operation_is_recorded_too() {
    let mut list = opened();
    assert_eq!(update(&mut list, 2, 3), Outcome::AbsentKey);
    assert_eq!(insert(&mut list, CLIENT, 3), Outcome::Inserted);
    assert_eq!(
        update(&mut list, 2, 3),
        Outcome::AbsentKey,
        "the retry, though the key is there now"
    );
    assert_eq!(update(&mut list, 4, 3), Outcome::Updated);
}

#[test]
fn the_window_holds_its_width_and_not_one_more() {
    let mut list = opened();
    for seq in 2..=100 {
        insert(&mut list, CLIENT, seq);
    }
    assert_eq!(
        unchanged(&mut list, &delete(100 - WINDOW + 1, 2)),
        Outcome::Inserted
    );
    assert_eq!(unchanged(&mut list, &delete(100 - WINDOW, 2)), Outcome::Forgotten);
}

#[test]
fn a_skipped_number_is_applied_when_it_comes_late_and_once() {
    let mut list = opened();
    insert(&mut list, CLIENT, 2 + WINDOW);
    // The place in the ring of number 2 + WINDOW - 1 was that of number 1, the opening.
    for late in [3, 2 + WINDOW - 1] {
        assert_eq!(insert(&mut list, CLIENT, late), Outcome::Inserted);
        assert_eq!(unchanged(&mut list, &delete(late, late)), Outcome::Inserted);
    }
    assert_eq!(unchanged(&mut list, &delete(2, 2)), Outcome::Forgotten);
    assert_eq!(list.len(), 3);
}

#[test]
fn a_jump_past_the_window_leaves_no_outcome_of_before() {
    let mut list = opened();
    for seq in 2..=WINDOW + 1 {
        insert(&mut list, CLIENT, seq);
    }
    insert(&mut list, CLIENT, 1000);
    for late in 1000 - WINDOW + 1..1000 {
        assert_eq!(
            insert(&mut list, CLIENT, late),
            Outcome::Inserted,
            "number {late}"
        );
    }
}

#[test]
fn the_largest_number_does_not_overflow() {
    let mut list = opened();
    assert_eq!(insert(&mut list, CLIENT, u64::MAX), Outcome::Inserted);
    assert_eq!(insert(&mut list, CLIENT, u64::MAX - 1), Outcome::Inserted);
    assert_eq!(
        unchanged(&mut list, &delete(u64::MAX, u64::MAX)),
        Outcome::Inserted
    );
}

#[test]
fn what_came_before_the_opening_is_not_applied() {
    let mut list = empty();
    open(&mut list, CLIENT, 50);
    for seq in [49, 50 - WINDOW / 2, 1] {
        assert_eq!(unchanged(&mut list, &delete(seq, 1)), Outcome::Forgotten);
    }
    assert_eq!(unchanged(&mut list, &delete(50, 1)), Outcome::SessionOpened);
    assert_eq!(insert(&mut list, CLIENT, 51), Outcome::Inserted);
}

#[test]
fn number_zero_names_no_write() {
    let mut list = empty();
    let opening = Write {
        client: CLIENT,
        seq: Seq(0),
        op: Op::OpenSession,
    };
    assert_eq!(unchanged(&mut list, &opening), Outcome::Forgotten);
    open(&mut list, CLIENT, 1);
    for last in (2..200).step_by(7) {
        insert(&mut list, CLIENT, last);
        assert_eq!(
            unchanged(&mut list, &delete(0, 1)),
            Outcome::Forgotten,
            "after number {last}"
        );
    }
}

#[test]
fn evictions_leave_nothing_behind() {
    let mut list = empty();
    for client in 0..MAX_SESSIONS as u64 {
        open(&mut list, ClientId(client), 1);
    }
    let full = list.sizes();
    for client in 10_000..10_000 + 3 * MAX_SESSIONS as u64 {
        open(&mut list, ClientId(client), 1);
    }
    assert_eq!(list.sizes(), full);
}

#[test]
fn the_least_recently_used_session_is_evicted_and_no_other() {
    let mut list = empty();
    let last = MAX_SESSIONS as u64 - 1;
    for client in 0..=last {
        open(&mut list, ClientId(client), 1);
    }
    let full = list.image(RegionId::SESSIONS).len();
    assert_eq!(full, MAX_SESSIONS * RECORD_BYTES);
    insert(&mut list, ClientId(0), 2);

    // Client 0 was just used, so client 1 goes; then client 2.
    open(&mut list, ClientId(5000), 1);
    assert_eq!(insert(&mut list, ClientId(1), 9), Outcome::NoSession);
    open(&mut list, ClientId(5001), 1);
    assert_eq!(insert(&mut list, ClientId(2), 9), Outcome::NoSession);

    assert_eq!(list.image(RegionId::SESSIONS).len(), full);
    assert_eq!(
        insert(&mut list, ClientId(0), 2),
        Outcome::Inserted,
        "its retry is still known"
    );
    for client in (3..=last).chain([5000, 5001]) {
        assert_eq!(
            insert(&mut list, ClientId(client), 1),
            Outcome::SessionOpened,
            "client {client}"
        );
    }
}

#[test]
fn a_session_opened_in_an_evicted_ones_place_knows_nothing_of_it() {
    let mut list = empty();
    for client in 0..MAX_SESSIONS as u64 {
        open(&mut list, ClientId(client), 1);
    }
    for client in 0..MAX_SESSIONS as u64 {
        insert(&mut list, ClientId(client), 2);
    }
    open(&mut list, CLIENT, 1);
    open(&mut list, ClientId(5000), 1);
    assert_eq!(
        insert(&mut list, ClientId(5000), 2),
        Outcome::Updated,
        "not the outcome of client 0"
    );
    assert_eq!(insert(&mut list, ClientId(0), 2), Outcome::NoSession);
}
