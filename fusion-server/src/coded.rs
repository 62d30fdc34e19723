//! The coded bytes of a fused server: one parity per coded region, and what is being computed from them.
//!
//! Whatever is added to a parity goes through [`Coded::add`], so that no change can miss the residual or
//! the scrub under way.
//! Source: DESIGN, "Fused server" and "Recovery without freezing writers".
//!
//! Invariant: a region's parity is the sum over primaries of coefficient times that region, and as long as the
//! longest of them; the parity of a plain region is empty.

use std::array;

use erasure::{Parity, ParityError};
use multicast::{id::NodeId, planted::Planted};
use structures::delta::{REGIONS, RegionId};
use wire::message::fusion::Layout;

use crate::{defect::Defect, residual::Residual, scrub::Scrub};

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Coded {
    row: u8,
    layout: Layout,
    parities: [Parity; REGIONS],
    /// The residual of the recovery under way, if there is one.
    pub residual: Option<Residual>,
    /// The scrub under way, if there is one.
    pub scrub: Option<Scrub>,
    pub(crate) planted: Planted<Defect>,
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
    pub fn new(row: u8, layout: Layout) -> Result<Self, ParityError> {
        let parity = Parity::new(usize::from(row))?;
        Ok(Self {
            row,
            layout,
            parities: array::from_fn(|_| parity.clone()),
            residual: None,
            scrub: None,
            planted: Planted::default(),
        })
    }

    /// The same server's, without a byte, in this row; none if the code has no such row.
    pub fn emptied(&self, row: u8) -> Option<Self> {
        let empty = Self::new(row, self.layout).ok()?;
        Some(Self {
            planted: self.planted,
            ..empty
        })
    }

    /// The row of the code.
    pub fn row(&self) -> u8 {
        self.row
    }

    /// Which regions are coded.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The parity of a region; empty for a plain one.
    ///
    /// # Panics
    /// If no structure has the region.
    pub fn parity(&self, region: RegionId) -> &Parity {
        &self.parities[usize::from(region.0)]
    }

    /// Bytes of all parities.
    pub fn bytes(&self) -> usize {
        self.parities.iter().map(Parity::len).sum()
    }

    /// Makes every parity at least as long as this.
    pub fn reach(&mut self, lengths: [u64; REGIONS]) {
        for (parity, length) in self.parities.iter_mut().zip(lengths) {
            let length = as_length(length);
            if length > parity.len() {
                parity.resize(length).expect("growing cuts nothing");
            }
        }
    }

    /// Cuts the parities to these lengths. One that is not zero there, by the fault of a primary that cut what
    /// it had not zeroed, stays as long as it is: its bytes are no part of any structure.
    pub fn fit(&mut self, longest: [u64; REGIONS]) {
        for (parity, length) in self.parities.iter_mut().zip(longest) {
            let length = as_length(length);
            if length < parity.len()
                && let Err(error) = parity.resize(length)
            {
                tracing::warn!(%error, "a parity is kept longer than its longest primary");
            }
        }
    }

    /// Adds old xor new of a primary's coded region; adding it again takes it back. The parity reaches that far
    /// already.
    pub fn add(&mut self, addend: Addend, region: RegionId, offset: u64, xor: &[u8]) {
        let column = usize::from(addend.column);
        self.parities[usize::from(region.0)]
            .add(column, as_length(offset), xor)
            .expect("the column was checked when the primary was admitted, and the parity reaches this far");
        if let Some(residual) = &mut self.residual {
            residual.note_delta(addend, region, offset, xor);
        }
        if let Some(scrub) = &mut self.scrub {
            scrub.note_delta(addend, region, offset, xor);
        }
    }
}

/// A length or offset within a region as this machine counts.
pub(crate) fn as_length(bytes: u64) -> usize {
    usize::try_from(bytes).expect("regions are shorter than 4 GiB")
}
