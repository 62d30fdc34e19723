//! How far a primary's image has come, and what that means for the deltas between its chunks.
//!
//! Regions come in order, each from its start, while the primary goes on changing them. Regions are thought
//! of as endless, with zeroes behind their length: primaries zero what they cut. So a delta's part below the
//! cursor is applied, and what it changes above is already contained in the bytes still to come; a region
//! that shrinks or grows under the cursor needs nothing more.
//!
//! Invariant: the bytes below the cursor are the primary's, as of the last delta or chunk taken.

use structures::delta::{Delta, REGIONS, Range, RegionId};

use crate::fault::PrimaryFault;

/// The next byte of the image: everything before it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageCursor {
    region: RegionId,
    offset: u64,
}

impl Default for ImageCursor {
    fn default() -> Self {
        Self {
            region: RegionId::VALUES,
            offset: 0,
        }
    }
}

impl ImageCursor {
    /// Bytes of a region that have come.
    pub fn reached(&self, region: RegionId) -> u64 {
        match region.cmp(&self.region) {
            std::cmp::Ordering::Less => u64::MAX,
            std::cmp::Ordering::Equal => self.offset,
            std::cmp::Ordering::Greater => 0,
        }
    }

    /// These lengths, as far as the image has come.
    pub fn clip_lengths(&self, lengths: [u64; REGIONS]) -> [u64; REGIONS] {
        std::array::from_fn(|region| lengths[region].min(self.reached(RegionId::ALL[region])))
    }

    /// The part of a range below the cursor, if there is one.
    pub fn clip_range(&self, mut range: Range) -> Option<Range> {
        let below = self.reached(range.region).saturating_sub(range.offset);
        range.xor.truncate(usize::try_from(below).unwrap_or(usize::MAX));
        (!range.xor.is_empty()).then_some(range)
    }

    /// The part of a delta that concerns what has come.
    pub fn clip(&self, delta: Delta) -> Delta {
        let ranges = delta.ranges.into_iter();
        Delta {
            lengths: self.clip_lengths(delta.lengths),
            ranges: ranges.filter_map(|range| self.clip_range(range)).collect(),
        }
    }

    /// Moves behind a chunk, which must begin at the cursor or at the start of a later region.
    ///
    /// # Errors
    /// [`PrimaryFault::ImageOutOfOrder`].
    pub fn pass(&mut self, region: RegionId, offset: u64, bytes: usize) -> Result<(), PrimaryFault> {
        let expected = if region == self.region { self.offset } else { 0 };
        let known = RegionId::ALL.contains(&region);
        let end = offset.checked_add(bytes as u64);
        match end {
            Some(end) if known && region >= self.region && offset == expected && bytes > 0 => {
                *self = Self { region, offset: end };
                Ok(())
            }
            _ => Err(PrimaryFault::ImageOutOfOrder {
                region,
                offset,
                bytes,
                expected_region: self.region,
                expected: self.offset,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(region: RegionId, offset: u64) -> ImageCursor {
        ImageCursor { region, offset }
    }

    #[test]
    fn a_chunk_begins_at_the_cursor_or_at_the_start_of_a_later_region() {
        let mut cursor = ImageCursor::default();
        assert_eq!(cursor.pass(RegionId::VALUES, 0, 10), Ok(()));
        assert_eq!(cursor, at(RegionId::VALUES, 10));
        assert_eq!(cursor.pass(RegionId::SESSIONS, 0, 3), Ok(()));
        assert_eq!(cursor, at(RegionId::SESSIONS, 3));
    }

    #[test]
    fn any_other_chunk_is_refused_and_the_cursor_stays() {
        let start = at(RegionId::ENTRIES, 10);
        let chunks = [
            (RegionId::ENTRIES, 9, 5),
            (RegionId::ENTRIES, 11, 5),
            (RegionId::VALUES, 0, 5),
            (RegionId::SESSIONS, 1, 5),
            (RegionId::ENTRIES, 10, 0),
            (RegionId(3), 0, 5),
        ];
        for (region, offset, bytes) in chunks {
            let mut cursor = start;
            let refused = PrimaryFault::ImageOutOfOrder {
                region,
                offset,
                bytes,
                expected_region: RegionId::ENTRIES,
                expected: 10,
            };
            assert_eq!(cursor.pass(region, offset, bytes), Err(refused));
            assert_eq!(cursor, start);
        }
    }

    #[test]
    fn ranges_and_lengths_are_clipped_to_what_has_come() {
        let cursor = at(RegionId::ENTRIES, 10);
        let range = |region, offset, bytes: usize| Range {
            region,
            offset,
            xor: vec![1; bytes],
        };
        assert_eq!(cursor.clip_lengths([7, 12, 5]), [7, 10, 0]);
        let whole = range(RegionId::VALUES, 100, 9);
        assert_eq!(cursor.clip_range(whole.clone()), Some(whole));
        let across = range(RegionId::ENTRIES, 8, 5);
        assert_eq!(cursor.clip_range(across), Some(range(RegionId::ENTRIES, 8, 2)));
        assert_eq!(cursor.clip_range(range(RegionId::ENTRIES, 10, 5)), None);
        assert_eq!(cursor.clip_range(range(RegionId::SESSIONS, 0, 5)), None);
    }
}
