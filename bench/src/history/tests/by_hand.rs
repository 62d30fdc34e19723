//! Histories of a few operations, each named after what it shows.

use StructureKind::{LinkedList, List, Map, OrderedMap, PriorityQueue, Queue, Set, Stack};
use structures::op::Element;

use super::*;
use crate::history::{DEFAULT_BUDGET, Flaw, Verdict, check};

fn verdict(kind: StructureKind, entries: Vec<Entry>) -> Verdict {
    check(&history(kind, entries), DEFAULT_BUDGET).verdict
}

fn assert_sound(kind: StructureKind, entries: Vec<Entry>) {
    assert_eq!(verdict(kind, entries), Verdict::Linearizable);
}

/// The flaw of a history that has one.
fn flaw(kind: StructureKind, entries: Vec<Entry>) -> Flaw {
    match verdict(kind, entries) {
        Verdict::Flawed(mut flaws) if flaws.len() == 1 => flaws.remove(0),
        other => panic!("not one flaw: {other:?}"),
    }
}

fn update(key: &str, value: &str) -> Asked {
    Asked::Write(Op::Update {
        key: key.into(),
        value: value.into(),
    })
}

fn all() -> Asked {
    Asked::Read(Query::All)
}

fn elements(pairs: &[(&str, &str)]) -> Found {
    let element = |(key, value): &(&str, &str)| Element {
        key: (*key).into(),
        value: (*value).into(),
    };
    Found::Elements(pairs.iter().map(element).collect())
}

#[test]
fn one_after_another_is_linearizable_if_it_is_what_the_structure_does() {
    assert_sound(
        Map,
        vec![
            entry(1, (0, 1), insert("k", "1"), ok(INSERTED)),
            entry(2, (2, 3), get("k"), ok(value(Some("1")))),
            entry(
                2,
                (4, 5),
                Asked::Write(Op::Delete { key: "k".into() }),
                ok(Outcome::Deleted),
            ),
            entry(1, (6, 7), get("k"), ok(value(None))),
        ],
    );
}

#[test]
fn what_overlaps_may_be_in_either_order() {
    for seen in [None, Some("1")] {
        assert_sound(
            Map,
            vec![
                entry(1, (0, 10), insert("k", "1"), ok(INSERTED)),
                entry(2, (1, 2), get("k"), ok(value(seen))),
            ],
        );
    }
}

#[test]
fn a_stale_read_is_found_and_what_it_should_have_been_is_said() {
    let flaw = flaw(
        Map,
        vec![
            entry(1, (0, 10), insert("k", "1"), ok(INSERTED)),
            entry(1, (20, 30), update("k", "2"), ok(Outcome::Updated)),
            entry(2, (40, 50), get("k"), ok(value(Some("1")))),
            entry(2, (60, 70), get("k"), ok(value(Some("2")))),
        ],
    );
    assert_eq!((flaw.culprit, flaw.prefix), (2, 3));
    assert_eq!(
        (flaw.due.as_slice(), flaw.around.as_slice()),
        (&["\"2\"".to_owned()][..], &[0, 1, 2][..])
    );
    assert_eq!(
        flaw.to_string(),
        "key \"k\" of group 0 is not linearizable:\n\
         no order of its first 3 operations explains the answer marked with >\n\
         possible were: \"2\"\n\
         \x20 called us  ended us  client\n\
         \x20       0.0       0.0       1  insert \"k\" \"1\" -> inserted\n\
         \x20       0.0       0.0       1  update \"k\" \"2\" -> updated\n\
         >       0.0       0.0       2  get \"k\" -> \"1\"\n"
    );
}

#[test]
fn two_reads_that_see_a_value_come_and_go_are_found() {
    let flaw = flaw(
        Map,
        vec![
            entry(1, (0, 100), insert("k", "1"), ok(INSERTED)),
            entry(2, (10, 20), get("k"), ok(value(Some("1")))),
            entry(3, (30, 40), get("k"), ok(value(None))),
        ],
    );
    assert_eq!(flaw.culprit, 2);
}

