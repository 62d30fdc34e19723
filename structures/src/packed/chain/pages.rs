//! Adding a page, taking one out, and linking its neighbours.

use super::{Edit, Span, Watcher};
use crate::packed::lean;
use crate::packed::page::{PageId, encode_link};

impl<W: Watcher> Edit<'_, '_, W> {
    /// Links a new page without content behind `anchor`, or before all pages.
    pub(super) fn add_page(&mut self, anchor: Option<PageId>, span: Span) -> PageId {
        let geometry = self.chain.geometry;
        let behind = match anchor {
            Some(anchor) => self.view().next(anchor),
            None => self.chain.order.first(),
        };
        self.tx
            .grow(geometry.region, geometry.page_bytes.into())
            .expect("the owner asked for room first");
        let page = self.chain.order.insert_after(anchor);
        lean::push(&mut self.chain.spans, span);
        self.link(anchor, Some(page));
        self.link(Some(page), behind);
        page
    }

    /// Takes out a page whose records are gone, and fills its place with the region's last page.
    pub(super) fn free_page(&mut self, page: PageId) {
        let (before, behind) = (self.chain.order.before(page), self.view().next(page));
        self.link(before, behind);
        if let (Some(tail), None) = (before, behind) {
            self.set_free(tail, 0);
        }
        let last = PageId(self.chain.order.pages() as u32 - 1);
        if page != last {
            self.watcher.leaving(self.chain.view_in(self.tx), last);
            self.copy_page(last, page);
        }
        let geometry = self.chain.geometry;
        self.tx.cut(geometry.region, geometry.page_offset(last));
        let span = lean::pop(&mut self.chain.spans).expect("the page freed is among them");
        if self.chain.order.remove(page) {
            self.chain.spans[page.index()] = span;
            self.link(self.chain.order.before(page), Some(page));
            self.watcher.arrived(self.chain.view_in(self.tx), page);
        }
    }

    /// Makes `behind` follow `before`; nothing on either side means the chain's end there.
    fn link(&mut self, before: Option<PageId>, behind: Option<PageId>) {
        let geometry = self.chain.geometry;
        let offset = before.map_or(geometry.head_offset(), |before| geometry.next_offset(before));
        self.tx.store(geometry.region, offset, &encode_link(behind));
    }

    /// Writes how many bytes at the end of a page are unused; of the last page, always zero.
    pub(super) fn set_free(&mut self, page: PageId, free: usize) {
        let geometry = self.chain.geometry;
        let bytes = (free as u16).to_le_bytes();
        self.tx.store(geometry.region, geometry.free_offset(page), &bytes);
    }

    fn copy_page(&mut self, from: PageId, to: PageId) {
        let geometry = self.chain.geometry;
        let start = geometry.page_offset(from);
        let bytes = self.tx.image(geometry.region)[start..start + usize::from(geometry.page_bytes)].to_vec();
        self.tx.store(geometry.region, geometry.page_offset(to), &bytes);
    }
}
