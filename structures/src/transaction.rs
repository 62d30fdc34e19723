//! The only way a structure's bytes are changed: every store is recorded as old xor new.
//!
//! On commit the records become one [`Delta`]: sorted, with overlapping and adjacent ranges merged and
//! unchanged bytes at either end of a range left out. Dropped before that, the transaction restores the
//! bytes. Source: DESIGN, "Fusion: deltas in, residuals out".
//!
//! Invariant: applying the delta to a copy of the arena before gives the arena after.

use std::borrow::Cow;

use crate::arena::{Arena, ArenaError, check_length};
use crate::delta::{Delta, REGIONS, Range, RegionId};

/// Stores of most operations: less memory to begin with would only be asked for in steps.
const USUAL_STORES: usize = 8;
/// Bytes of these stores.
const USUAL_BYTES: usize = 128;

/// Old xor new of one store; its bytes are part of [`Transaction::xors`].
#[derive(Clone, Copy, Debug)]
struct Store {
    region: RegionId,
    /// First byte, from the start of the region.
    offset: usize,
    /// First byte in `xors`.
    start: usize,
    bytes: usize,
}

impl Store {
    fn end(self) -> usize {
        self.offset + self.bytes
    }
}

/// Changes under way on one arena.
#[derive(Debug)]
pub struct Transaction<'arena> {
    arena: &'arena mut Arena,
    /// Where dropping goes back to; commit moves it to the new lengths.
    old_lengths: [u64; REGIONS],
    /// In the order in which they were made; emptied by commit.
    stores: Vec<Store>,
    /// Old xor new of every store, one after the other.
    xors: Vec<u8>,
}

impl<'arena> Transaction<'arena> {
    /// Starts a transaction; nothing is changed yet.
    pub fn begin(arena: &'arena mut Arena) -> Self {
        let old_lengths = arena.lengths();
        Self {
            arena,
            old_lengths,
            stores: Vec::with_capacity(USUAL_STORES),
            xors: Vec::with_capacity(USUAL_BYTES),
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
        let start = self.xors.len();
        self.xors.extend(old.iter().zip(new).map(|(old, new)| old ^ new));
        self.stores.push(Store {
            region,
            offset,
            start,
            bytes: new.len(),
        });
        self.arena.write(region, offset, new);
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
        let Some(dropped) = self.arena.image(region).get(length..) else {
            return;
        };
        self.stores.push(Store {
            region,
            offset: length,
            start: self.xors.len(),
            bytes: dropped.len(),
        });
        self.xors.extend_from_slice(dropped);
        self.arena.resize_one(region, length);
    }

    /// Ends the transaction and says what it changed.
    pub fn commit(mut self) -> Delta {
        let delta = self.take_delta();
        self.old_lengths = delta.lengths;
        delta
    }

    fn take_delta(&mut self) -> Delta {
        // Equal places keep their order, which does not matter for xor but costs nothing.
        self.stores.sort_by_key(|store| (store.region, store.offset));
        let mut ranges = Vec::with_capacity(self.stores.len());
        let mut rest = &self.stores[..];
        while let [first, ..] = rest {
            let (together, behind) = rest.split_at(connected(rest));
            ranges.extend(trimmed(*first, &self.total(together)));
            rest = behind;
        }
        self.stores.clear();
        Delta {
            lengths: self.arena.lengths(),
            ranges,
        }
    }

    /// The xor of stores that overlap or touch, from the first one's offset on.
    fn total(&self, stores: &[Store]) -> Cow<'_, [u8]> {
        let xor = |store: &Store| &self.xors[store.start..store.start + store.bytes];
        if let [only] = stores {
            return Cow::Borrowed(xor(only));
        }
        let first = stores[0].offset;
        let end = stores.iter().map(|store| store.end()).max().unwrap_or(first);
        let mut total = vec![0; end - first];
        for store in stores {
            let start = store.offset - first;
            for (byte, change) in total[start..].iter_mut().zip(xor(store)) {
                *byte ^= change;
            }
        }
        Cow::Owned(total)
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

/// How many of the stores, which are sorted, overlap or touch the first one, directly or through others.
fn connected(stores: &[Store]) -> usize {
    let Some(first) = stores.first() else {
        return 0;
    };
    let mut end = first.end();
    let apart = stores.iter().position(|store| {
        let joins = store.region == first.region && store.offset <= end;
        end = end.max(store.end());
        !joins
    });
    apart.unwrap_or(stores.len())
}

/// The range of this xor from the first store's offset on, without unchanged ends; none if nothing changed.
fn trimmed(first: Store, xor: &[u8]) -> Option<Range> {
    let skipped = xor.iter().position(|byte| *byte != 0)?;
    let last = xor.iter().rposition(|byte| *byte != 0)?;
    Some(Range {
        region: first.region,
        offset: (first.offset + skipped) as u64,
        xor: xor[skipped..=last].to_vec(),
    })
}

#[cfg(test)]
mod tests;
