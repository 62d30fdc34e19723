//! The only way a structure's bytes are changed: every store is recorded as old xor new.
//!
//! On commit the records become one [`Delta`]: sorted, with overlapping and adjacent ranges merged and
//! unchanged bytes at either end of a range left out. Dropped before that, the transaction restores the
//! bytes. Source: DESIGN, "Fusion: deltas in, residuals out".
//!
//! Invariant: applying the delta to a copy of the arena before gives the arena after.

use crate::arena::{Arena, ArenaError, check_length};
use crate::delta::{Delta, REGIONS, Range, RegionId};

/// Changes under way on one arena.
#[derive(Debug)]
pub struct Transaction<'arena> {
    arena: &'arena mut Arena,
    /// Where dropping goes back to; commit moves it to the new lengths.
    old_lengths: [u64; REGIONS],
    /// Old xor new of each store, in the order of the stores; emptied by commit.
    stores: Vec<Range>,
}

impl<'arena> Transaction<'arena> {
    /// Starts a transaction; nothing is changed yet.
    pub fn begin(arena: &'arena mut Arena) -> Self {
        let old_lengths = arena.lengths();
        Self {
            arena,
            old_lengths,
            stores: Vec::new(),
        }
    }

    /// The bytes as they are now, with the changes made so far.
    pub fn image(&self, region: RegionId) -> &[u8] {
        self.arena.image(region)
    }

    /// Replaces the bytes from `offset` on by `new`.
    ///
    /// # Panics
    /// If they leave the region: structures know their own layout.
    pub fn store(&mut self, region: RegionId, offset: usize, new: &[u8]) {
        let old = &self.arena.image(region)[offset..offset + new.len()];
        let xor: Vec<u8> = old.iter().zip(new).map(|(old, new)| old ^ new).collect();
        self.record(region, offset, xor);
    }

    /// Appends `bytes` zero bytes to a region.
    ///
    /// # Errors
    /// [`ArenaError::RegionTooLong`]; nothing is changed.
    pub fn grow(&mut self, region: RegionId, bytes: usize) -> Result<(), ArenaError> {
        let length = self.arena.len(region) as u64 + bytes as u64;
        check_length(region, length)?;
        self.arena.resize_one(region, length as usize);
        Ok(())
    }

    /// Zeroes and drops the bytes of a region from `length` on; a region that is shorter stays as it is.
    pub fn cut(&mut self, region: RegionId, length: usize) {
        if length < self.arena.len(region) {
            let dropped = self.arena.image(region)[length..].to_vec();
            self.record(region, length, dropped);
            self.arena.resize_one(region, length);
        }
    }

    /// Ends the transaction and says what it changed.
    pub fn commit(mut self) -> Delta {
        let delta = self.take_delta();
        self.old_lengths = delta.lengths;
        delta
    }

    fn record(&mut self, region: RegionId, offset: usize, xor: Vec<u8>) {
        self.arena.xor_at(region, offset, &xor);
        self.stores.push(Range {
            region,
            offset: offset as u64,
            xor,
        });
    }

    fn take_delta(&mut self) -> Delta {
        Delta {
            lengths: self.arena.lengths(),
            ranges: merge(std::mem::take(&mut self.stores)),
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.stores.is_empty() && self.arena.lengths() == self.old_lengths {
            return;
        }
        let delta = self.take_delta();
        self.arena
            .undo(&delta, self.old_lengths)
            .expect("the ranges were recorded within these lengths, and grown bytes were zero");
    }
}

/// One sorted run of ranges with the same total effect, none empty, overlapping or adjacent.
fn merge(mut stores: Vec<Range>) -> Vec<Range> {
    stores.sort_by_key(|range| (range.region, range.offset));
    let mut merged: Vec<Range> = Vec::with_capacity(stores.len());
    for range in stores {
        match merged.last_mut() {
            Some(last) if last.region == range.region && range.offset <= end(last) => absorb(last, &range),
            _ => merged.push(range),
        }
    }
    merged.retain_mut(trim);
    merged
}

fn end(range: &Range) -> u64 {
    range.offset + range.xor.len() as u64
}

/// Adds `next`, which starts within or right behind `range`, to it.
fn absorb(range: &mut Range, next: &Range) {
    let start = (next.offset - range.offset) as usize;
    let length = range.xor.len().max(start + next.xor.len());
    range.xor.resize(length, 0);
    for (byte, change) in range.xor[start..].iter_mut().zip(&next.xor) {
        *byte ^= change;
    }
}

/// Drops unchanged bytes at both ends; false if nothing is left.
fn trim(range: &mut Range) -> bool {
    let Some(last) = range.xor.iter().rposition(|byte| *byte != 0) else {
        return false;
    };
    range.xor.truncate(last + 1);
    let first = range.xor.iter().position(|byte| *byte != 0).unwrap_or(0);
    range.xor.drain(..first);
    range.offset += first as u64;
    true
}

#[cfg(test)]
mod tests;
