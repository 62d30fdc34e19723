//! A parity that took in deltas is the one that encoding anew would give.

use proptest::prelude::*;

use super::*;
use crate::reference::encode;

#[derive(Clone, Debug)]
enum Change {
    /// Xors bytes of a region from an offset within it on.
    Store {
        column: usize,
        at: prop::sample::Index,
        delta: Vec<u8>,
    },
    /// Zeroes what is cut off, or grows with zeroes.
    Resize { column: usize, length: usize },
}

const COLUMNS: usize = 4;

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let store = (
        0..COLUMNS,
        any::<prop::sample::Index>(),
        prop::collection::vec(any::<u8>(), 0..20),
    );
    let change = prop_oneof![
        3 => store.prop_map(|(column, at, delta)| Change::Store { column, at, delta }),
        1 => (0..COLUMNS, 0..60usize).prop_map(|(column, length)| Change::Resize { column, length }),
    ];
    prop::collection::vec(change, 0..40)
}

/// One delta as it goes over the wire: column, offset, old xor new.
type Sent = (usize, usize, Vec<u8>);

/// Changes the regions and says what to send for it.
fn change(regions: &mut [Vec<u8>], change: &Change) -> Sent {
    match change {
        Change::Store { column, at, delta } => {
            let region = &mut regions[*column];
            let offset = at.index(region.len() + 1);
            let delta = delta[..delta.len().min(region.len() - offset)].to_vec();
            for (byte, xor) in region[offset..].iter_mut().zip(&delta) {
                *byte ^= xor;
            }
            (*column, offset, delta)
        }
        Change::Resize { column, length } => {
            let region = &mut regions[*column];
            let dropped = region.get(*length..).unwrap_or_default().to_vec();
            region.resize(*length, 0);
            (*column, *length, dropped)
        }
    }
}

fn longest(regions: &[Vec<u8>]) -> usize {
    regions.iter().map(Vec::len).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn deltas_give_what_encoding_anew_gives_after_every_change(
        row in 0..MAX_ROWS, changes in changes(),
    ) {
        let mut regions = vec![Vec::new(); COLUMNS];
        let mut parity = Parity::new(row).unwrap();
        for step in &changes {
            let (column, offset, delta) = change(&mut regions, step);
            let both = longest(&regions).max(parity.len());
            parity.resize(both).unwrap();
            if !delta.is_empty() {
                parity.add(column, offset, &delta).unwrap();
            }
            parity.resize(longest(&regions)).unwrap();
            prop_assert_eq!(parity.as_slice(), encode(row, &regions));
        }
    }

    #[test]
    fn the_order_of_deltas_does_not_matter(
        row in 0..MAX_ROWS,
        deltas in prop::collection::vec((0..252usize, 0..40usize, prop::collection::vec(any::<u8>(), 0..24)), 0..20),
        order in any::<prop::sample::Index>(),
    ) {
        let sum = |deltas: &[Sent]| {
            let mut parity = Parity::new(row).unwrap();
            parity.resize(64).unwrap();
            for (column, offset, delta) in deltas {
                parity.add(*column, *offset, delta).unwrap();
            }
            parity
        };
        let mut other = deltas.clone();
        other.rotate_left(order.index(deltas.len() + 1));
        other.reverse();
        prop_assert_eq!(sum(&deltas), sum(&other));
    }
}

fn parity(row: usize, bytes: &[u8]) -> Parity {
    Parity {
        row,
        bytes: bytes.into(),
    }
}

#[test]
fn adding_a_delta_twice_takes_it_back() {
    let mut sum = parity(2, &[1, 2, 3]);
    assert_eq!(sum.add(7, 1, &[9, 9]), Ok(()));
    assert_ne!(sum, parity(2, &[1, 2, 3]));
    assert_eq!(sum.add(7, 1, &[9, 9]), Ok(()));
    assert_eq!(sum, parity(2, &[1, 2, 3]));
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut sum = parity(1, &[1, 2, 3]);
    let outside = |offset, bytes| {
        Err(ParityError::DeltaOutside {
            offset,
            bytes,
            length: 3,
        })
    };
    assert_eq!(sum.add(0, 3, &[1]), outside(3, 1));
    assert_eq!(sum.add(0, 2, &[1, 1]), outside(2, 2));
    assert_eq!(sum.add(0, usize::MAX, &[1]), outside(usize::MAX, 1));
    assert_eq!(
        sum.add(254, 0, &[1]),
        Err(ParityError::OutOfRange { row: 1, column: 254 })
    );
    assert_eq!(
        sum.resize(1),
        Err(ParityError::CutNotZero { length: 1, offset: 1 })
    );
    assert_eq!(sum, parity(1, &[1, 2, 3]));
}

#[test]
fn the_last_byte_and_the_last_column_are_inside() {
    let mut sum = parity(0, &[1, 2, 3]);
    assert_eq!(sum.add(254, 2, &[3]), Ok(()));
    assert_eq!(sum.resize(2), Ok(()));
    assert_eq!(sum, parity(0, &[1, 2]));
}

#[test]
fn there_are_four_rows() {
    assert_eq!(Parity::new(3).map(|parity| parity.row()), Ok(3));
    assert_eq!(Parity::new(4), Err(ParityError::OutOfRange { row: 4, column: 0 }));
}

#[test]
fn a_cut_names_the_first_byte_that_is_not_zero_wherever_it_is() {
    for place in (100..400).step_by(3) {
        let mut bytes = vec![0; 400];
        bytes[..100].fill(1);
        bytes[place] = 7;
        bytes[399] = 7;
        let mut sum = parity(0, &bytes);
        let offset = place;
        assert_eq!(
            sum.resize(100),
            Err(ParityError::CutNotZero { length: 100, offset })
        );
        assert_eq!(sum, parity(0, &bytes));
    }
}

#[test]
fn a_parity_is_aligned_and_takes_a_sixteenth_more_than_its_length_at_most() {
    let mut sum = Parity::new(0).unwrap();
    for length in [1, 1000, 70_000, 1_000_000, 1000, 64, 1] {
        sum.resize(length).unwrap();
        assert_eq!(sum.as_slice().as_ptr().addr() % ALIGNMENT, 0);
        assert!(sum.allocated() <= length + length / 16 + 128, "{length}");
    }
}
