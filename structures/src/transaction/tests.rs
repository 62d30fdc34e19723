//! The delta of a transaction is exactly its net effect.

use proptest::prelude::*;

use super::*;

const V: RegionId = RegionId::VALUES;

fn arena(values: &[u8]) -> Arena {
    Arena::from_images([values.to_vec(), vec![], vec![]]).unwrap()
}

fn range(offset: u64, xor: &[u8]) -> Range {
    Range {
        region: V,
        offset,
        xor: xor.to_vec(),
    }
}

#[test]
fn adjacent_and_overlapping_stores_become_one_range() {
    let mut arena = arena(&[0; 8]);
    let mut tx = Transaction::begin(&mut arena);
    tx.store(V, 4, &[5, 6]);
    tx.store(V, 2, &[3, 4]);
    tx.store(V, 3, &[1, 1]);
    assert_eq!(
        tx.commit(),
        Delta {
            lengths: [8, 0, 0],
            ranges: vec![range(2, &[3, 1, 1, 6])]
        }
    );
    assert_eq!(arena.image(V), [0, 0, 3, 1, 1, 6, 0, 0]);
}

#[test]
fn stores_with_a_gap_stay_two_ranges_and_unchanged_ends_are_left_out() {
    let mut arena = arena(&[1, 1, 1, 1, 1]);
    let mut tx = Transaction::begin(&mut arena);
    tx.store(V, 0, &[1, 2]);
    tx.store(V, 3, &[7, 1]);
    let ranges = vec![range(1, &[3]), range(3, &[6])];
    assert_eq!(
        tx.commit(),
        Delta {
            lengths: [5, 0, 0],
            ranges
        }
    );
}

#[test]
fn a_store_taken_back_leaves_no_range() {
    let mut arena = arena(&[1, 2]);
    let mut tx = Transaction::begin(&mut arena);
    tx.store(V, 0, &[9, 9]);
    tx.store(V, 0, &[1, 2]);
    assert_eq!(
        tx.commit(),
        Delta {
            lengths: [2, 0, 0],
            ranges: vec![]
        }
    );
}

#[test]
fn a_cut_zeroes_what_it_drops() {
    let mut arena = arena(&[1, 2, 3]);
    let mut tx = Transaction::begin(&mut arena);
    tx.cut(V, 1);
    assert_eq!(
        tx.commit(),
        Delta {
            lengths: [1, 0, 0],
            ranges: vec![range(1, &[2, 3])]
        }
    );
}

#[test]
fn growing_past_the_limit_is_refused() {
    let mut arena = arena(&[1]);
    let mut tx = Transaction::begin(&mut arena);
    let limit = crate::arena::MAX_REGION_BYTES;
    let error = ArenaError::RegionTooLong {
        region: 0,
        length: limit + 1,
        limit,
    };
    assert_eq!(tx.grow(V, limit as usize), Err(error));
    assert_eq!(
        tx.commit(),
        Delta {
            lengths: [1, 0, 0],
            ranges: vec![]
        }
    );
}

#[derive(Clone, Debug)]
enum Step {
    Store { at: prop::sample::Index, new: Vec<u8> },
    Grow(usize),
    Cut(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (any::<prop::sample::Index>(), prop::collection::vec(0..4u8, 1..6))
            .prop_map(|(at, new)| Step::Store { at, new }),
        1 => (1..9usize).prop_map(Step::Grow),
        1 => any::<prop::sample::Index>().prop_map(Step::Cut),
    ];
    prop::collection::vec(step, 0..20)
}

fn run(tx: &mut Transaction<'_>, steps: &[Step]) {
    for step in steps {
        let length = tx.image(V).len();
        match step {
            Step::Grow(bytes) => tx.grow(V, *bytes).unwrap(),
            Step::Cut(at) => tx.cut(V, at.index(length + 1)),
            Step::Store { at, new } => {
                let at = at.index(length + 1);
                let new = &new[..new.len().min(length - at)];
                tx.store(V, at, new);
            }
        }
    }
}

/// What the ranges must be, byte by byte: old xor new wherever they differ, with both padded by zeroes.
fn xor_of_images(old: &[u8], new: &[u8]) -> Vec<u8> {
    let byte = |image: &[u8], i: usize| image.get(i).copied().unwrap_or(0);
    (0..old.len().max(new.len()))
        .map(|i| byte(old, i) ^ byte(new, i))
        .collect()
}

proptest! {
    #[test]
    fn a_committed_delta_turns_a_copy_into_the_original_and_undoes_it(
        start in prop::collection::vec(any::<u8>(), 0..20), steps in steps(),
    ) {
        let mut arena = arena(&start);
        let mut copy = arena.clone();
        let before = arena.clone();
        let mut tx = Transaction::begin(&mut arena);
        run(&mut tx, &steps);
        let delta = tx.commit();

        let mut flat = vec![0; before.len(V).max(arena.len(V))];
        let mut free_from = 0;
        for range in &delta.ranges {
            prop_assert!(range.offset >= free_from, "overlapping or adjacent: {:?}", delta.ranges);
            let end = range.offset + range.xor.len() as u64;
            free_from = end + 1;
            flat[range.offset as usize..end as usize].copy_from_slice(&range.xor);
        }
        prop_assert_eq!(flat, xor_of_images(before.image(V), arena.image(V)));

        let old_lengths = copy.apply(&delta).unwrap();
        prop_assert_eq!(&copy, &arena);
        copy.undo(&delta, old_lengths).unwrap();
        prop_assert_eq!(&copy, &before);
    }

    #[test]
    fn a_dropped_transaction_restores_the_bytes(
        start in prop::collection::vec(any::<u8>(), 0..20), steps in steps(),
    ) {
        let mut arena = arena(&start);
        let before = arena.clone();
        let mut tx = Transaction::begin(&mut arena);
        run(&mut tx, &steps);
        drop(tx);
        prop_assert_eq!(arena, before);
    }
}
