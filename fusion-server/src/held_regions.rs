//! One primary's regions as a fused server holds them: coded ones in the parities, plain ones as they are.
//!
//! Of a coded region only the length is here, the report's `tos`. What the layout leaves plain (of `linked` the
//! auxiliary list and the clients' sessions, of `arena` nothing) is an arena whose coded regions are empty.
//!
//! Invariant: a delta changes both kinds of regions or neither; undoing it gives back the bytes before it.

use std::array;

use structures::{
    arena::{Arena, ArenaError, check_growth},
    delta::{Delta, REGIONS, Range, RegionId},
};
use wire::message::fusion::Layout;

use crate::{
    coded::{Addend, Coded},
    defect::{Defect, torn},
};

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldRegions {
    /// Bytes of each coded region that are in its parity; 0 for a plain one.
    coded_lengths: [u64; REGIONS],
    /// The plain regions.
    plain: Arena,
}

impl HeldRegions {
    /// Bytes of each region.
    pub fn lengths(&self) -> [u64; REGIONS] {
        let plain = self.plain.lengths();
        array::from_fn(|region| self.coded_lengths[region].max(plain[region]))
    }

    /// Bytes of each coded region; 0 for a plain one.
    pub fn coded_lengths(&self) -> [u64; REGIONS] {
        self.coded_lengths
    }

    /// A plain region's bytes.
    pub fn plain(&self, region: RegionId) -> &[u8] {
        self.plain.image(region)
    }

    /// Bytes of all plain regions.
    pub fn plain_bytes(&self) -> u64 {
        self.plain.lengths().iter().sum()
    }

    /// Applies a delta; returns its ranges and the lengths before it, for [`Self::undo`].
    ///
    /// # Errors
    /// Every variant of [`ArenaError`]; nothing is changed.
    pub fn apply(
        &mut self,
        coded: &mut Coded,
        addend: Addend,
        delta: Delta,
    ) -> Result<(Vec<Range>, [u64; REGIONS]), ArenaError> {
        let layout = coded.layout();
        let old_lengths = self.lengths();
        let coded_lengths = layout.coded_lengths(delta.lengths);
        let longest = array::from_fn(|region| coded_lengths[region].max(self.coded_lengths[region]));
        let (mut ranges, plain) = part(layout, delta.ranges);
        for region in layout.coded() {
            let place = usize::from(region.0);
            check_growth(region, self.coded_lengths[place], coded_lengths[place])?;
        }
        check_bounds(&ranges, longest)?;
        let mut plain = Delta {
            lengths: layout.plain_lengths(delta.lengths),
            ranges: plain,
        };
        self.plain.apply(&plain)?;
        coded.reach(longest);
        add(coded, addend, torn(coded.planted, Defect::TornOperation, &ranges));
        self.coded_lengths = coded_lengths;
        ranges.append(&mut plain.ranges);
        Ok((ranges, old_lengths))
    }

    /// Undoes the last delta applied that is not undone yet, by what [`Self::apply`] returned.
    pub fn undo(
        &mut self,
        coded: &mut Coded,
        addend: Addend,
        ranges: Vec<Range>,
        old_lengths: [u64; REGIONS],
    ) {
        let layout = coded.layout();
        let (ranges, plain) = part(layout, ranges);
        let plain = Delta {
            lengths: [0; REGIONS],
            ranges: plain,
        };
        self.plain
            .undo(&plain, layout.plain_lengths(old_lengths))
            .expect("it is the last delta applied, and these were the lengths before it");
        self.coded_lengths = layout.coded_lengths(old_lengths);
        // The delta may have cut a region that undoing it makes long again.
        coded.reach(self.coded_lengths);
        add(coded, addend, torn(coded.planted, Defect::TornUndo, &ranges));
    }
}

fn add(coded: &mut Coded, addend: Addend, ranges: &[Range]) {
    for range in ranges {
        coded.add(addend, range.region, range.offset, &range.xor);
    }
}

/// The ranges of coded regions, and all others.
fn part(layout: Layout, ranges: Vec<Range>) -> (Vec<Range>, Vec<Range>) {
    let is_coded = |range: &Range| layout.is_coded(range.region);
    match ranges.iter().all(is_coded) {
        true => (ranges, Vec::new()),
        false => ranges.into_iter().partition(is_coded),
    }
}

/// Whether all ranges lie within their regions.
fn check_bounds(ranges: &[Range], lengths: [u64; REGIONS]) -> Result<(), ArenaError> {
    for range in ranges {
        let length = lengths[usize::from(range.region.0)];
        let (offset, bytes) = (range.offset, range.xor.len() as u64);
        if offset.checked_add(bytes).is_none_or(|end| end > length) {
            return Err(ArenaError::RangeOutside {
                region: range.region.0,
                offset,
                bytes,
                length,
            });
        }
    }
    Ok(())
}
