//! Random executions of two queues that are written together: accepted as they are, however long, and judged as by trying
//! every order once an answer was changed.

use rand::{SeedableRng, seq::IndexedRandom};

use StructureKind::Queue;

use super::{
    random::{executed, expected, is_accepted, of_one},
    *,
};
use crate::history::{DEFAULT_BUDGET, Verdict, check};

/// Clients of two queues, some of whose operations are of both: pushes, and moves from one to the other.
fn clients_of_both_queues(clients: u64, operations: usize, are_all_answered: bool, seed: u64) -> History {
    let random = &mut StdRng::seed_from_u64(seed);
    executed(
        Queue,
        clients,
        operations,
        random,
        are_all_answered,
        |number, random| {
            let value = |which: u8| [&[which], &number.to_be_bytes()[..]].concat();
            let push = |which| Asked::Write(Op::PushBack { value: value(which) });
            let one = match random.random_range(0..12) {
                // What a taking shows is decided soon after the push.
                0..3 => push(0),
                3..8 => pop(),
                8 => Asked::Read(Query::Len),
                9 => Asked::Read(Query::At { index: 0 }),
                of_both => {
                    let first = GroupId(random.random_range(0..2));
                    let asked = if of_both == 10 { push(1) } else { pop() };
                    let second = GroupId(1 - first.0);
                    let [first, second] =
                        [(first, asked), (second, push(2))].map(|(group, asked)| Part { group, asked });
                    return vec![first, second];
                }
            };
            vec![of_one(random, one)]
        },
    )
}

/// Gives an operation the answer of another one that asked the same of as many groups.
fn falsified_alike(mut history: History, seed: u64) -> History {
    let random = &mut StdRng::seed_from_u64(seed);
    let asked = |entry: &Entry| -> Vec<_> {
        let kinds = entry.parts.iter();
        kinds.map(|part| std::mem::discriminant(&part.asked)).collect()
    };
    let entries = &history.entries;
    let answered = (0..entries.len()).filter(|number| matches!(entries[*number].ending, Ending::Ok(_)));
    let Some(to) = answered.clone().collect::<Vec<_>>().choose(random).copied() else {
        return history;
    };
    let alike: Vec<usize> = answered
        .filter(|from| asked(&entries[*from]) == asked(&entries[to]))
        .collect();
    if let Some(from) = alike.choose(random) {
        history.entries[to].ending = history.entries[*from].ending.clone();
    }
    history
}

#[test]
fn executions_of_queues_that_are_written_together_are_accepted() {
    for seed in 0..20 {
        let history = clients_of_both_queues(4, 200, true, seed);
        let verdict = check(&history, DEFAULT_BUDGET).verdict;
        assert_eq!(verdict, Verdict::Linearizable, "seed {seed}");
    }
}

#[test]
fn long_executions_of_queues_that_are_written_together_take_few_steps() {
    for seed in 0..3 {
        let operations = 4000;
        let history = clients_of_both_queues(8, operations, true, seed);
        let verdict = check(&history, 4 * operations as u64).verdict;
        assert_eq!(verdict, Verdict::Linearizable, "seed {seed}");
    }
}

#[test]
fn small_histories_of_groups_written_together_are_judged_as_by_trying_every_order() {
    let (mut sound, mut flawed) = (0, 0);
    for seed in 0..600 {
        let are_all_answered = seed % 2 == 0;
        let history = falsified_alike(clients_of_both_queues(3, 8, are_all_answered, seed), seed);
        let expected = expected(&history);
        assert_eq!(is_accepted(&history, seed), expected, "seed {seed}: {history:?}");
        if expected { sound += 1 } else { flawed += 1 }
    }
    assert!(sound > 100 && flawed > 100, "{sound} sound, {flawed} flawed");
}
