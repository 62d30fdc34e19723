//! From residuals back to the crashed primaries' bytes.
//!
//! Fused server r's parity, less the live primaries' contributions, is the residual
//! `R_r = sum over crashed columns k of coefficient(r, k) * region_k`: c equations for c crashed primaries.
//! The c x c matrix is inverted once; each block of a region is then a sum of c products. Source: DESIGN,
//! "Recovery without freezing writers", step 4.
//!
//! Invariant: residuals that are exactly those sums give exactly the regions; nothing here can tell others
//! from them, so whoever takes the bytes checks what they mean.

use thiserror::Error;

use crate::coefficients::{coefficient, in_range};
use crate::kernel::{Term, multiply_sum};
use crate::matrix::{Matrix, invert};

/// Why decoding was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// As many fused servers are needed as primaries crashed.
    #[error("{rows} rows for {columns} columns")]
    CountsDiffer {
        /// Fused servers given.
        rows: usize,
        /// Primaries to decode.
        columns: usize,
    },
    /// A fused server is named twice.
    #[error("row {row} is named twice")]
    RepeatedRow {
        /// Which.
        row: usize,
    },
    /// A primary is named twice.
    #[error("column {column} is named twice")]
    RepeatedColumn {
        /// Which.
        column: usize,
    },
    /// No cluster has both this fused server and this primary.
    #[error("row {row} has no coefficient for column {column}")]
    OutOfRange {
        /// The fused server.
        row: usize,
        /// The primary.
        column: usize,
    },
    /// The primary is not one of those to decode.
    #[error("column {column} is not decoded here")]
    UnknownColumn {
        /// Which.
        column: usize,
    },
    /// The fused server is not one of those to decode from.
    #[error("row {row} is not decoded from here")]
    UnknownRow {
        /// Which.
        row: usize,
    },
    /// One residual of each fused server is needed.
    #[error("{found} residuals, not {expected}")]
    ResidualCount {
        /// Residuals given.
        found: usize,
        /// Fused servers named.
        expected: usize,
    },
    /// A residual is not as long as the block.
    #[error("the residual of row {row} has {found} bytes, the block {expected}")]
    ResidualLength {
        /// Whose.
        row: usize,
        /// Its length.
        found: usize,
        /// The block's length.
        expected: usize,
    },
}

/// Decodes some columns from the residuals of as many rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoder {
    rows: Vec<usize>,
    columns: Vec<usize>,
    /// Row k gives `columns[k]`, from the residuals in the order of `rows`.
    inverse: Matrix,
}

impl Decoder {
    /// A decoder of the crashed primaries `columns` from the residuals of the fused servers `rows`.
    ///
    /// # Errors
    /// [`DecodeError::CountsDiffer`], `RepeatedRow`, `RepeatedColumn`, `OutOfRange`.
    pub fn new(rows: &[usize], columns: &[usize]) -> Result<Self, DecodeError> {
        if rows.len() != columns.len() {
            return Err(DecodeError::CountsDiffer {
                rows: rows.len(),
                columns: columns.len(),
            });
        }
        if let Some(row) = repeated(rows) {
            return Err(DecodeError::RepeatedRow { row });
        }
        if let Some(column) = repeated(columns) {
            return Err(DecodeError::RepeatedColumn { column });
        }
        let matrix: Result<Matrix, DecodeError> = rows.iter().map(|row| entries(*row, columns)).collect();
        let inverse = invert(&matrix?).expect("every square submatrix of the coefficients is invertible");
        Ok(Self {
            rows: rows.to_vec(),
            columns: columns.to_vec(),
            inverse,
        })
    }

    /// The fused servers, in the order in which residuals are taken.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The primaries it decodes.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// What the residual of fused server `row` is multiplied by in the sum that gives primary `column`: a server
    /// can scale its own residual ([`multiply_sum`] with this one term), and whoever gets all of them adds up.
    ///
    /// # Errors
    /// [`DecodeError::UnknownColumn`], `UnknownRow`.
    pub fn factor(&self, row: usize, column: usize) -> Result<u8, DecodeError> {
        let factors = self.factors(column)?;
        let at = self.rows.iter().position(|known| *known == row);
        Ok(factors[at.ok_or(DecodeError::UnknownRow { row })?])
    }

    /// Writes the block of primary `column` into `out`, from the residuals of the same block in the order
    /// of [`Self::rows`]. One pass: every byte of `out` is stored once.
    ///
    /// # Errors
    /// [`DecodeError::UnknownColumn`], `ResidualCount`, `ResidualLength`; `out` is not changed then.
    pub fn decode_block(
        &self,
        column: usize,
        residuals: &[&[u8]],
        out: &mut [u8],
    ) -> Result<(), DecodeError> {
        let factors = self.factors(column)?.iter().copied();
        self.check_residuals(residuals, out.len())?;
        let terms: Vec<Term<'_>> = factors.zip(residuals.iter().copied()).collect();
        multiply_sum(&terms, out);
        Ok(())
    }

    /// Of the residuals, in the order of `rows`.
    fn factors(&self, column: usize) -> Result<&[u8], DecodeError> {
        let at = self.columns.iter().position(|known| *known == column);
        Ok(&self.inverse[at.ok_or(DecodeError::UnknownColumn { column })?])
    }

    fn check_residuals(&self, residuals: &[&[u8]], expected: usize) -> Result<(), DecodeError> {
        if residuals.len() != self.rows.len() {
            let (found, expected) = (residuals.len(), self.rows.len());
            return Err(DecodeError::ResidualCount { found, expected });
        }
        for (row, residual) in self.rows.iter().zip(residuals) {
            let found = residual.len();
            if found != expected {
                return Err(DecodeError::ResidualLength {
                    row: *row,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }
}

fn repeated(numbers: &[usize]) -> Option<usize> {
    let earlier = |(at, number): (usize, &usize)| numbers[..at].contains(number).then_some(*number);
    numbers.iter().enumerate().find_map(earlier)
}

/// One row of the matrix: the coefficients of `row` for `columns`.
fn entries(row: usize, columns: &[usize]) -> Result<Vec<u8>, DecodeError> {
    let entry = |column: &usize| match in_range(row, *column) {
        true => Ok(coefficient(row, *column)),
        false => Err(DecodeError::OutOfRange { row, column: *column }),
    };
    columns.iter().map(entry).collect()
}

#[cfg(test)]
mod tests;
