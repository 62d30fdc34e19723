//! Which slot holds a key: a hash table of slot numbers, derived from the ENTRIES region.
//!
//! It keeps four bytes an element, not the keys, which it reads from the region; so it is rebuilt rather
//! than protected. Nothing visible depends on its order, which differs from one life to the next.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::entries::Entries;

#[derive(Clone, Default)]
pub(crate) struct KeyIndex {
    slots: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl KeyIndex {
    pub(crate) fn with_capacity(elements: usize) -> Self {
        Self {
            slots: HashTable::with_capacity(elements),
            hasher: DefaultHashBuilder::default(),
        }
    }

    pub(crate) fn find(&self, entries: Entries<'_>, key: &[u8]) -> Option<u32> {
        self.slots
            .find(self.hash(key), |slot| entries.key(*slot) == key)
            .copied()
    }

    /// Adds a slot whose key, already in `entries`, is in no slot of the index.
    pub(crate) fn insert(&mut self, entries: Entries<'_>, slot: u32) {
        let hash = self.hash(entries.key(slot));
        let hasher = &self.hasher;
        self.slots
            .insert_unique(hash, slot, |slot| hasher.hash_one(entries.key(*slot)));
    }

    /// Removes a slot; `entries` are those from before its removal.
    pub(crate) fn remove(&mut self, entries: Entries<'_>, slot: u32) {
        let hash = self.hash(entries.key(slot));
        if let Ok(occupied) = self.slots.find_entry(hash, |other| *other == slot) {
            occupied.remove();
        }
    }

    /// The element in slot `from` is about to move to slot `to`; `entries` are those from before.
    pub(crate) fn relocate(&mut self, entries: Entries<'_>, from: u32, to: u32) {
        let hash = self.hash(entries.key(from));
        if let Some(slot) = self.slots.find_mut(hash, |other| *other == from) {
            *slot = to;
        }
    }

    /// Heap bytes it occupies.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.slots.allocation_size()
    }

    fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }
}
