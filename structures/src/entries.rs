//! Reading and linking the auxiliary list: header, keys, and which slot follows which.
//!
//! Source: the report, "Fusing complex data structures": an auxiliary list mirrors the order of a
//! primary's elements, whose values lie elsewhere. Links here are slot numbers.
//!
//! Invariant (checked by [`crate::keyed_list::KeyedList::from_images`]): from head to tail the links pass
//! through every slot once, and back.

use crate::delta::RegionId;
use crate::layout::{ENTRY_PREFIX_BYTES, HEADER_BYTES, Layout};
use crate::transaction::Transaction;

/// First bytes of the region.
pub(crate) const MAGIC: [u8; 4] = *b"FBkl";
/// Changed whenever the meaning of the bytes changes.
pub(crate) const VERSION: u8 = 1;
/// The link that leads nowhere.
pub(crate) const NIL: u32 = u32::MAX;

// Count and tail side by side: an insert changes both, as one range.
const COUNT: usize = 8;
const TAIL: usize = 12;
const HEAD: usize = 16;
const PREV: usize = 0;
const NEXT: usize = 4;
const KEY_LENGTH: usize = 8;

/// The ENTRIES region, read. An empty region is an empty list.
#[derive(Clone, Copy)]
pub(crate) struct Entries<'a> {
    image: &'a [u8],
    layout: Layout,
}

impl<'a> Entries<'a> {
    pub(crate) fn new(image: &'a [u8], layout: Layout) -> Self {
        Self { image, layout }
    }

    pub(crate) fn count(self) -> u32 {
        if self.image.is_empty() {
            0
        } else {
            self.u32_at(COUNT)
        }
    }

    /// First slot of the list, or [`NIL`].
    pub(crate) fn head(self) -> u32 {
        if self.image.is_empty() {
            NIL
        } else {
            self.u32_at(HEAD)
        }
    }

    /// Last slot of the list, or [`NIL`].
    pub(crate) fn tail(self) -> u32 {
        if self.image.is_empty() {
            NIL
        } else {
            self.u32_at(TAIL)
        }
    }

    pub(crate) fn prev(self, slot: u32) -> u32 {
        self.u32_at(self.layout.entry_offset(slot) + PREV)
    }

    pub(crate) fn next(self, slot: u32) -> u32 {
        self.u32_at(self.layout.entry_offset(slot) + NEXT)
    }

    pub(crate) fn key(self, slot: u32) -> &'a [u8] {
        &self.padded_key(slot)[..self.key_length(slot)]
    }

    pub(crate) fn key_length(self, slot: u32) -> usize {
        usize::from(self.image[self.layout.entry_offset(slot) + KEY_LENGTH])
    }

    /// The key with the zeroes behind it.
    pub(crate) fn padded_key(self, slot: u32) -> &'a [u8] {
        let start = self.layout.entry_offset(slot) + ENTRY_PREFIX_BYTES;
        &self.image[start..start + usize::from(self.layout.limits().key_bytes)]
    }

    fn u32_at(self, offset: usize) -> u32 {
        let bytes = &self.image[offset..offset + 4];
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }
}

/// The header of an empty list with these limits.
pub(crate) fn empty_header(layout: Layout) -> [u8; HEADER_BYTES] {
    let limits = layout.limits();
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(&MAGIC);
    header[4] = VERSION;
    header[5] = limits.key_bytes;
    header[6..8].copy_from_slice(&limits.element_bytes.to_le_bytes());
    header[TAIL..HEAD].copy_from_slice(&NIL.to_le_bytes());
    header[HEAD..].copy_from_slice(&NIL.to_le_bytes());
    header
}

/// The bytes of an entry; `key` must not be longer than `key_bytes`.
pub(crate) fn encode_entry(layout: Layout, prev: u32, next: u32, key: &[u8]) -> Vec<u8> {
    let mut entry = Vec::with_capacity(layout.entry_width());
    entry.extend_from_slice(&prev.to_le_bytes());
    entry.extend_from_slice(&next.to_le_bytes());
    entry.push(key.len() as u8);
    entry.extend_from_slice(key);
    entry.resize(layout.entry_width(), 0);
    entry
}

/// Sets the number of elements.
pub(crate) fn set_count(tx: &mut Transaction<'_>, count: u32) {
    tx.store(RegionId::ENTRIES, COUNT, &count.to_le_bytes());
}

/// Makes `next` follow `prev`; [`NIL`] on either side means the list's end there.
pub(crate) fn link(tx: &mut Transaction<'_>, layout: Layout, prev: u32, next: u32) {
    let next_of_prev = if prev == NIL {
        HEAD
    } else {
        layout.entry_offset(prev) + NEXT
    };
    let prev_of_next = if next == NIL {
        TAIL
    } else {
        layout.entry_offset(next) + PREV
    };
    tx.store(RegionId::ENTRIES, next_of_prev, &next.to_le_bytes());
    tx.store(RegionId::ENTRIES, prev_of_next, &prev.to_le_bytes());
}
