//! Finding a page by the place of a record, or by a property that the first pages have and the others lack.

use super::{Chunk, Order};
use crate::packed::page::PageId;

impl Order {
    /// The page in which the record at this place starts, and how many records start in it before that one.
    pub(crate) fn locate(&self, index: u64) -> Option<(PageId, usize)> {
        if index >= self.records {
            return None;
        }
        let mut left = index;
        let chunks = self.sequence.iter().map(|id| &self.chunks[*id as usize]);
        let chunk = skip(chunks, &mut left, |chunk| u64::from(chunk.records))?;
        let page = skip(chunk.pages.iter(), &mut left, |page| {
            u64::from(self.records_in(**page))
        })?;
        Some((*page, left as usize))
    }

    /// The last page with records for which `is_before` holds, which must hold for the first such pages and
    /// not for the others.
    pub(crate) fn last_page_where(&self, mut is_before: impl FnMut(PageId) -> bool) -> Option<PageId> {
        let with_records = |chunk: &Chunk| {
            chunk
                .pages
                .iter()
                .copied()
                .find(|page| self.records_in(*page) > 0)
        };
        let rank = last_where(self.sequence.len(), |rank| {
            let first = with_records(self.chunk_at(rank)?)?;
            Some(is_before(first))
        })?;
        let pages = &self.chunk_at(rank)?.pages;
        let slot = last_where(pages.len(), |slot| {
            (self.records_in(pages[slot]) > 0).then(|| is_before(pages[slot]))
        })?;
        Some(pages[slot])
    }
}

/// The item that holds the unit number `left`, which becomes the number within the item.
fn skip<T>(mut items: impl Iterator<Item = T>, left: &mut u64, units: impl Fn(&T) -> u64) -> Option<T> {
    items.find(|item| {
        let units = units(item);
        let is_here = *left < units;
        if !is_here {
            *left -= units;
        }
        is_here
    })
}

/// The last place below `end` where `holds` says true; where it says nothing, the place is passed over.
fn last_where(end: usize, mut holds: impl FnMut(usize) -> Option<bool>) -> Option<usize> {
    let (mut low, mut high) = (0, end);
    let mut found = None;
    while low < high {
        let middle = low + (high - low) / 2;
        let answer = (middle..high).find_map(|place| Some((place, holds(place)?)));
        match answer {
            Some((place, true)) => {
                found = Some(place);
                low = place + 1;
            }
            _ => high = middle,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_is_found_whatever_places_say_nothing() {
        for silent in 0..1u32 << 7 {
            for border in 0..=7 {
                let says = |place: usize| (silent >> place & 1 == 0).then_some(place < border);
                let obvious = (0..7).rev().find(|place| says(*place) == Some(true));
                assert_eq!(last_where(7, says), obvious, "{silent:b} {border}");
            }
        }
    }
}
