//! Whatever up to f members crash, the primaries' bytes come back.

use proptest::prelude::*;

use super::*;
use crate::reference::{choices, encode};
use crate::{MAX_ROWS, Parity, multiply_add};

/// Regions of different lengths and contents.
fn regions(count: usize) -> Vec<Vec<u8>> {
    let region = |column: usize| {
        (0..40 + 7 * column)
            .map(|at| (at * 37 + column * 101 + 13) as u8)
            .collect()
    };
    (0..count).map(region).collect()
}

/// What the fused servers `rows` have left of their parity after the live primaries' regions.
fn residuals(rows: &[usize], regions: &[Vec<u8>], crashed: &[usize]) -> Vec<Vec<u8>> {
    let residual = |row: &usize| {
        let mut residual = encode(*row, regions);
        for (column, region) in regions.iter().enumerate() {
            if !crashed.contains(&column) {
                multiply_add(coefficient(*row, column), region, &mut residual[..region.len()]);
            }
        }
        residual
    };
    rows.iter().map(residual).collect()
}

/// Decodes `crashed` with `rows`, and gives the regions back, each padded to the longest.
fn decode(rows: &[usize], regions: &[Vec<u8>], crashed: &[usize]) -> Vec<Vec<u8>> {
    let residuals = residuals(rows, regions, crashed);
    let residuals: Vec<&[u8]> = residuals.iter().map(Vec::as_slice).collect();
    let decoder = Decoder::new(rows, crashed).unwrap();
    let region = |column: &usize| {
        // What was in the buffer before must not matter.
        let mut out = vec![0xAA; residuals.first().map_or(0, |first| first.len())];
        decoder.decode_block(*column, &residuals, &mut out).unwrap();
        out
    };
    crashed.iter().map(region).collect()
}

fn padded(regions: &[Vec<u8>], columns: &[usize]) -> Vec<Vec<u8>> {
    let longest = regions.iter().map(Vec::len).max().unwrap_or(0);
    let pad = |column: &usize| {
        let mut region = regions[*column].clone();
        region.resize(longest, 0);
        region
    };
    columns.iter().map(pad).collect()
}

#[test]
fn every_erasure_pattern_up_to_f_decodes_for_n_up_to_6_and_f_up_to_3() {
    let mut patterns = 0;
    for n in 1..=6 {
        let regions = regions(n);
        for f in 1..=3 {
            for c in 1..=f.min(n) {
                // Any c of the f fused servers: the others crashed too, or are not needed.
                for (rows, crashed) in pairs(&choices(f, c), &choices(n, c)) {
                    assert_eq!(
                        decode(&rows, &regions, &crashed),
                        padded(&regions, &crashed),
                        "{rows:?} {crashed:?}"
                    );
                    patterns += 1;
                }
            }
        }
    }
    // Sum over n, f, c of (f choose c) * (n choose c).
    assert_eq!(patterns, 21 + (42 + 35) + (63 + 105 + 35));
}

fn pairs(rows: &[Vec<usize>], columns: &[Vec<usize>]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let with_each = |row: &Vec<usize>| {
        columns
            .iter()
            .map(|column| (row.clone(), column.clone()))
            .collect::<Vec<_>>()
    };
    rows.iter().flat_map(with_each).collect()
}

#[test]
fn the_order_in_which_rows_and_columns_are_named_does_not_matter() {
    let regions = regions(5);
    assert_eq!(
        decode(&[2, 0, 1], &regions, &[4, 0, 3]),
        padded(&regions, &[4, 0, 3])
    );
}

/// As when each server scales its own residual and the replacement only adds up.
#[test]
fn scaled_residuals_add_up_to_each_primary() {
    let (rows, crashed, regions) = ([0, 2, 3], [1, 4, 2], regions(5));
    let residuals = residuals(&rows, &regions, &crashed);
    let decoder = Decoder::new(&rows, &crashed).unwrap();
    for column in crashed {
        let mut sum = vec![0; residuals[0].len()];
        for (row, residual) in rows.iter().zip(&residuals) {
            let mut scaled = vec![0xAA; residual.len()];
            multiply_sum(&[(decoder.factor(*row, column).unwrap(), residual)], &mut scaled);
            multiply_add(1, &scaled, &mut sum);
        }
        assert_eq!([sum], *padded(&regions, &[column]), "column {column}");
    }
    assert_eq!(decoder.factor(1, 4), Err(DecodeError::UnknownRow { row: 1 }));
    assert_eq!(
        decoder.factor(0, 3),
        Err(DecodeError::UnknownColumn { column: 3 })
    );
}

