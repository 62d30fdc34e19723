//! The regions that hold all canonical bytes of a structure, and how a delta changes them.
//!
//! Whoever keeps a structure's regions, parsed or not, keeps an [`Arena`]: the structure itself, and a
//! backup that stores some regions as they are. Source: the report, "Fusing complex data structures";
//! laying a structure out in bytes makes its links and keys as fusible as its values.
//!
//! Invariant: a delta changes every byte it names or none, whatever a peer wrote into it; and undoing it
//! with the lengths that [`Arena::apply`] returned gives back the earlier bytes.

use thiserror::Error;

use crate::delta::{Delta, REGIONS, Range, RegionId};
use crate::region::Region;

/// Longest region, in bytes: offsets and slot numbers fit four bytes.
pub const MAX_REGION_BYTES: u64 = u32::MAX as u64;

/// Most bytes by which one operation may make a region longer. An operation adds at most one element, the
/// pages for it and one session, which are far below; without a limit a few bytes of a peer could claim gigabytes.
pub const MAX_GROWTH_BYTES: u64 = 1024 * 1024;

/// Why regions or a delta were refused; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ArenaError {
    /// A range names a region that no structure has.
    #[error("region {region} of {REGIONS}")]
    UnknownRegion {
        /// The number named.
        region: u8,
    },
    /// A region would become too long.
    #[error("region {region} would be {length} bytes long, past the limit of {limit}")]
    RegionTooLong {
        /// Its number.
        region: u8,
        /// The length asked for, in bytes.
        length: u64,
        /// [`MAX_REGION_BYTES`].
        limit: u64,
    },
    /// A region would become longer by more than one operation can make it.
    #[error("region {region} grown from {from} to {length} bytes, by more than the limit of {limit}")]
    GrowsTooMuch {
        /// Its number.
        region: u8,
        /// Its length, in bytes.
        from: u64,
        /// The length asked for, in bytes.
        length: u64,
        /// [`MAX_GROWTH_BYTES`].
        limit: u64,
    },
    /// A range leaves its region (of the longer of the old and the new length).
    #[error("{bytes} bytes at {offset} leave region {region}, which has {length}")]
    RangeOutside {
        /// The region's number.
        region: u8,
        /// First byte of the range.
        offset: u64,
        /// Length of the range.
        bytes: u64,
        /// Length of the region.
        length: u64,
    },
    /// A region would be cut where its bytes are not zero, which could not be undone.
    #[error("region {region} cut to {length} bytes, but byte {offset} is not zero")]
    CutNotZero {
        /// The region's number.
        region: u8,
        /// The length to cut to.
        length: u64,
        /// First byte past it that is not zero.
        offset: u64,
    },
}

/// All regions of one structure. See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arena {
    regions: [Region; REGIONS],
}

impl Arena {
    /// Empty regions: the state before the first delta.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the regions' bytes as they are, in the order of [`RegionId::ALL`].
    ///
    /// # Errors
    /// [`ArenaError::RegionTooLong`].
    pub fn from_images(images: [Vec<u8>; REGIONS]) -> Result<Self, ArenaError> {
        for (region, image) in RegionId::ALL.iter().zip(&images) {
            check_length(*region, image.len() as u64)?;
        }
        Ok(Self {
            regions: images.map(Region::from_image),
        })
    }

    /// All bytes of a region.
    ///
    /// # Panics
    /// If the region is none of [`RegionId::ALL`]; so do the other readers.
    pub fn image(&self, region: RegionId) -> &[u8] {
        self.regions[usize::from(region.0)].bytes()
    }

    /// Length of a region in bytes.
    pub fn len(&self, region: RegionId) -> usize {
        self.image(region).len()
    }

    /// Whether every region is empty.
    pub fn is_empty(&self) -> bool {
        self.regions.iter().all(|region| region.len() == 0)
    }

    /// `bytes` bytes of a region from `offset` on, or `None` if it has fewer.
    pub fn read(&self, region: RegionId, offset: usize, bytes: usize) -> Option<&[u8]> {
        self.image(region).get(offset..offset.checked_add(bytes)?)
    }

    /// Length of every region in bytes, in the order of [`RegionId::ALL`].
    pub fn lengths(&self) -> [u64; REGIONS] {
        RegionId::ALL.map(|region| self.len(region) as u64)
    }

