//! The pages of a chain in order, with the number of records that start in each: derived, never stored.
//!
//! Two levels: *chunks* of up to [`CHUNK_PAGES`] neighbouring pages, and the chunks in order. So the page
//! before another, the page that holds the n-th record, and a binary search over all pages cost no more than
//! about the square root of their number, and so does putting a page between two others.
//!
//! Invariant: every page of the chain is in one chunk, and no chunk is empty. Where chunks begin depends on how
//! the chain came about; nothing that is stored may depend on it.

mod search;

use super::lean;
use super::page::PageId;

/// Most pages of one chunk.
const CHUNK_PAGES: usize = 256;

/// A chunk, by its place in `chunks`, which stays while the order changes.
type ChunkId = u32;

#[derive(Clone, Debug, Default)]
struct Chunk {
    /// In order.
    pages: Vec<PageId>,
    /// Records that start in them.
    records: u32,
}

/// What is known of one page.
#[derive(Clone, Copy, Debug)]
struct Entry {
    chunk: ChunkId,
    /// Records that start in it.
    records: u16,
}

/// Where a page is: the chunk's place in the sequence, and the page's in the chunk.
#[derive(Clone, Copy, Debug)]
struct Place {
    rank: usize,
    slot: usize,
}

/// See the module's documentation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    entries: Vec<Entry>,
    chunks: Vec<Chunk>,
    /// Chunks in order; those of `chunks` that are not in it are in `unused`.
    sequence: Vec<ChunkId>,
    unused: Vec<ChunkId>,
    records: u64,
}

impl Order {
    /// These pages in this order, without records yet; they are all those below their number.
    pub(crate) fn in_order(pages: &[PageId]) -> Self {
        let unset = Entry { chunk: 0, records: 0 };
        let mut order = Self {
            entries: vec![unset; pages.len()],
            ..Self::default()
        };
        for (rank, chunk) in pages.chunks(CHUNK_PAGES).enumerate() {
            order.add_chunk(rank, chunk.to_vec());
        }
        order
    }

    /// Records of all pages.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Records that start in a page.
    pub(crate) fn records_in(&self, page: PageId) -> u16 {
        self.entries[page.index()].records
    }

    pub(crate) fn pages(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn first(&self) -> Option<PageId> {
        self.chunk_at(0)?.pages.first().copied()
    }

    pub(crate) fn last(&self) -> Option<PageId> {
        self.chunk_at(self.sequence.len().wrapping_sub(1))?
            .pages
            .last()
            .copied()
    }

    /// The page before this one.
    pub(crate) fn before(&self, page: PageId) -> Option<PageId> {
        let slot = self.slot(page);
        if slot > 0 {
            return Some(self.chunk_of(page).pages[slot - 1]);
        }
        let rank = self.rank(page).checked_sub(1)?;
        self.chunk_at(rank)?.pages.last().copied()
    }

    /// The page with up to `reach` pages before it and behind it, in order.
    pub(crate) fn around(&self, page: PageId, reach: usize) -> Vec<PageId> {
        let (rank, slot) = (self.rank(page), self.slot(page));
        let chunk = |rank: usize| self.chunk_at(rank).map_or(&[][..], |chunk| &chunk.pages);
        let further_before = (0..rank).rev().flat_map(|rank| chunk(rank).iter().rev());
        let further_behind = (rank + 1..self.sequence.len()).flat_map(chunk);
        let before = chunk(rank)[..slot].iter().rev().chain(further_before);
        let behind = chunk(rank)[slot..].iter().chain(further_behind);
        let mut around: Vec<PageId> = before.take(reach).copied().collect();
        around.reverse();
        around.extend(behind.take(reach + 1));
        around
    }

    /// All pages, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = PageId> {
        let chunks = self.sequence.iter().map(|id| &self.chunks[*id as usize]);
        chunks.flat_map(|chunk| chunk.pages.iter().copied())
    }

    /// Sets the number of records that start in a page.
    pub(crate) fn set_records(&mut self, page: PageId, records: u16) {
        let entry = &mut self.entries[page.index()];
        let before = std::mem::replace(&mut entry.records, records);
        let chunk = &mut self.chunks[entry.chunk as usize];
        chunk.records = chunk.records - u32::from(before) + u32::from(records);
        self.records = self.records - u64::from(before) + u64::from(records);
    }

    /// Adds a page without records, numbered behind all others, right behind `anchor` or before all.
    pub(crate) fn insert_after(&mut self, anchor: Option<PageId>) -> PageId {
        let page = PageId(self.entries.len() as u32);
        let Place { rank, slot } = self.room_behind(anchor);
        let chunk = self.sequence[rank];
        self.chunks[chunk as usize].pages.insert(slot, page);
        lean::push(&mut self.entries, Entry { chunk, records: 0 });
        page
    }

    /// Takes a page without records out. If it is not the page with the largest number, that one gets its
    /// number; returns whether.
    pub(crate) fn remove(&mut self, page: PageId) -> bool {
        self.set_records(page, 0);
        self.take_out(page);
        let last = PageId(self.entries.len() as u32 - 1);
        let entry = lean::pop(&mut self.entries).expect("the page removed is among them");
        if page == last {
            return false;
        }
        let chunk = &mut self.chunks[entry.chunk as usize];
        let slot = position(&chunk.pages, last);
        chunk.pages[slot] = page;
        self.entries[page.index()] = entry;
        true
    }

