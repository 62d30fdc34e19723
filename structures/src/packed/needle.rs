//! A key in the bytes that it has at the start of a record's content: what a page is searched for.
//!
//! Looking a key up reads about half a page, which is most of what a look-up costs; so records are compared
//! where they lie, without being taken apart.

use super::format::{Format, LEAD_BYTES};
use super::page::PageId;
use super::prefix::{self, MAX_RECORD_BYTES, Prefix};
use super::view::{Cursor, View};

/// See the module's documentation.
pub(crate) struct Needle {
    bytes: [u8; LEAD_BYTES],
    length: usize,
    /// Whether a record is its key and nothing else.
    is_whole: bool,
}

impl Needle {
    /// Of a key that is no longer than any may be; of a longer one, which no record has, its first bytes.
    pub(crate) fn new(format: Format, key: &[u8]) -> Self {
        let mut bytes = [0; LEAD_BYTES];
        let (prefix, start) = match format {
            Format::Keyed => prefix::encoded(key.len().min(MAX_RECORD_BYTES)),
            _ => Default::default(),
        };
        let length = LEAD_BYTES.min(start + key.len());
        bytes[..start].copy_from_slice(&prefix[..start]);
        bytes[start..length].copy_from_slice(&key[..length - start]);
        Self {
            bytes,
            length,
            is_whole: format == Format::Key,
        }
    }

    /// The first record of this key that starts in a page, not counting the one at `end` and those behind it.
    pub(crate) fn find(&self, view: View<'_>, page: PageId, end: Option<Cursor>) -> Option<Cursor> {
        let content = view.content(page);
        let mut offset = usize::from(view.chain.span(page).first);
        for _ in 0..view.chain.order().records_in(page) {
            let start = Cursor { page, offset };
            if Some(start) == end {
                return None;
            }
            let Some((record, next)) = within(content, offset) else {
                // It goes on in the next page, so it is the last one here.
                let lead = view.record(start).lead(LEAD_BYTES + 1);
                return self.is_key_of(&lead).then_some(start);
            };
            if self.is_key_of(record) {
                return Some(start);
            }
            offset = next;
        }
        None
    }

    /// Whether a record whose content begins so has this key.
    fn is_key_of(&self, content: &[u8]) -> bool {
        content.starts_with(&self.bytes[..self.length]) && (!self.is_whole || content.len() == self.length)
    }
}

/// The content of the record at `offset`, and where the next one starts, if it is in these bytes wholly.
#[inline]
fn within(content: &[u8], offset: usize) -> Option<(&[u8], usize)> {
    let Prefix::Whole { length, bytes } = prefix::decode(&content[offset..]) else {
        return None;
    };
    let start = offset + bytes;
    Some((content.get(start..start + length)?, start + length))
}
