//! Dealing the content of neighbouring pages out anew: the same bytes, evenly, over more pages or fewer.

use super::window::Window;
use super::{Cursor, Edit, NO_START, Span, Watcher};
use crate::packed::page::PageId;
use crate::packed::prefix::{self, Prefix};

impl<W: Watcher> Edit<'_, '_, W> {
    /// A splice that its page cannot hold; returns a page near it.
    pub(super) fn splice_in_window(&mut self, at: Cursor, removed: usize, inserted: &[u8]) -> Option<PageId> {
        let (window, pages) = self.window_for(at, removed, inserted.len());
        let mut content = self.content(&window);
        let lead = self.lead(&window);
        let start = self.offset_in(&window, at);
        self.leave(&window);
        content.splice(start..start + removed, inserted.iter().copied());
        self.deal(window, pages, &content, lead)
    }

    /// Deals windows around a page out to fewer pages, while there are any that fit fewer.
    pub(super) fn settle(&mut self, page: PageId) {
        let mut near = Some(page);
        while let Some((window, pages)) = near.and_then(|page| self.sparse_window(page)) {
            let content = self.content(&window);
            let lead = self.lead(&window);
            self.leave(&window);
            near = self.deal(window, pages, &content, lead);
        }
    }

    fn content(&self, window: &Window) -> Vec<u8> {
        let mut content = Vec::with_capacity(window.used);
        for page in &window.pages {
            content.extend_from_slice(self.view().used(*page));
        }
        content
    }

    /// Bytes of the window's content before the first record that starts in it.
    fn lead(&self, window: &Window) -> usize {
        let mut lead = 0;
        for page in &window.pages {
            let span = self.chain.span(*page);
            if span.first != NO_START {
                return lead + usize::from(span.first - span.begin);
            }
            lead += span.used();
        }
        lead
    }

    /// Which byte of the window's content is at this place.
    fn offset_in(&self, window: &Window, at: Cursor) -> usize {
        let before = window.pages.iter().take_while(|page| **page != at.page);
        let used: usize = before.map(|page| self.chain.span(*page).used()).sum();
        used + at.offset - usize::from(self.chain.span(at.page).begin)
    }

    fn leave(&mut self, window: &Window) {
        for page in &window.pages {
            self.watcher.leaving(self.chain.view_in(self.tx), *page);
        }
    }

    /// Writes `content`, whose first record start is at `lead`, evenly to `pages` pages: those of the window,
    /// new ones behind them, or fewer. Returns the first of them.
    fn deal(&mut self, window: Window, pages: usize, content: &[u8], lead: usize) -> Option<PageId> {
        let mut kept = Vec::from(window.pages);
        let mut surplus = kept.split_off(pages.min(kept.len()));
        while kept.len() < pages {
            let page = self.add_page(kept.last().copied(), Span::empty_at(0));
            kept.push(page);
        }
        self.fill(&kept, content, lead);
        for page in &surplus {
            *self.span_mut(*page) = Span::empty_at(0);
            self.chain.order.set_records(*page, 0);
        }
        for page in &kept {
            self.watcher.arrived(self.chain.view_in(self.tx), *page);
        }
        // The largest first: then none of the others is moved into its place.
        surplus.sort_unstable();
        let mut first = kept.first().copied();
        for page in surplus.into_iter().rev() {
            let moves = PageId(self.chain.order.pages() as u32 - 1);
            self.free_page(page);
            first = first.map(|first| if first == moves { page } else { first });
        }
        first
    }

    /// Writes `content` evenly to these pages, and notes where records start.
    fn fill(&mut self, pages: &[PageId], content: &[u8], lead: usize) {
        let bound = |place: usize| content.len() * place / pages.len();
        let mut starts = starts(content, lead).peekable();
        for (place, page) in pages.iter().enumerate() {
            let (begin, end) = (bound(place), bound(place + 1));
            let first = starts.peek().filter(|start| **start < end);
            let first = first.map_or(NO_START, |start| (start - begin) as u16);
            let mut records = 0;
            while starts.next_if(|start| *start < end).is_some() {
                records += 1;
            }
            self.chain.order.set_records(*page, records);
            self.fill_page(*page, &content[begin..end], first);
        }
    }

    fn fill_page(&mut self, page: PageId, content: &[u8], first: u16) {
        let old_end = usize::from(self.chain.span(page).end);
        let mut bytes = content.to_vec();
        bytes.resize(content.len().max(old_end), 0);
        self.store(page, 0, &bytes);
        *self.span_mut(page) = Span {
            begin: 0,
            end: content.len() as u16,
            first,
        };
        let is_last = self.view().next(page).is_none();
        let free = if is_last {
            0
        } else {
            self.capacity() - content.len()
        };
        self.set_free(page, free);
    }
}

/// Where records start in `content`, the first of them at `lead`.
fn starts(content: &[u8], lead: usize) -> impl Iterator<Item = usize> {
    let within = |start: usize| (start < content.len()).then_some(start);
    std::iter::successors(within(lead), move |start| {
        match prefix::decode(&content[*start..]) {
            Prefix::Whole { length, bytes } => within(start + bytes + length),
            // The record goes on behind the content.
            _ => None,
        }
    })
}
