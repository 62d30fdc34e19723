//! The coded bytes of a fused server: the parity, and the residual that is being computed from it.
//!
//! Whatever is added to the parity goes through [`Coded::add`], so that no change can miss the residual.
//! Source: DESIGN, "Fused server" and "Recovery without freezing writers".
//!
//! Invariant: the parity is the sum over primaries of coefficient times values region.

use erasure::{Parity, ParityError};
use multicast::id::NodeId;

use crate::residual::Residual;

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Coded {
    parity: Parity,
    /// The residual of the recovery under way, if there is one.
    pub residual: Option<Residual>,
}

/// Which addend: a primary and its column of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addend {
    /// The primary.
    pub primary: NodeId,
    /// Its column.
    pub column: u8,
}

impl Coded {
    /// No bytes yet, for the fused server of this row.
    ///
    /// # Errors
    /// [`ParityError::OutOfRange`] if the code has no such row.
    pub fn new(row: u8) -> Result<Self, ParityError> {
        Ok(Self {
            parity: Parity::new(usize::from(row))?,
            residual: None,
        })
    }

    /// The row of the code.
    pub fn row(&self) -> u8 {
        // It came in as one.
        self.parity.row() as u8
    }

    /// The parity.
    pub fn parity(&self) -> &Parity {
        &self.parity
    }

    /// Makes the parity at least `length` bytes long.
    pub fn reach(&mut self, length: u64) {
        let length = as_length(length);
        if length > self.parity.len() {
            self.parity.resize(length).expect("growing cuts nothing");
        }
    }

    /// Cuts the parity to `longest` bytes. One that is not zero there, by the fault of a primary that cut
    /// what it had not zeroed, stays as long as it is: its bytes are no part of any structure.
    pub fn fit(&mut self, longest: u64) {
        let longest = as_length(longest);
        if longest >= self.parity.len() {
            return;
        }
        if let Err(error) = self.parity.resize(longest) {
            tracing::warn!(%error, "the parity is kept longer than its longest primary");
        }
    }

    /// Adds old xor new of a primary's values region; adding it again takes it back. The parity reaches that
    /// far already.
    pub fn add(&mut self, addend: Addend, offset: u64, xor: &[u8]) {
        let column = usize::from(addend.column);
        self.parity
            .add(column, as_length(offset), xor)
            .expect("the column was checked when the primary was admitted, and the parity reaches this far");
        if let Some(residual) = &mut self.residual {
            residual.note_delta(addend, offset, xor);
        }
    }
}

/// A length or offset within a region as this machine counts.
pub(crate) fn as_length(bytes: u64) -> usize {
    usize::try_from(bytes).expect("regions are shorter than 4 GiB")
}
