//! Random executions of the structures themselves, overlapping: accepted as they are, and judged as by trying every
//! order once an answer was changed.

use std::collections::BTreeMap;

use multicast::id::{ClientId, Seq};
use rand::{SeedableRng, seq::IndexedRandom};
use structures::{Structure, op::Write};

use StructureKind::Queue;

use super::*;
use crate::history::{DEFAULT_BUDGET, Verdict, check, model::State};

/// Anything, by these clients.
fn execution(kind: StructureKind, clients: u64, operations: usize, seed: u64) -> History {
    let random = &mut StdRng::seed_from_u64(seed);
    executed(kind, clients, operations, random, false, |_, random| {
        let asked = random_asked(kind, random);
        vec![of_one(random, asked)]
    })
}

/// Of one of the two groups.
pub(super) fn of_one(random: &mut StdRng, asked: Asked) -> Part {
    let group = GroupId(random.random_range(0..2));
    Part { group, asked }
}

/// What asks for single keys, or for the front or the length; no value is brought twice.
fn clients_that_differ(kind: StructureKind, clients: u64, operations: usize, seed: u64) -> History {
    let random = &mut StdRng::seed_from_u64(seed);
    // Takings that nobody knows of leave too much open where they matter to all others.
    let are_all_answered = !kind.is_keyed();
    executed(
        kind,
        clients,
        operations,
        random,
        are_all_answered,
        |number, random| {
            let key = vec![b'a' + random.random_range(0..9)];
            let value = number.to_be_bytes().to_vec();
            let asked = match (kind.is_keyed(), random.random_range(0..8)) {
                (true, 0..3) => Asked::Write(Op::Insert { key, value }),
                (true, 3) => Asked::Write(Op::Delete { key }),
                (true, _) => Asked::Read(Query::Get { key }),
                (false, 0..3) => Asked::Write(Op::PushBack { value }),
                (false, 3..6) => Asked::Write(Op::PopFront),
                (false, 6) => Asked::Read(Query::Len),
                (false, _) => Asked::Read(Query::At { index: 0 }),
            };
            vec![of_one(random, asked)]
        },
    )
}

/// Clients that do one thing at a time, against the structure; each answer is of a moment between call and end.
pub(super) fn executed(
    kind: StructureKind,
    clients: u64,
    operations: usize,
    random: &mut StdRng,
    are_all_answered: bool,
    mut asks: impl FnMut(usize, &mut StdRng) -> Vec<Part>,
) -> History {
    let mut structures: BTreeMap<GroupId, Structure> = BTreeMap::new();
    let mut entries: Vec<Entry> = Vec::new();
    // Of each client: until when it is busy.
    let mut busy = vec![0; clients as usize];
    // What takes effect when: the clients' writes are applied in this order.
    let mut effects: Vec<(u64, usize)> = Vec::new();
    for number in 0..operations {
        let client = random.random_range(0..clients);
        let call = busy[client as usize] + random.random_range(1..20);
        let effect = call + random.random_range(1..30);
        let end = effect + random.random_range(1..30);
        busy[client as usize] = end;
        let ending = match random.random_range(0..12) {
            0 if !are_all_answered => Ending::Refused,
            1 | 2 if !are_all_answered => Ending::Unknown,
            _ => Ending::Ok(Vec::new()),
        };
        let parts = asks(number, random);
        // What is unknown may happen much later.
        let late = if ending == Ending::Unknown {
            random.random_range(0..200)
        } else {
            0
        };
        effects.push((effect + late, entries.len()));
        entries.push(Entry {
            parts,
            ..entry(client, (call, end), pop(), ending)
        });
    }
    effects.sort_unstable();
    for (seq, (_, number)) in (2..).zip(effects) {
        let Entry { parts, ending, .. } = &mut entries[number];
        let never = *ending == Ending::Refused || (*ending == Ending::Unknown && random.random());
        if never {
            continue;
        }
        for part in parts {
            let structure = structures.entry(part.group).or_insert_with(|| {
                let mut structure = Structure::new(spec(kind));
                apply(&mut structure, 1, Op::OpenSession);
                structure
            });
            let told = match &part.asked {
                Asked::Write(op) => apply(structure, seq, op.clone()),
                Asked::Read(query) => Told::Found(structure.query(query)),
            };
            if let Ending::Ok(all) = ending {
                all.push(told);
            }
        }
    }
    history(kind, entries)
}

fn apply(structure: &mut Structure, seq: u64, op: Op) -> Told {
    let (client, seq) = (ClientId(1), Seq(seq));
    Told::Answer(structure.apply(&Write { client, seq, op }).0)
}

/// Gives an operation the answer of another one.
fn falsified(mut history: History, seed: u64) -> History {
    let random = &mut StdRng::seed_from_u64(seed);
    let answered = |entry: &Entry| matches!(entry.ending, Ending::Ok(_));
    let numbers: Vec<usize> = (0..history.entries.len())
        .filter(|number| answered(&history.entries[*number]))
        .collect();
    if let (Some(to), Some(from)) = (numbers.choose(random), numbers.choose(random)) {
        history.entries[*to].ending = history.entries[*from].ending.clone();
    }
    history
}