#[test]
fn a_lost_update_is_found() {
    let flaw = flaw(
        Queue,
        vec![
            entry(1, (0, 10), push("a"), ok(INSERTED)),
            entry(2, (0, 10), push("b"), ok(INSERTED)),
            entry(1, (20, 30), pop(), ok(popped("b"))),
            entry(1, (40, 50), pop(), ok(Outcome::AbsentPlace)),
        ],
    );
    assert_eq!((flaw.culprit, flaw.due), (3, vec!["removed \"a\"".to_owned()]));
}

#[test]
fn a_write_that_was_applied_twice_is_found() {
    let flaw = flaw(
        Queue,
        vec![
            entry(1, (0, 10), push("a"), ok(INSERTED)),
            entry(1, (20, 30), pop(), ok(popped("a"))),
            entry(1, (40, 50), pop(), ok(popped("a"))),
        ],
    );
    assert_eq!((flaw.culprit, flaw.due), (2, vec!["absent-place".to_owned()]));
}

#[test]
fn pushes_that_come_out_in_another_order_than_they_were_answered_are_found() {
    let flaw = flaw(
        Queue,
        vec![
            entry(1, (0, 10), push("a"), ok(INSERTED)),
            entry(2, (20, 30), push("b"), ok(INSERTED)),
            entry(1, (40, 50), pop(), ok(popped("b"))),
        ],
    );
    assert_eq!((flaw.culprit, flaw.due), (2, vec!["removed \"a\"".to_owned()]));
}

#[test]
fn a_phantom_of_a_refused_write_is_found() {
    let flaw = flaw(
        Map,
        vec![
            entry(1, (0, 10), insert("k", "1"), Ending::Refused),
            entry(2, (20, 30), get("k"), ok(value(Some("1")))),
        ],
    );
    assert_eq!((flaw.culprit, flaw.due), (1, vec!["nothing".to_owned()]));
}

#[test]
fn what_is_unknown_may_have_happened_at_once_later_or_never() {
    let unknown = || entry(1, (0, 10), insert("k", "1"), Ending::Unknown);
    let seen = |times, seen| entry(2, times, get("k"), ok(value(seen)));
    assert_sound(Map, vec![unknown(), seen((20, 30), None), seen((40, 50), None)]);
    assert_sound(
        Map,
        vec![unknown(), seen((20, 30), None), seen((40, 50), Some("1"))],
    );
    assert_sound(Map, vec![unknown(), seen((20, 30), Some("1"))]);
    let flaw = flaw(
        Map,
        vec![unknown(), seen((20, 30), Some("1")), seen((40, 50), None)],
    );
    assert_eq!(flaw.culprit, 2);
}

#[test]
fn what_is_unknown_happened_not_before_its_call_and_not_twice() {
    let early = vec![
        entry(2, (0, 10), get("k"), ok(value(Some("1")))),
        entry(1, (20, 30), insert("k", "1"), Ending::Unknown),
    ];
    assert_eq!(flaw(Map, early).culprit, 0);
    let twice = vec![
        entry(1, (0, 10), push("a"), Ending::Unknown),
        entry(2, (20, 30), pop(), ok(popped("a"))),
        entry(2, (40, 50), pop(), ok(popped("a"))),
    ];
    assert_eq!(flaw(Queue, twice).culprit, 2);
}

#[test]
fn a_read_of_all_stands_at_one_moment() {
    let two_keys = |seen: &[(&str, &str)]| {
        vec![
            entry(1, (0, 10), insert("a", "1"), ok(INSERTED)),
            entry(1, (20, 30), insert("b", "1"), ok(INSERTED)),
            entry(2, (5, 40), all(), ok(elements(seen))),
        ]
    };
    for kind in [Map, OrderedMap, LinkedList] {
        for seen in [&[][..], &[("a", "1")], &[("a", "1"), ("b", "1")]] {
            assert_sound(kind, two_keys(seen));
        }
        assert_eq!(flaw(kind, two_keys(&[("b", "1")])).object, "group 0");
    }
}