    /// Applies a delta, all of it or nothing, and returns the lengths before it, for [`Self::undo`].
    ///
    /// # Errors
    /// Every variant of [`ArenaError`]: a delta comes from a peer, so nothing in it is trusted.
    pub fn apply(&mut self, delta: &Delta) -> Result<[u64; REGIONS], ArenaError> {
        let old_lengths = self.lengths();
        for (place, region) in RegionId::ALL.into_iter().enumerate() {
            check_growth(region, old_lengths[place], delta.lengths[place])?;
        }
        self.change(&delta.ranges, delta.lengths)?;
        Ok(old_lengths)
    }

    /// Undoes the last delta applied that is not undone yet; `old_lengths` are what applying it returned.
    ///
    /// # Errors
    /// As [`Self::apply`], but a region may grow by as much as the delta cut it; none if delta and lengths are those of that call.
    pub fn undo(&mut self, delta: &Delta, old_lengths: [u64; REGIONS]) -> Result<(), ArenaError> {
        self.change(&delta.ranges, old_lengths)
    }

    /// Grows, xors, cuts: the order of application that [`Delta`] states.
    fn change(&mut self, ranges: &[Range], new_lengths: [u64; REGIONS]) -> Result<(), ArenaError> {
        let old_lengths = self.lengths();
        let longest: [u64; REGIONS] = std::array::from_fn(|i| old_lengths[i].max(new_lengths[i]));
        check_bounds(ranges, longest)?;
        self.resize(longest);
        self.xor(ranges);
        if let Err(error) = self.check_cut(new_lengths) {
            self.xor(ranges);
            self.resize(old_lengths);
            return Err(error);
        }
        self.resize(new_lengths);
        Ok(())
    }

    /// The bytes that a cut to `lengths` would drop are zero.
    fn check_cut(&self, lengths: [u64; REGIONS]) -> Result<(), ArenaError> {
        for (region, length) in RegionId::ALL.into_iter().zip(lengths) {
            let image = self.image(region);
            let cut = image.get(length as usize..).unwrap_or_default();
            if let Some(place) = cut.iter().position(|byte| *byte != 0) {
                return Err(ArenaError::CutNotZero {
                    region: region.0,
                    length,
                    offset: length + place as u64,
                });
            }
        }
        Ok(())
    }

    fn xor(&mut self, ranges: &[Range]) {
        for range in ranges {
            self.regions[usize::from(range.region.0)].xor(range.offset as usize, &range.xor);
        }
    }

    /// Replaces bytes of one region without recording them: for [`crate::transaction`], which does.
    pub(crate) fn write(&mut self, region: RegionId, offset: usize, new: &[u8]) {
        self.regions[usize::from(region.0)].write(offset, new);
    }

    fn resize(&mut self, lengths: [u64; REGIONS]) {
        for (region, length) in RegionId::ALL.into_iter().zip(lengths) {
            self.resize_one(region, length as usize);
        }
    }

    /// Resizes one region without recording it: for [`crate::transaction`], which does.
    pub(crate) fn resize_one(&mut self, region: RegionId, length: usize) {
        let region = &mut self.regions[usize::from(region.0)];
        if region.len() != length {
            region.resize(length);
        }
    }
}

/// Whether a region may be `length` bytes long.
pub(crate) fn check_length(region: RegionId, length: u64) -> Result<(), ArenaError> {
    if length > MAX_REGION_BYTES {
        return Err(ArenaError::RegionTooLong {
            region: region.0,
            length,
            limit: MAX_REGION_BYTES,
        });
    }
    Ok(())
}

/// Whether one operation may change a region's length so, in bytes.
///
/// # Errors
/// [`ArenaError::RegionTooLong`], [`ArenaError::GrowsTooMuch`].
pub fn check_growth(region: RegionId, from: u64, length: u64) -> Result<(), ArenaError> {
    check_length(region, length)?;
    if length.saturating_sub(from) > MAX_GROWTH_BYTES {
        return Err(ArenaError::GrowsTooMuch {
            region: region.0,
            from,
            length,
            limit: MAX_GROWTH_BYTES,
        });
    }
    Ok(())
}

/// Whether the regions may have these lengths, and every range lies within them.
fn check_bounds(ranges: &[Range], lengths: [u64; REGIONS]) -> Result<(), ArenaError> {
    for (region, length) in RegionId::ALL.into_iter().zip(lengths) {
        check_length(region, length)?;
    }
    for Range { region, offset, xor } in ranges {
        let unknown = ArenaError::UnknownRegion { region: region.0 };
        let length = *lengths.get(usize::from(region.0)).ok_or(unknown)?;
        let bytes = xor.len() as u64;
        if offset.checked_add(bytes).is_none_or(|end| end > length) {
            return Err(ArenaError::RangeOutside {
                region: region.0,
                offset: *offset,
                bytes,
                length,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
