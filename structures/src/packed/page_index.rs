//! In which page the record of a key starts: a hash table of page numbers, derived from the chain.
//!
//! It keeps four bytes a record and no key; a look-up scans the few pages that the hash leads to. So an entry
//! says neither whose it is nor, when the table must grow, what its hash was: then all pages are read again.
//! Nothing visible depends on the table's order, which differs from one life to the next.
//!
//! Invariant: for every record there is one entry, on the way that its hash leads, with its page's number.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::chain::Watcher;
use super::format::Format;
use super::needle::Needle;
use super::page::PageId;
use super::view::{Cursor, View};

/// A table so much larger than its records need gives memory back.
const SPARE_FACTOR: usize = 3;
/// A table this small is left as it is.
const SMALL_TABLE: usize = 64;

/// See the module's documentation.
#[derive(Clone)]
pub(crate) struct PageIndex {
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    format: Format,
    /// The table was full when a record came: it is to be built again, and says nothing until then.
    is_stale: bool,
}

impl PageIndex {
    pub(crate) fn new(format: Format) -> Self {
        Self::with_capacity(format, 0)
    }

    /// An empty index with room for so many records.
    pub(crate) fn with_capacity(format: Format, records: usize) -> Self {
        Self {
            table: HashTable::with_capacity(records),
            hasher: DefaultHashBuilder::default(),
            format,
            is_stale: false,
        }
    }

    /// Where the record of this key starts.
    pub(crate) fn find(&self, view: View<'_>, key: &[u8]) -> Option<Cursor> {
        self.find_until(view, key, None)
    }

    /// Adds the record that starts here, unless another one has its key, and says whether. Those behind it in
    /// its page must not have been added yet.
    pub(crate) fn add_new(&mut self, view: View<'_>, start: Cursor) -> bool {
        let key = self.format.key(view.record(start));
        let is_new = self.find_until(view, &key, Some(start)).is_none();
        if is_new {
            self.insert(self.hash(&key), start.page);
        }
        is_new
    }

    /// Where the record of this key starts, not counting the record at `end` and those behind it in its page.
    fn find_until(&self, view: View<'_>, key: &[u8], end: Option<Cursor>) -> Option<Cursor> {
        let mut found = None;
        let needle = Needle::new(self.format, key);
        self.table.find(self.hash(key), |page| {
            found = needle.find(view, PageId(*page), end);
            found.is_some()
        });
        found
    }

    /// Heap bytes it occupies.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.table.allocation_size()
    }

    fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    fn hash_of(&self, view: View<'_>, start: Cursor) -> u64 {
        self.hash(&self.format.key(view.record(start)))
    }

    fn insert(&mut self, hash: u64, page: PageId) {
        // The table must not grow by itself: it would ask for hashes of entries, which nobody knows.
        if self.is_stale || self.table.len() == self.table.capacity() {
            self.is_stale = true;
            return;
        }
        self.table
            .insert_unique(hash, page.0, |_| unreachable!("there is room"));
    }

    /// Removes every entry that a record of this page may have on the way of this hash.
    fn remove_all(&mut self, hash: u64, page: PageId) {
        while let Ok(entry) = self.table.find_entry(hash, |other| *other == page.0) {
            entry.remove();
        }
    }

    fn build_again(&mut self, view: View<'_>) {
        let records = view.chain.records() as usize;
        // Freed before the new one is there: the old table is of no use any more.
        self.table = HashTable::new();
        self.table = HashTable::with_capacity(records + records / 8 + 1);
        self.is_stale = false;
        for page in view.chain.order().iter() {
            self.arrived(view, page);
        }
    }
}

impl Watcher for PageIndex {
    fn added(&mut self, view: View<'_>, start: Cursor) {
        self.insert(self.hash_of(view, start), start.page);
    }

    fn removing(&mut self, view: View<'_>, start: Cursor) {
        let (hash, page) = (self.hash_of(view, start), start.page);
        let candidates = self.table.iter_hash(hash).filter(|other| **other == page.0);
        if candidates.count() == 1 {
            self.remove_all(hash, page);
            return;
        }
        // One of them is another record's of the page, and which one cannot be told.
        self.leaving(view, page);
        for other in view.starts(page).filter(|other| *other != start) {
            self.added(view, other);
        }
    }

    fn leaving(&mut self, view: View<'_>, page: PageId) {
        for start in view.starts(page) {
            self.remove_all(self.hash_of(view, start), page);
        }
    }

    fn arrived(&mut self, view: View<'_>, page: PageId) {
        for start in view.starts(page) {
            self.added(view, start);
        }
    }

    fn done(&mut self, view: View<'_>) {
        let needed = view.chain.records() as usize;
        let is_loose = self.table.num_buckets() > SMALL_TABLE.max(SPARE_FACTOR * needed);
        if self.is_stale || is_loose {
            self.build_again(view);
        }
    }
}
