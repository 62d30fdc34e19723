//! The model against the structures themselves: long random scripts of every kind, answer by answer.

use multicast::id::{ClientId, Seq};
use rand::{SeedableRng, rngs::StdRng};
use structures::{Structure, kind::StructureLimits, op::Write};

use super::*;
use crate::history::tests::random_asked;

const STEPS: u64 = 600;

fn spec(kind: StructureKind) -> StructureSpec {
    let (key_bytes, element_bytes) = (2, 3);
    let limits = StructureLimits {
        key_bytes,
        element_bytes,
    };
    StructureSpec { kind, limits }
}

/// What the structure itself answers.
fn told(structure: &mut Structure, seq: u64, asked: &Asked) -> Told {
    match asked {
        Asked::Write(op) => {
            let (client, seq, op) = (ClientId(1), Seq(seq), op.clone());
            Told::Answer(structure.apply(&Write { client, seq, op }).0)
        }
        Asked::Read(query) => Told::Found(structure.query(query)),
    }
}

#[test]
fn it_answers_as_the_structures_do() {
    for kind in StructureKind::ALL {
        for seed in 0..4 {
            let mut random = StdRng::seed_from_u64(seed);
            let mut structure = Structure::new(spec(kind));
            let open = Asked::Write(Op::OpenSession);
            assert_eq!(told(&mut structure, 1, &open), Outcome::SessionOpened.into());
            let mut state = State::of_group(kind);
            for seq in 2..STEPS {
                let asked = random_asked(kind, &mut random);
                let told = told(&mut structure, seq, &asked);
                let next = state.step(spec(kind), &asked, Some(&told));
                state = next.unwrap_or_else(|due| {
                    panic!("{kind}, seed {seed}, step {seq}: {asked:?} gave {told:?} instead of {due:?}")
                });
            }
        }
    }
}

#[test]
fn a_key_alone_answers_as_within_its_group() {
    for kind in StructureKind::ALL.into_iter().filter(|kind| kind.is_keyed()) {
        let mut random = StdRng::seed_from_u64(7);
        let mut group = State::of_group(kind);
        let mut registers = std::collections::BTreeMap::new();
        for _ in 0..STEPS {
            let asked = random_asked(kind, &mut random);
            let Some(key) = asked
                .key()
                .filter(|_| !matches!(&asked, Asked::Read(query) if query.is_long()))
            else {
                continue;
            };
            let register = registers.entry(key.to_vec()).or_insert_with(State::of_key);
            let mut both = [&mut group, register];
            let [of_group, of_key] = [0, 1].map(|place| match &asked {
                Asked::Write(op) => {
                    let (answer, next) = both[place].write(spec(kind), op);
                    *both[place] = next;
                    Told::Answer(answer)
                }
                Asked::Read(query) => Told::Found(both[place].read(kind, query)),
            });
            assert_eq!(of_group, of_key, "{kind}: {asked:?}");
        }
    }
}

#[test]
fn what_holds_the_same_in_the_same_order_is_equal_however_it_came_about() {
    let insert = |key: u8| Op::Insert {
        key: vec![key],
        value: vec![key],
    };
    let after = |ops: &[Op]| {
        let begin = State::of_group(StructureKind::KeyedList);
        ops.iter().fold(begin, |state, op| {
            state.write(spec(StructureKind::KeyedList), op).1
        })
    };
    let detour = [insert(9), insert(1), Op::Delete { key: vec![9] }, insert(2)];
    assert_eq!(after(&detour), after(&[insert(1), insert(2)]));
    assert_ne!(after(&detour), after(&[insert(2), insert(1)]));
}

#[test]
fn an_order_that_nobody_promises_is_not_judged_but_what_is_shown_is() {
    let insert = |state: State, key: u8| {
        let op = Op::Insert {
            key: vec![key],
            value: vec![key],
        };
        state.write(spec(StructureKind::Map), &op).1
    };
    let state = insert(insert(State::of_group(StructureKind::Map), 1), 2);
    let element = |key: u8, value: u8| Element {
        key: vec![key],
        value: vec![value],
    };
    let may = |query: Query, found: Found| {
        let told = Told::Found(found);
        state
            .step(spec(StructureKind::Map), &Asked::Read(query), Some(&told))
            .is_ok()
    };
    let all = |elements: Vec<Element>| may(Query::All, Found::Elements(elements));
    assert!(all(vec![element(2, 2), element(1, 1)]));
    assert!(!all(vec![element(2, 2), element(1, 3)]));
    assert!(!all(vec![element(2, 2)]));
    let at = |index, element| may(Query::At { index }, Found::Element(element));
    assert!(at(0, Some(element(2, 2))) && at(0, Some(element(1, 1))) && at(2, None));
    assert!(!at(0, Some(element(3, 3))) && !at(0, None) && !at(2, Some(element(1, 1))));
}

#[test]
fn a_structure_that_says_it_is_full_is_believed_and_unchanged() {
    let state = State::of_group(StructureKind::Queue);
    let push = Asked::Write(Op::PushBack { value: vec![1] });
    let full = Told::from(Outcome::Full);
    assert_eq!(
        state.step(spec(StructureKind::Queue), &push, Some(&full)),
        Ok(state.clone())
    );
}
