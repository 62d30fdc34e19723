//! One region of a structure that is being put together.
//!
//! Invariant: the sum of everything added so far; what no row has sent yet is not there.

use erasure::multiply_add;
use structures::{arena::MAX_REGION_BYTES, delta::RegionId};
use wire::message::fusion::BLOCK_BYTES;

use super::AssemblyError;

/// See the module's documentation.
#[derive(Clone, Debug, Default)]
pub(super) struct Image(Vec<u8>);

impl Image {
    /// Makes room for a region of `length` bytes, in whole blocks: the rest of its last block comes too.
    ///
    /// # Errors
    /// `NoRoom` if no region is so long, or the system has not that much memory.
    pub(super) fn make_room(&mut self, region: RegionId, length: u64) -> Result<(), AssemblyError> {
        let no_room = AssemblyError::NoRoom { region, length };
        if length > MAX_REGION_BYTES {
            return Err(no_room);
        }
        let whole = usize::try_from(length.next_multiple_of(BLOCK_BYTES)).map_err(|_| no_room.clone())?;
        self.0.try_reserve_exact(whole).map_err(|_| no_room)
    }

    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Puts plain bytes behind those that came.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Adds a row's block. Rows send their blocks in order, so it begins at the end or within what another row
    /// sent, wholly.
    pub(super) fn add(&mut self, offset: u64, bytes: &[u8]) {
        let start = usize::try_from(offset).expect("there was room for it");
        match self.0.get_mut(start..start + bytes.len()) {
            Some(target) => multiply_add(1, bytes, target),
            None => self.0.extend_from_slice(bytes),
        }
    }

    /// The region's bytes.
    ///
    /// # Errors
    /// `RegionShort`, `TailNotZero`.
    pub(super) fn finish(mut self, region: RegionId, length: u64) -> Result<Vec<u8>, AssemblyError> {
        let found = self.len();
        let end = usize::try_from(length).expect("there was room for it");
        let Some(tail) = self.0.get(end..) else {
            return Err(AssemblyError::RegionShort {
                region,
                found,
                expected: length,
            });
        };
        if let Some(place) = tail.iter().position(|byte| *byte != 0) {
            return Err(AssemblyError::TailNotZero {
                region,
                offset: length + place as u64,
                length,
            });
        }
        self.0.truncate(end);
        Ok(self.0)
    }
}
