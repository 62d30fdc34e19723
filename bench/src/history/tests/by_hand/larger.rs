//! Several groups, and long histories.

use super::*;

/// An operation on two groups at once.
fn together(times: (u64, u64), asked: [Asked; 2], told: [Told; 2]) -> Entry {
    let parts = [0, 1].map(GroupId).into_iter().zip(asked);
    Entry {
        client: 1,
        call: times.0,
        end: times.1,
        parts: parts.map(|(group, asked)| Part { group, asked }).collect(),
        reads: Reads::Local,
        ending: Ending::Ok(told.to_vec()),
    }
}

#[test]
fn groups_that_are_written_together_are_checked_as_one() {
    let of_b = |times, asked, ending| Entry {
        parts: vec![Part {
            group: GroupId(1),
            asked,
        }],
        ..entry(3, times, push("-"), ending)
    };
    // Both pushes overlap, and each group is popped alone: the orders within them must agree.
    let entries = |of_a: &str, of_b_is: &str| {
        vec![
            together(
                (0, 10),
                [push("1"), push("1")],
                [INSERTED.into(), INSERTED.into()],
            ),
            together(
                (0, 10),
                [push("2"), push("2")],
                [INSERTED.into(), INSERTED.into()],
            ),
            entry(2, (20, 30), pop(), ok(popped(of_a))),
            of_b((20, 30), pop(), ok(popped(of_b_is))),
        ]
    };
    for both in ["1", "2"] {
        assert_sound(Queue, entries(both, both));
    }
    assert_eq!(flaw(Queue, entries("1", "2")).object, "group 0, group 1 together");
}

#[test]
fn groups_that_nobody_writes_together_are_checked_apart() {
    let mut entries = vec![
        entry(1, (0, 10), push("a"), ok(INSERTED)),
        entry(1, (0, 10), push("b"), ok(INSERTED)),
    ];
    entries[1].parts[0].group = GroupId(1);
    let report = check(&history(Queue, entries), DEFAULT_BUDGET);
    assert_eq!((report.objects, report.operations), (2, 2));
}

#[test]
fn a_search_may_take_its_budget_of_steps_and_not_one_fewer() {
    let entries = vec![
        entry(1, (0, 10), insert("k", "1"), ok(INSERTED)),
        entry(2, (20, 30), get("k"), ok(value(Some("1")))),
    ];
    let verdict = |budget| check(&history(Map, entries.clone()), budget).verdict;
    assert_eq!(verdict(2), Verdict::Linearizable);
    assert_eq!(
        verdict(1),
        Verdict::Undecided(vec!["key \"k\" of group 0".to_owned()])
    );
}

#[test]
fn long_histories_with_overlapping_pushes_are_decided_with_few_steps() {
    // Four clients push at the same time, over and over; the end of all is seen once, in another order than theirs.
    let rounds = 500_u64;
    let mut entries = Vec::new();
    let mut found = Vec::new();
    for round in 0..rounds {
        let base = round * 100;
        for client in 0..4 {
            let value = format!("{round}.{client}");
            entries.push(entry(
                client,
                (base + client, base + 50 + client),
                push(&value),
                ok(INSERTED),
            ));
        }
        for client in [2, 0, 3, 1] {
            found.push((String::new(), format!("{round}.{client}")));
        }
    }
    let pairs: Vec<(&str, &str)> = found
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    let end = rounds * 100;
    entries.push(entry(9, (end, end + 1), all(), ok(elements(&pairs))));
    let steps = 4 * rounds + 1;
    let sound = check(&history(Queue, entries.clone()), steps).verdict;
    assert_eq!(sound, Verdict::Linearizable);
    let mut lost = pairs;
    lost.remove(700);
    entries.pop();
    entries.push(entry(9, (end, end + 1), all(), ok(elements(&lost))));
    let Verdict::Flawed(flaws) = check(&history(Queue, entries), 100 * steps).verdict else {
        panic!("an element is missing");
    };
    assert_eq!(flaws[0].culprit, 4 * rounds as usize);
}

/// Nothing tells equal elements apart, so every order of the pushes is tried; a state for each is compared with all others.
#[test]
fn comparing_many_states_takes_from_the_budget_too() {
    let rounds = 100;
    let mut entries = Vec::new();
    for round in 0..rounds {
        let times = |client: u64| (round * 10, round * 10 + 5 + client);
        entries.extend((0..4).map(|client| {
            entry(
                client,
                times(client),
                push(["a", "b"][client as usize % 2]),
                ok(INSERTED),
            )
        }));
    }
    let end = rounds * 10;
    let nothing = Asked::Read(Query::At {
        index: 4 * rounds - 1,
    });
    entries.push(entry(9, (end, end + 1), nothing, ok(Found::Element(None))));
    let verdict = check(&history(Queue, entries), 20_000).verdict;
    assert_eq!(verdict, Verdict::Undecided(vec!["group 0".to_owned()]));
}
