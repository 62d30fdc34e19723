//! Pushing and popping at both ends: no byte of another record changes.

use super::{Cursor, Edit, NO_START, Span, Watcher};
use crate::packed::page::PageId;

impl<W: Watcher> Edit<'_, '_, W> {
    pub(super) fn append(&mut self, record: &[u8]) {
        let mut rest = record;
        let mut start = None;
        while !rest.is_empty() {
            let page = self.page_with_room_at_end();
            let offset = usize::from(self.chain.span(page).end);
            let (here, behind) = rest.split_at(rest.len().min(self.capacity() - offset));
            self.store(page, offset, here);
            self.span_mut(page).end += here.len() as u16;
            start.get_or_insert(Cursor { page, offset });
            rest = behind;
        }
        if let Some(start) = start {
            self.count_start(start);
        }
    }

    fn page_with_room_at_end(&mut self) -> PageId {
        let capacity = self.capacity();
        let tail = self.chain.order.last();
        match tail {
            Some(tail) if usize::from(self.chain.span(tail).end) < capacity => tail,
            _ => self.add_page(tail, Span::empty_at(0)),
        }
    }

    /// Fills the head's gap from its end, and then pages before it likewise.
    pub(super) fn prepend(&mut self, record: &[u8]) {
        if self.chain.order.first().is_none() {
            return self.append(record);
        }
        let mut rest = record;
        let mut start = None;
        while !rest.is_empty() {
            let page = self.page_with_room_at_start();
            let gap = usize::from(self.chain.span(page).begin);
            let (before, here) = rest.split_at(rest.len() - rest.len().min(gap));
            let offset = gap - here.len();
            self.store(page, offset, here);
            self.span_mut(page).begin = offset as u16;
            start = Some(Cursor { page, offset });
            rest = before;
        }
        if let Some(start) = start {
            self.count_start(start);
        }
    }

    fn page_with_room_at_start(&mut self) -> PageId {
        match self.chain.order.first() {
            Some(head) if self.chain.span(head).begin > 0 => head,
            _ => self.add_page(None, Span::empty_at(self.capacity())),
        }
    }

    /// A new record starts here, before or behind all others.
    fn count_start(&mut self, start: Cursor) {
        let span = self.span_mut(start.page);
        span.first = span.first.min(start.offset as u16);
        let records = self.chain.order.records_in(start.page);
        self.chain.order.set_records(start.page, records + 1);
        self.watcher.added(self.chain.view_in(self.tx), start);
    }

    /// Removes the first record, which takes `bytes` bytes and is not the last one.
    pub(super) fn drop_first(&mut self, at: Cursor, bytes: usize) {
        self.watcher.removing(self.chain.view_in(self.tx), at);
        let records = self.chain.order.records_in(at.page);
        self.chain.order.set_records(at.page, records - 1);
        let mut left = bytes;
        while let Some(head) = self.chain.order.first() {
            let span = self.chain.span(head);
            if span.used() > left {
                self.zero(head, span.begin, left);
                let begin = span.begin + left as u16;
                let first = if self.chain.order.records_in(head) > 0 {
                    begin
                } else {
                    NO_START
                };
                let end = span.end;
                *self.span_mut(head) = Span { begin, end, first };
                return;
            }
            left -= span.used();
            self.free_page(head);
        }
    }

    /// Removes the last record.
    pub(super) fn drop_last(&mut self, at: Cursor) {
        self.watcher.removing(self.chain.view_in(self.tx), at);
        let mut page = at.page;
        let records = self.chain.order.records_in(page);
        self.chain.order.set_records(page, records - 1);
        while let Some(tail) = self.chain.order.last().filter(|tail| *tail != page) {
            let moves = PageId(self.chain.order.pages() as u32 - 1);
            self.free_page(tail);
            if moves == page {
                page = tail;
            }
        }
        let span = self.chain.span(page);
        if usize::from(span.begin) == at.offset {
            return self.free_page(page);
        }
        self.zero(page, at.offset as u16, usize::from(span.end) - at.offset);
        let first = if records > 1 { span.first } else { NO_START };
        *self.span_mut(page) = Span {
            end: at.offset as u16,
            first,
            ..span
        };
    }

    fn zero(&mut self, page: PageId, offset: u16, bytes: usize) {
        self.store(page, offset.into(), &vec![0; bytes]);
    }
}
