//! Every claim that the coefficients' documentation makes.

use proptest::prelude::*;

use super::*;
use crate::reference::{choices, determinant, multiply};

fn submatrix(rows: &[usize], columns: &[usize]) -> Vec<Vec<u8>> {
    let row = |row: &usize| columns.iter().map(|column| coefficient(*row, *column)).collect();
    rows.iter().map(row).collect()
}

fn places() -> impl Iterator<Item = (usize, usize)> {
    let all = (0..MAX_ROWS).flat_map(|row| (0..MAX_MEMBERS).map(move |column| (row, column)));
    all.filter(|(row, column)| in_range(*row, *column))
}

#[test]
fn row_0_is_all_ones() {
    assert!((0..255).all(|column| coefficient(0, column) == 1));
}

#[test]
fn no_entry_is_zero() {
    assert_eq!(
        places()
            .filter(|(row, column)| coefficient(*row, *column) == 0)
            .count(),
        0
    );
}

#[test]
fn every_entry_is_the_cauchy_entry_divided_by_its_columns_first() {
    for (row, column) in places() {
        let y = 255 - column as u8;
        assert_eq!(
            multiply(coefficient(row, column), row as u8 ^ y),
            y,
            "{row}, {column}"
        );
    }
}

/// These numbers are in the parity of running clusters.
#[test]
fn the_entries_never_change() {
    assert_eq!(
        [0, 1, 2, 100, 251].map(|column| coefficient(1, column)),
        [127, 252, 126, 188, 166]
    );
    assert_eq!(
        [0, 1, 2, 100, 251].map(|column| coefficient(2, column)),
        [226, 255, 230, 164, 245]
    );
    assert_eq!(
        [0, 1, 2, 100, 251].map(|column| coefficient(3, column)),
        [128, 29, 131, 28, 210]
    );
}

#[test]
fn the_range_is_every_cluster_of_256_members_with_at_most_4_fused_servers() {
    for (servers, primaries) in [(1, 255), (2, 254), (3, 253), (4, 252)] {
        assert!((0..servers).all(|row| (0..primaries).all(|column| in_range(row, column))));
        assert!(
            !in_range(servers - 1, primaries),
            "one primary more than {primaries}"
        );
    }
    assert!(!in_range(MAX_ROWS, 0));
}

#[test]
#[should_panic(expected = "no coefficient for row 3 and column 252")]
fn one_past_the_range_panics() {
    coefficient(3, 252);
}

#[test]
fn every_square_submatrix_up_to_16_columns_and_4_rows_is_invertible() {
    let mut tried = 0;
    for count in 1..=MAX_ROWS {
        for rows in choices(MAX_ROWS, count) {
            for columns in choices(16, count) {
                assert_ne!(
                    determinant(&submatrix(&rows, &columns)),
                    0,
                    "{rows:?} x {columns:?}"
                );
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 4 * 16 + 6 * 120 + 4 * 560 + 1820);
}

/// With two rows all of them are few enough: the last columns reach the ends of the field.
#[test]
fn every_2_by_2_submatrix_of_the_first_two_rows_is_invertible() {
    for columns in choices(254, 2) {
        assert_ne!(determinant(&submatrix(&[0, 1], &columns)), 0, "{columns:?}");
    }
}

proptest! {
    #[test]
    fn sampled_square_submatrices_up_to_252_columns_are_invertible(
        rows in proptest::sample::subsequence(vec![0usize, 1, 2, 3], 1..=4),
        mut columns in proptest::sample::subsequence((0..252usize).collect::<Vec<_>>(), 4),
    ) {
        columns.truncate(rows.len());
        prop_assert_ne!(determinant(&submatrix(&rows, &columns)), 0);
    }
}