proptest! {
    #[test]
    fn sampled_patterns_of_252_primaries_and_4_fused_servers_decode(
        rows in Just(vec![0, 1, 2, 3]).prop_shuffle(),
        count in 1..=MAX_ROWS,
        crashed in proptest::sample::subsequence((0..252usize).collect::<Vec<_>>(), 4).prop_shuffle(),
        bytes in prop::collection::vec(any::<u8>(), 252 * 3),
    ) {
        let regions: Vec<Vec<u8>> = bytes.chunks(3).map(<[u8]>::to_vec).collect();
        let crashed = &crashed[..count];
        prop_assert_eq!(decode(&rows[..count], &regions, crashed), padded(&regions, crashed));
    }

    #[test]
    fn a_primary_comes_back_from_a_parity_that_only_saw_deltas(
        deltas in prop::collection::vec((0..3usize, 0..40usize, prop::collection::vec(any::<u8>(), 1..24)), 0..20),
    ) {
        let mut regions = vec![vec![0; 64]; 3];
        let mut parity = Parity::new(1).unwrap();
        parity.resize(64).unwrap();
        for (column, offset, delta) in &deltas {
            multiply_add(1, delta, &mut regions[*column][*offset..offset + delta.len()]);
            parity.add(*column, *offset, delta).unwrap();
        }
        let mut residual = parity.as_slice().to_vec();
        multiply_add(coefficient(1, 0), &regions[0], &mut residual);
        multiply_add(coefficient(1, 2), &regions[2], &mut residual);
        let mut out = vec![0; 64];
        Decoder::new(&[1], &[1]).unwrap().decode_block(1, &[&residual], &mut out).unwrap();
        prop_assert_eq!(&out, &regions[1]);
    }
}

#[test]
fn a_decoder_names_what_is_wrong_with_its_rows_and_columns() {
    let cases: [(&[usize], &[usize], DecodeError); 5] = [
        (&[0, 1], &[5], DecodeError::CountsDiffer { rows: 2, columns: 1 }),
        (&[1, 0, 1], &[5, 6, 7], DecodeError::RepeatedRow { row: 1 }),
        (&[0, 1, 2], &[6, 5, 6], DecodeError::RepeatedColumn { column: 6 }),
        (&[4], &[0], DecodeError::OutOfRange { row: 4, column: 0 }),
        (&[1], &[254], DecodeError::OutOfRange { row: 1, column: 254 }),
    ];
    for (rows, columns, error) in cases {
        assert_eq!(Decoder::new(rows, columns), Err(error));
    }
}

#[test]
fn a_block_that_does_not_fit_is_refused_and_out_is_kept() {
    let decoder = Decoder::new(&[0, 2], &[3, 1]).unwrap();
    let mut out = [7, 7];
    let cases: [(usize, &[&[u8]], DecodeError); 4] = [
        (2, &[&[0, 0], &[0, 0]], DecodeError::UnknownColumn { column: 2 }),
        (
            3,
            &[&[0, 0]],
            DecodeError::ResidualCount {
                found: 1,
                expected: 2,
            },
        ),
        (
            3,
            &[&[0, 0], &[0]],
            DecodeError::ResidualLength {
                row: 2,
                found: 1,
                expected: 2,
            },
        ),
        (
            3,
            &[&[0, 0, 0], &[0, 0]],
            DecodeError::ResidualLength {
                row: 0,
                found: 3,
                expected: 2,
            },
        ),
    ];
    for (column, residuals, error) in cases {
        assert_eq!(decoder.decode_block(column, residuals, &mut out), Err(error));
        assert_eq!(out, [7, 7]);
    }
}
