//! The operations on a keyed list's elements, within a caller's transaction.
//!
//! Insert of a new key takes the first slot behind the last and appends to the list; of a known key, and
//! update, replace the value in its slot. Delete unlinks, moves the last slot into the hole, and drops the
//! last slot, so that slots stay dense. Source: the report, "Fusing complex data structures", Figures 3
//! and 4; there the move happens at the backup, here at the primary, as part of the same operation.
//!
//! Invariant: VALUES has exactly `count` slots and ENTRIES a header and `count` entries.

use crate::delta::RegionId;
use crate::entries::{Entries, NIL, empty_header, encode_entry, link, set_count};
use crate::key_index::KeyIndex;
use crate::layout::Layout;
use crate::op::{Op, Outcome};
use crate::transaction::Transaction;

#[derive(Clone)]
pub(crate) struct Elements {
    layout: Layout,
    /// Most elements; an insert past it is refused.
    capacity: u32,
    index: KeyIndex,
}

impl Elements {
    pub(crate) fn new(layout: Layout, index: KeyIndex) -> Self {
        Self {
            layout,
            capacity: layout.capacity(),
            index,
        }
    }

    #[cfg(test)]
    pub(crate) fn set_capacity(&mut self, capacity: u32) {
        self.capacity = capacity;
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    pub(crate) fn index(&self) -> &KeyIndex {
        &self.index
    }

    /// Writes the header of an empty list into an empty ENTRIES region.
    pub(crate) fn start(&self, tx: &mut Transaction<'_>) {
        if tx.image(RegionId::ENTRIES).is_empty() {
            let header = empty_header(self.layout);
            grow(tx, RegionId::ENTRIES, header.len());
            tx.store(RegionId::ENTRIES, 0, &header);
        }
    }

    /// Applies one operation that a session admitted. A refused one changes nothing.
    pub(crate) fn apply(&mut self, tx: &mut Transaction<'_>, op: &Op) -> Outcome {
        match op {
            Op::OpenSession => Outcome::SessionOpened,
            Op::Insert { key, value } => self.insert(tx, key, value),
            Op::Update { key, value } => self.update(tx, key, value),
            Op::Delete { key } => self.delete(tx, key),
            _ => Outcome::Unsupported,
        }
    }

    fn insert(&mut self, tx: &mut Transaction<'_>, key: &[u8], value: &[u8]) -> Outcome {
        if let Some(refusal) = self.refuse(key, value) {
            return refusal;
        }
        let entries = self.entries(tx);
        if let Some(slot) = self.index.find(entries, key) {
            self.replace(tx, slot, value);
            return Outcome::Updated;
        }
        if entries.count() >= self.capacity {
            return Outcome::Full;
        }
        self.append(tx, key, value);
        Outcome::Inserted
    }

    fn update(&mut self, tx: &mut Transaction<'_>, key: &[u8], value: &[u8]) -> Outcome {
        if let Some(refusal) = self.refuse(key, value) {
            return refusal;
        }
        let Some(slot) = self.index.find(self.entries(tx), key) else {
            return Outcome::AbsentKey;
        };
        self.replace(tx, slot, value);
        Outcome::Updated
    }

    fn delete(&mut self, tx: &mut Transaction<'_>, key: &[u8]) -> Outcome {
        if let Some(refusal) = self.refuse(key, &[]) {
            return refusal;
        }
        let Some(slot) = self.index.find(self.entries(tx), key) else {
            return Outcome::AbsentKey;
        };
        self.remove(tx, slot);
        Outcome::Deleted
    }

    /// The outcome of an operation with this key and value, if they break a limit.
    fn refuse(&self, key: &[u8], value: &[u8]) -> Option<Outcome> {
        let limits = self.layout.limits();
        if key.is_empty() || key.len() > usize::from(limits.key_bytes) {
            Some(Outcome::BadKeyLength)
        } else if value.len() > usize::from(limits.element_bytes) {
            Some(Outcome::ValueTooLong)
        } else {
            None
        }
    }

    fn append(&mut self, tx: &mut Transaction<'_>, key: &[u8], value: &[u8]) {
        let slot = self.entries(tx).count();
        let tail = self.entries(tx).tail();
        grow(tx, RegionId::VALUES, self.layout.value_width());
        grow(tx, RegionId::ENTRIES, self.layout.entry_width());
        self.replace(tx, slot, value);
        let entry = encode_entry(self.layout, tail, NIL, key);
        tx.store(RegionId::ENTRIES, self.layout.entry_offset(slot), &entry);
        link(tx, self.layout, tail, slot);
        link(tx, self.layout, slot, NIL);
        set_count(tx, slot + 1);
        self.index.insert(self.entries(tx), slot);
    }

    fn replace(&self, tx: &mut Transaction<'_>, slot: u32, value: &[u8]) {
        tx.store(
            RegionId::VALUES,
            self.layout.value_offset(slot),
            &self.layout.encode_value(value),
        );
    }

    fn remove(&mut self, tx: &mut Transaction<'_>, slot: u32) {
        let entries = self.entries(tx);
        let last = entries.count() - 1;
        let (prev, next) = (entries.prev(slot), entries.next(slot));
        self.index.remove(entries, slot);
        link(tx, self.layout, prev, next);
        if slot != last {
            self.relocate(tx, last, slot);
        }
        tx.cut(RegionId::VALUES, self.layout.value_offset(last));
        tx.cut(RegionId::ENTRIES, self.layout.entry_offset(last));
        set_count(tx, last);
    }

    /// Copies the element in slot `from` into the unlinked slot `to`, and links it there.
    fn relocate(&mut self, tx: &mut Transaction<'_>, from: u32, to: u32) {
        let entries = self.entries(tx);
        self.index.relocate(entries, from, to);
        // Read after the deleted element was unlinked: it may have been a neighbour.
        let (prev, next) = (entries.prev(from), entries.next(from));
        let entry = encode_entry(self.layout, prev, next, entries.key(from));
        let start = self.layout.value_offset(from);
        let value = tx.image(RegionId::VALUES)[start..start + self.layout.value_width()].to_vec();
        tx.store(RegionId::ENTRIES, self.layout.entry_offset(to), &entry);
        tx.store(RegionId::VALUES, self.layout.value_offset(to), &value);
        link(tx, self.layout, prev, to);
        link(tx, self.layout, to, next);
    }

    fn entries<'t>(&self, tx: &'t Transaction<'_>) -> Entries<'t> {
        Entries::new(tx.image(RegionId::ENTRIES), self.layout)
    }
}

fn grow(tx: &mut Transaction<'_>, region: RegionId, bytes: usize) {
    tx.grow(region, bytes)
        .expect("the layout's capacity keeps every region below its limit");
}