/// Whether there is an order, by trying all: no memory, no objects, no hints.
fn has_order(history: &History, done: &mut Vec<usize>, states: &BTreeMap<GroupId, State>) -> bool {
    let entries = &history.entries;
    let is_open = |number: &usize| !done.contains(number) && entries[*number].ending != Ending::Refused;
    let open: Vec<usize> = (0..entries.len()).filter(is_open).collect();
    let certain = |number: &&usize| matches!(entries[**number].ending, Ending::Ok(_));
    let Some(first_end) = open
        .iter()
        .filter(certain)
        .map(|number| entries[*number].end)
        .min()
    else {
        return true;
    };
    for number in open
        .into_iter()
        .filter(|number| entries[*number].call <= first_end)
    {
        let mut states = states.clone();
        let mut parts = entries[number].parts.iter().enumerate();
        let fits = parts.all(|(place, Part { group, asked })| {
            let told = match &entries[number].ending {
                Ending::Ok(told) => told.get(place),
                _ => None,
            };
            let next = states[group].step(history.structure, asked, told);
            next.is_ok_and(|state| states.insert(*group, state).is_some())
        });
        if fits {
            done.push(number);
            if has_order(history, done, &states) {
                return true;
            }
            done.pop();
        }
    }
    false
}

pub(super) fn expected(history: &History) -> bool {
    let empty = |group| (GroupId(group), State::of_group(history.structure.kind));
    has_order(history, &mut Vec::new(), &[0, 1].map(empty).into())
}

pub(super) fn is_accepted(history: &History, seed: u64) -> bool {
    match check(history, DEFAULT_BUDGET).verdict {
        Verdict::Linearizable => true,
        Verdict::Flawed(_) => false,
        undecided @ Verdict::Undecided(_) => panic!("seed {seed}: {undecided:?}"),
    }
}

#[test]
fn executions_of_the_structures_are_accepted() {
    for kind in StructureKind::ALL {
        for seed in 0..60 {
            let history = execution(kind, 4, 60, seed);
            assert!(is_accepted(&history, seed), "{kind}, seed {seed}: {history:?}");
        }
    }
}

#[test]
fn long_executions_take_few_steps() {
    for kind in [
        StructureKind::Queue,
        StructureKind::OrderedMap,
        StructureKind::LinkedList,
    ] {
        for seed in 0..3 {
            let operations = 2000;
            let history = clients_that_differ(kind, 4, operations, seed);
            let verdict = check(&history, 20 * operations as u64).verdict;
            assert_eq!(verdict, Verdict::Linearizable, "{kind}, seed {seed}");
        }
    }
}

/// Two elements that were taken one after the other change places: the order of pushes is another one.
#[test]
fn two_elements_that_come_out_of_a_long_execution_in_the_wrong_order_are_found() {
    for seed in 0..3 {
        let mut history = clients_that_differ(Queue, 4, 2000, seed);
        let taken = |entry: &Entry| {
            let is_pop =
                entry.parts.len() == 1 && entry.parts[0].asked == pop() && entry.parts[0].group == GROUP;
            is_pop && matches!(&entry.ending, Ending::Ok(told) if !told[0].values().is_empty())
        };
        let mut takings: Vec<usize> = (0..history.entries.len())
            .filter(|number| taken(&history.entries[*number]))
            .collect();
        takings.sort_by_key(|number| history.entries[*number].end);
        let one = takings[takings.len() / 2];
        let end = history.entries[one].end;
        let later = |number: &&usize| history.entries[**number].call > end + 1000;
        let other = *takings.iter().find(later).unwrap();
        let swapped = history.entries[other].ending.clone();
        history.entries[other].ending = std::mem::replace(&mut history.entries[one].ending, swapped);
        let Verdict::Flawed(flaws) = check(&history, DEFAULT_BUDGET).verdict else {
            panic!("seed {seed}: accepted, or undecided");
        };
        assert_eq!(flaws.len(), 1, "seed {seed}");
    }
}

#[test]
fn small_histories_with_a_false_answer_are_judged_as_by_trying_every_order() {
    let (mut sound, mut flawed) = (0, 0);
    for kind in StructureKind::ALL {
        for seed in 0..150 {
            let history = falsified(execution(kind, 3, 7, seed), seed);
            let expected = expected(&history);
            assert_eq!(
                is_accepted(&history, seed),
                expected,
                "{kind}, seed {seed}: {history:?}"
            );
            if expected { sound += 1 } else { flawed += 1 }
        }
    }
    assert!(sound > 300 && flawed > 300, "{sound} sound, {flawed} flawed");
}

#[test]
fn the_prefix_that_is_shown_has_no_order_and_is_the_shortest() {
    let mut found = 0;
    for seed in 0..200 {
        let history = falsified(execution(StructureKind::Queue, 3, 12, seed), seed);
        let Verdict::Flawed(flaws) = check(&history, DEFAULT_BUDGET).verdict else {
            continue;
        };
        for flaw in flaws {
            let group = history.entries[flaw.culprit].parts[0].group;
            let end = history.entries[flaw.culprit].end;
            // As known at that moment, with what ended then and without.
            let known = |moment: u64| {
                let of_group = history
                    .entries
                    .iter()
                    .filter(|entry| entry.parts[0].group == group);
                let entries =
                    of_group
                        .filter(|entry| entry.call <= moment)
                        .map(|entry| match &entry.ending {
                            Ending::Ok(_) if entry.end > moment => Entry {
                                ending: Ending::Unknown,
                                ..entry.clone()
                            },
                            _ => entry.clone(),
                        });
                super::history(StructureKind::Queue, entries.collect())
            };
            assert!(!expected(&known(end)), "seed {seed}");
            assert!(expected(&known(end - 1)), "seed {seed}");
            found += 1;
        }
    }
    assert!(found > 50, "{found}");
}
