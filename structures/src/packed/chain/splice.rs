//! Replacing the bytes of a record in the middle of a chain.

use super::{Cursor, Edit, NO_START, Span, Watcher};
use crate::packed::page::PageId;

impl<W: Watcher> Edit<'_, '_, W> {
    /// Puts `inserted` in the place of the `removed` bytes from the record start `at` on. Both are nothing or
    /// one whole record; if both are a record, they have the same key.
    pub(super) fn splice(&mut self, at: Cursor, removed: usize, inserted: &[u8]) {
        let end = usize::from(self.chain.span(at.page).end);
        let is_in_page = at.offset + removed <= end && end - removed + inserted.len() <= self.capacity();
        let near = if is_in_page {
            self.splice_in_page(at, removed, inserted)
        } else {
            self.splice_in_window(at, removed, inserted)
        };
        if let Some(near) = near.filter(|_| removed > inserted.len()) {
            self.settle(near);
        }
    }

    /// Moves the bytes behind the record, within the page; returns the page, unless nothing was left in it.
    fn splice_in_page(&mut self, at: Cursor, removed: usize, inserted: &[u8]) -> Option<PageId> {
        let page = at.page;
        if inserted.is_empty() {
            self.watcher.removing(self.chain.view_in(self.tx), at);
        }
        let span = self.chain.span(page);
        let old_end = usize::from(span.end);
        let new_end = old_end - removed + inserted.len();
        let content = self
            .chain
            .geometry
            .content(self.tx.image(self.chain.geometry.region), page);
        let mut bytes = Vec::with_capacity(old_end.max(new_end) - at.offset);
        bytes.extend_from_slice(inserted);
        bytes.extend_from_slice(&content[at.offset + removed..old_end]);
        bytes.resize(old_end.max(new_end) - at.offset, 0);
        self.store(page, at.offset, &bytes);
        self.span_mut(page).end = new_end as u16;
        self.count_spliced(at, removed > 0, !inserted.is_empty());
        if new_end == usize::from(span.begin) {
            self.free_page(page);
            return None;
        }
        if self.view().next(page).is_some() {
            self.set_free(page, self.capacity() - new_end);
        }
        if removed == 0 {
            self.watcher.added(self.chain.view_in(self.tx), at);
        }
        Some(page)
    }

    /// Records the page's number of records and its first one.
    fn count_spliced(&mut self, at: Cursor, is_removed: bool, is_inserted: bool) {
        let before = self.chain.order.records_in(at.page);
        let records = before - u16::from(is_removed) + u16::from(is_inserted);
        self.chain.order.set_records(at.page, records);
        if records == 0 {
            let span = self.chain.span(at.page);
            *self.span_mut(at.page) = Span {
                first: NO_START,
                ..span
            };
        }
    }
}
