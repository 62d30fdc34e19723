//! With which coefficient fused server `row` takes up primary `column`.
//!
//! A Cauchy matrix has the entry 1 / (x_row + y_column), all x and y different; every square submatrix of
//! it is invertible, and stays so when a column is multiplied by a number that is not zero. With
//! `x_row = row` and `y_column = 255 - column`, all x and y differ exactly while `row + column < 255`: so
//! any n primaries and f fused servers with n + f <= 256 have their entries, and 4 rows of 252 columns use
//! every element of the field. Each column is divided by its first entry, which makes row 0 all ones:
//!
//! ```text
//! coefficient(row, column) = y_column / (row + y_column)
//! ```
//!
//! An entry depends on its row and column alone, so members join and leave without encoding anew.
//! Source: DESIGN, "Fusion: deltas in, residuals out".
//!
//! Invariant: no entry is zero, and every square submatrix is invertible, so any c fused servers decode
//! any c primaries.

use crate::field::divide;

/// Most fused servers.
pub const MAX_ROWS: usize = 4;
/// Primaries and fused servers together are at most this many: the elements of the field.
pub const MAX_MEMBERS: usize = 256;

/// Whether fused server `row` and primary `column` (both from 0) may be in one cluster.
///
/// True for all of n primaries and f fused servers if `f <= MAX_ROWS` and `n + f <= MAX_MEMBERS`.
pub fn in_range(row: usize, column: usize) -> bool {
    row < MAX_ROWS && column < MAX_MEMBERS - 1 - row
}

/// What fused server `row` multiplies primary `column` by (both from 0). Never zero; one if `row` is 0.
///
/// # Panics
/// Unless [`in_range`].
pub fn coefficient(row: usize, column: usize) -> u8 {
    assert!(
        in_range(row, column),
        "no coefficient for row {row} and column {column}"
    );
    let y = (MAX_MEMBERS - 1 - column) as u8;
    divide(y, row as u8 ^ y)
}

#[cfg(test)]
mod tests;