    /// Heap bytes it occupies.
    pub(crate) fn heap_bytes(&self) -> usize {
        let pages: usize = self.chunks.iter().map(|chunk| chunk.pages.capacity()).sum();
        self.entries.capacity() * size_of::<Entry>()
            + self.chunks.capacity() * size_of::<Chunk>()
            + (self.sequence.capacity() + self.unused.capacity()) * size_of::<ChunkId>()
            + pages * size_of::<PageId>()
    }

    fn chunk_at(&self, rank: usize) -> Option<&Chunk> {
        let id = self.sequence.get(rank)?;
        Some(&self.chunks[*id as usize])
    }

    fn chunk_of(&self, page: PageId) -> &Chunk {
        &self.chunks[self.entries[page.index()].chunk as usize]
    }

    fn slot(&self, page: PageId) -> usize {
        position(&self.chunk_of(page).pages, page)
    }

    fn rank(&self, page: PageId) -> usize {
        let chunk = self.entries[page.index()].chunk;
        let found = self.sequence.iter().position(|id| *id == chunk);
        found.expect("the chunk of a page is in the sequence")
    }

    /// A place right behind `anchor`, or before all pages, in a chunk that has room.
    fn room_behind(&mut self, anchor: Option<PageId>) -> Place {
        let Some(anchor) = anchor else {
            if self
                .chunk_at(0)
                .is_none_or(|chunk| chunk.pages.len() == CHUNK_PAGES)
            {
                self.add_chunk(0, Vec::new());
            }
            return Place { rank: 0, slot: 0 };
        };
        let Place { rank, slot } = Place {
            rank: self.rank(anchor),
            slot: self.slot(anchor) + 1,
        };
        if self.chunk_of(anchor).pages.len() < CHUNK_PAGES {
            return Place { rank, slot };
        }
        // Behind a full chunk a new one begins, so that a chain that only grows at its end has full chunks.
        if slot == CHUNK_PAGES {
            self.add_chunk(rank + 1, Vec::new());
            return Place {
                rank: rank + 1,
                slot: 0,
            };
        }
        self.split(rank);
        match slot.checked_sub(CHUNK_PAGES / 2) {
            Some(slot) if slot > 0 => Place { rank: rank + 1, slot },
            _ => Place { rank, slot },
        }
    }

    /// Moves the second half of a full chunk to a new one behind it.
    fn split(&mut self, rank: usize) {
        let chunk = &mut self.chunks[self.sequence[rank] as usize];
        let pages = chunk.pages.split_off(CHUNK_PAGES / 2);
        chunk.records -= count(&self.entries, &pages);
        self.add_chunk(rank + 1, pages);
    }

    fn add_chunk(&mut self, rank: usize, pages: Vec<PageId>) {
        let records = count(&self.entries, &pages);
        let id = match self.unused.pop() {
            Some(id) => id,
            None => {
                lean::push(&mut self.chunks, Chunk::default());
                self.chunks.len() as ChunkId - 1
            }
        };
        for page in &pages {
            self.entries[page.index()].chunk = id;
        }
        self.chunks[id as usize] = Chunk { pages, records };
        self.sequence.insert(rank, id);
    }

    fn take_out(&mut self, page: PageId) {
        let (rank, slot) = (self.rank(page), self.slot(page));
        let chunk = &mut self.chunks[self.sequence[rank] as usize];
        chunk.pages.remove(slot);
        if chunk.pages.is_empty() {
            self.drop_chunk(rank);
            return;
        }
        self.join_small(rank);
        if rank > 0 {
            self.join_small(rank - 1);
        }
    }

    /// Joins a chunk with the next one if both together are small.
    fn join_small(&mut self, rank: usize) {
        let [left, right] = [rank, rank + 1].map(|rank| self.sequence.get(rank).copied());
        let (Some(left), Some(right)) = (left, right) else {
            return;
        };
        let together = self.chunks[left as usize].pages.len() + self.chunks[right as usize].pages.len();
        if together > CHUNK_PAGES / 2 {
            return;
        }
        let Chunk { pages, records } = std::mem::take(&mut self.chunks[right as usize]);
        for page in &pages {
            self.entries[page.index()].chunk = left;
        }
        let joined = &mut self.chunks[left as usize];
        joined.pages.extend(pages);
        joined.records += records;
        self.drop_chunk(rank + 1);
    }

    fn drop_chunk(&mut self, rank: usize) {
        let id = self.sequence.remove(rank);
        self.chunks[id as usize] = Chunk::default();
        self.unused.push(id);
    }
}

fn position(pages: &[PageId], page: PageId) -> usize {
    // From the end: most often it is the last page that is looked for.
    let found = pages.iter().rposition(|other| *other == page);
    found.expect("a page is in its chunk")
}

fn count(entries: &[Entry], pages: &[PageId]) -> u32 {
    let records = pages.iter().map(|page| u32::from(entries[page.index()].records));
    records.sum()
}

#[cfg(test)]
mod tests;