#[test]
fn a_read_of_all_while_nothing_else_goes_on_is_checked_key_by_key() {
    let read_at_the_end = |seen: &[(&str, &str)]| {
        vec![
            entry(1, (0, 10), insert("a", "1"), ok(INSERTED)),
            entry(2, (0, 10), insert("b", "1"), ok(INSERTED)),
            entry(3, (0, 5), insert("c", "1"), Ending::Unknown),
            entry(3, (20, 30), all(), ok(elements(seen))),
        ]
    };
    for seen in [
        &[("a", "1"), ("b", "1")][..],
        &[("a", "1"), ("b", "1"), ("c", "1")],
    ] {
        let report = check(&history(Map, read_at_the_end(seen)), DEFAULT_BUDGET);
        assert_eq!(
            (report.verdict, report.objects, report.uncertain),
            (Verdict::Linearizable, 3, 1)
        );
    }
    assert_eq!(
        flaw(Map, read_at_the_end(&[("a", "1")])).object,
        "key \"b\" of group 0"
    );
    let nobodys = flaw(Map, read_at_the_end(&[("a", "1"), ("b", "1"), ("d", "1")]));
    assert_eq!(nobodys.object, "key \"d\" of group 0");
    // In a structure that promises an order, the order counts.
    assert_sound(OrderedMap, read_at_the_end(&[("a", "1"), ("b", "1")]));
    assert_eq!(
        flaw(OrderedMap, read_at_the_end(&[("b", "1"), ("a", "1")])).object,
        "group 0"
    );
}

#[test]
fn the_order_of_insertion_is_checked_where_it_is_promised() {
    let entries = |first: &str, second: &str, overlapping: bool| {
        let times = if overlapping { (5, 30) } else { (20, 30) };
        vec![
            entry(1, (0, 10), insert("a", "1"), ok(INSERTED)),
            entry(2, times, insert("b", "1"), ok(INSERTED)),
            entry(2, (40, 50), all(), ok(elements(&[(first, "1"), (second, "1")]))),
        ]
    };
    assert_sound(LinkedList, entries("a", "b", false));
    assert_sound(LinkedList, entries("a", "b", true));
    assert_sound(LinkedList, entries("b", "a", true));
    assert_eq!(flaw(LinkedList, entries("b", "a", false)).culprit, 2);
    assert_sound(Map, entries("b", "a", false));
}

#[test]
fn stacks_lists_sets_and_priority_queues_are_checked_by_what_they_are() {
    let pop_back = || Asked::Write(Op::PopBack);
    let pushes = |second: Asked| {
        vec![
            entry(1, (0, 10), push("a"), ok(INSERTED)),
            entry(1, (20, 30), second, ok(INSERTED)),
        ]
    };
    let then = |mut entries: Vec<Entry>, asked, told: Told| {
        entries.push(entry(2, (40, 50), asked, ok(told)));
        entries
    };
    assert_sound(Stack, then(pushes(push("b")), pop_back(), popped("b")));
    assert_eq!(
        flaw(Stack, then(pushes(push("b")), pop_back(), popped("a"))).culprit,
        2
    );
    let in_front = || Asked::Write(Op::PushFront { value: "b".into() });
    assert_sound(List, then(pushes(in_front()), pop(), popped("b")));
    assert_eq!(
        flaw(List, then(pushes(in_front()), pop(), popped("a"))).culprit,
        2
    );
    let ranked = |priority, value: &str| {
        let value = value.into();
        let op = Op::PushRanked { priority, value };
        entry(1, (0, 10), Asked::Write(op), ok(INSERTED))
    };
    let of_two = |told| then(vec![ranked(2, "a"), ranked(1, "b")], pop(), told);
    assert_sound(PriorityQueue, of_two(popped("b")));
    assert_eq!(flaw(PriorityQueue, of_two(popped("a"))).culprit, 2);
    let member = |told: Outcome| {
        then(
            vec![entry(1, (0, 10), insert("a", ""), ok(INSERTED))],
            insert("a", ""),
            told.into(),
        )
    };
    assert_sound(Set, member(Outcome::Updated));
    assert_eq!(flaw(Set, member(Outcome::Inserted)).culprit, 1);
}

mod larger;
