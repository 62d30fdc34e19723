//! One fused server's coded bytes: the sum of all primaries' regions, each times its coefficient.
//!
//! A primary's update arrives as old xor new, so adding the coefficient times it keeps the sum right
//! without knowing old or new. Addition commutes: updates of different primaries need no order. Source:
//! the report, "Fusing complex data structures" and "Fusing other data structures".
//!
//! Invariant: equal to encoding the primaries' regions anew, the shorter ones padded with zeroes.

use thiserror::Error;

use crate::aligned::{ALIGNMENT, AlignedBytes};
use crate::coefficients::{MAX_ROWS, coefficient, in_range};
use crate::kernel::multiply_add;

/// Why a parity was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParityError {
    /// No cluster has this fused server, or not with this primary.
    #[error("row {row} has no coefficient for column {column}")]
    OutOfRange {
        /// The fused server.
        row: usize,
        /// The primary.
        column: usize,
    },
    /// The delta leaves the parity; [`Parity::resize`] first.
    #[error("{bytes} bytes at {offset} leave the parity, which has {length}")]
    DeltaOutside {
        /// First byte of the delta.
        offset: usize,
        /// Length of the delta.
        bytes: usize,
        /// Length of the parity.
        length: usize,
    },
    /// The parity would be cut where it is not zero: some primary still has bytes there.
    #[error("parity cut to {length} bytes, but byte {offset} is not zero")]
    CutNotZero {
        /// The length to cut to.
        length: usize,
        /// First byte past it that is not zero.
        offset: usize,
    },
}

/// The coded bytes of one fused server. See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parity {
    row: usize,
    bytes: AlignedBytes,
}

impl Parity {
    /// The empty parity of fused server `row`, counted from 0.
    ///
    /// # Errors
    /// [`ParityError::OutOfRange`] from [`MAX_ROWS`] on.
    pub fn new(row: usize) -> Result<Self, ParityError> {
        if row >= MAX_ROWS {
            return Err(ParityError::OutOfRange { row, column: 0 });
        }
        Ok(Self {
            row,
            bytes: AlignedBytes::new(),
        })
    }

    /// Which fused server it is.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes; the first begins a line of the cache.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds `delta` (old xor new) of primary `column` from byte `offset` on. Adding it again takes it back.
    ///
    /// # Errors
    /// [`ParityError::OutOfRange`], [`ParityError::DeltaOutside`]; nothing is changed.
    pub fn add(&mut self, column: usize, offset: usize, delta: &[u8]) -> Result<(), ParityError> {
        let row = self.row;
        if !in_range(row, column) {
            return Err(ParityError::OutOfRange { row, column });
        }
        let (bytes, length) = (delta.len(), self.bytes.len());
        let outside = ParityError::DeltaOutside {
            offset,
            bytes,
            length,
        };
        let end = offset.checked_add(bytes).ok_or(outside)?;
        let target = self.bytes.get_mut(offset..end).ok_or(outside)?;
        multiply_add(coefficient(row, column), delta, target);
        Ok(())
    }

    /// Bytes of memory that it takes.
    pub fn allocated(&self) -> usize {
        self.bytes.allocated()
    }

    /// Grows with zeroes, or cuts, to `length` bytes: the longest region of all primaries.
    ///
    /// Little is kept in reserve, and memory is given back when more than that is unused; see
    /// [`AlignedBytes::resize`]. Cost: what is grown or cut, whatever the length.
    ///
    /// # Errors
    /// [`ParityError::CutNotZero`]: primaries zero what they drop before they drop it; nothing is changed.
    pub fn resize(&mut self, length: usize) -> Result<(), ParityError> {
        let cut = self.bytes.get(length..).unwrap_or_default();
        if let Some(place) = first_not_zero(cut) {
            return Err(ParityError::CutNotZero {
                length,
                offset: length + place,
            });
        }
        self.bytes.resize(length);
        Ok(())
    }
}

/// Looks at whole lines of the cache, so that a long cut is read as fast as memory is.
fn first_not_zero(bytes: &[u8]) -> Option<usize> {
    let (lines, _) = bytes.as_chunks::<ALIGNMENT>();
    let clean = lines.iter().take_while(|line| **line == [0; ALIGNMENT]).count() * ALIGNMENT;
    let place = bytes[clean..].iter().position(|byte| *byte != 0)?;
    Some(clean + place)
}

#[cfg(test)]
mod tests;
