//! Inversion of a small square matrix over GF(2^8), by Gauss and Jordan.

use crate::{field::divide, kernel::multiply_add};

/// Rows of equal length.
pub(crate) type Matrix = Vec<Vec<u8>>;

/// The inverse of a square matrix, or `None` if it has none. Cost: the cube of its size.
pub(crate) fn invert(matrix: &Matrix) -> Option<Matrix> {
    let size = matrix.len();
    // Row operations that turn the left half into the identity turn the right half into the inverse.
    let mut rows: Matrix = matrix
        .iter()
        .enumerate()
        .map(|(at, row)| beside_identity(row, at))
        .collect();
    for column in 0..size {
        let pivot = (column..size).find(|row| rows[*row][column] != 0)?;
        rows.swap(column, pivot);
        let scaled = divided(&rows[column], rows[column][column]);
        for (at, row) in rows.iter_mut().enumerate() {
            if at == column {
                row.copy_from_slice(&scaled);
            } else {
                multiply_add(row[column], &scaled, row);
            }
        }
    }
    Some(rows.into_iter().map(|row| row[size..].to_vec()).collect())
}

fn beside_identity(row: &[u8], at: usize) -> Vec<u8> {
    let identity = (0..row.len()).map(|column| u8::from(column == at));
    row.iter().copied().chain(identity).collect()
}

fn divided(row: &[u8], by: u8) -> Vec<u8> {
    row.iter().map(|entry| divide(*entry, by)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::{determinant, multiply};

    fn product(a: &Matrix, b: &Matrix) -> Matrix {
        let size = a.len();
        let entry =
            |row: usize, column: usize| (0..size).fold(0, |sum, k| sum ^ multiply(a[row][k], b[k][column]));
        (0..size)
            .map(|row| (0..size).map(|column| entry(row, column)).collect())
            .collect()
    }

    fn identity(size: usize) -> Matrix {
        (0..size)
            .map(|row| (0..size).map(|column| u8::from(row == column)).collect())
            .collect()
    }

    fn square() -> impl Strategy<Value = Matrix> {
        // Small entries, so that matrices without an inverse and zero pivots are common.
        (0..5usize).prop_flat_map(|size| prop::collection::vec(prop::collection::vec(0..3u8, size), size))
    }

    proptest! {
        #[test]
        fn a_matrix_has_an_inverse_exactly_if_its_determinant_is_not_zero(matrix in square()) {
            match invert(&matrix) {
                Some(inverse) => prop_assert_eq!(product(&matrix, &inverse), identity(matrix.len())),
                None => prop_assert_eq!(determinant(&matrix), 0),
            }
        }
    }
}
