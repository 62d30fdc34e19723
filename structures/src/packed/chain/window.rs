//! Which neighbouring pages share what one of them has too much or too little of.
//!
//! Source: B*-trees (D. Knuth, The Art of Computer Programming, volume 3, 6.2.4), with more siblings than two. A
//! page that overflows is dealt out anew together with its neighbours, as few of them as are left with some
//! room each; only [`WINDOW_PAGES`] full ones are dealt out to one page more. When what [`WINDOW_PAGES`]
//! neighbours hold would fit fewer pages with that room to spare, it is dealt out to fewer.
//!
//! Invariant: after a removal between the ends, no window around it fits fewer pages; so pages between the ends
//! are filled to (WINDOW_PAGES - 1) / WINDOW_PAGES of 15 / 16 on average, whatever came before.

use std::collections::VecDeque;

use super::{Chain, Cursor, Edit, Watcher};
use crate::packed::page::PageId;
use crate::packed::view::View;

/// Most neighbours that are dealt out anew together, unless one record is on more.
pub(super) const WINDOW_PAGES: usize = 8;

/// Pages dealt out anew are filled to 15 / 16 at most, so that the next insert does not overflow again.
const FILL: (usize, usize) = (15, 16);
/// Pages that are at least so full need no neighbours to share with.
const DENSE: (usize, usize) = (5, 6);

/// Pages for so many bytes of content.
pub(super) fn pages_for(bytes: usize, capacity: usize) -> usize {
    (bytes * FILL.1).div_ceil(capacity * FILL.0)
}

/// Most pages that a record of so many bytes, prefix included, can add to a chain.
pub(super) fn most_pages_for(record_bytes: usize, capacity: usize) -> usize {
    pages_for(record_bytes, capacity) + 3
}

fn is_dense(bytes: usize, pages: usize, capacity: usize) -> bool {
    bytes * DENSE.1 >= pages * capacity * DENSE.0
}

/// Neighbouring pages, in order.
pub(super) struct Window {
    pub(super) pages: VecDeque<PageId>,
    /// Bytes in use.
    pub(super) used: usize,
}

impl Window {
    /// The pages that hold the `bytes` bytes from `at` on.
    fn holding(view: View<'_>, at: Cursor, bytes: usize) -> Self {
        let mut window = Self {
            pages: VecDeque::from([at.page]),
            used: view.chain.span(at.page).used(),
        };
        let span = view.chain.span(at.page);
        let mut held = usize::from(span.end) - at.offset;
        let mut last = at.page;
        while held < bytes {
            last = view.next(last).expect("the bytes of a record are there");
            held += view.chain.span(last).used();
            window.add_behind(view.chain, last);
        }
        window
    }

    fn add_behind(&mut self, chain: &Chain, page: PageId) {
        self.pages.push_back(page);
        self.used += chain.span(page).used();
    }

    fn add_before(&mut self, chain: &Chain, page: PageId) {
        self.pages.push_front(page);
        self.used += chain.span(page).used();
    }

    /// Takes in one more neighbour, on alternating sides; false if there is none.
    fn widen(&mut self, view: View<'_>) -> bool {
        let order = view.chain.order();
        let behind = self.pages.back().and_then(|last| view.next(*last));
        let before = || self.pages.front().and_then(|first| order.before(*first));
        let prefer_behind = self.pages.len() % 2 == 1;
        match (behind, before()) {
            (Some(page), None) => self.add_behind(view.chain, page),
            (Some(page), Some(_)) if prefer_behind => self.add_behind(view.chain, page),
            (_, Some(page)) => self.add_before(view.chain, page),
            (None, None) => return false,
        }
        true
    }
}

impl<W: Watcher> Edit<'_, '_, W> {
    /// The window that a splice which its page cannot hold is dealt out over, and to how many pages: no more than now, if
    /// it brings no more bytes than it takes. So a removal needs no room.
    pub(super) fn window_for(&self, at: Cursor, removed: usize, inserted: usize) -> (Window, usize) {
        let capacity = self.capacity();
        let mut window = Window::holding(self.view(), at, removed);
        loop {
            let bytes = window.used - removed + inserted;
            let pages = match inserted <= removed {
                true => pages_for(bytes, capacity).min(window.pages.len()),
                false => pages_for(bytes, capacity),
            };
            let is_enough = pages <= window.pages.len() || is_dense(bytes, pages, capacity);
            if is_enough || window.pages.len() >= WINDOW_PAGES || !window.widen(self.view()) {
                return (window, pages);
            }
        }
    }

    /// The first window around `page` whose content fits fewer pages, and how many.
    pub(super) fn sparse_window(&self, page: PageId) -> Option<(Window, usize)> {
        let capacity = self.capacity();
        let neighbours = self.chain.order.around(page, WINDOW_PAGES - 1);
        let width = neighbours.len().min(WINDOW_PAGES);
        neighbours.windows(width).find_map(|pages| {
            let used = pages.iter().map(|page| self.chain.span(*page).used()).sum();
            let fewer = pages_for(used, capacity);
            let pages = pages.iter().copied().collect();
            (fewer < width).then_some((Window { pages, used }, fewer))
        })
    }
}
