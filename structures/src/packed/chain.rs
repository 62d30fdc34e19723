//! The packed chain: records of any length, one after the other, over pages of one size.
//!
//! The storage of every packed structure. Records lie in the structure's order without anything between them,
//! so that what they take does not depend on how their sizes fit; a page lost to unused bytes is the exception
//! ([`window`] says how rare). Source: DESIGN, "Two layouts", `arena`; the unrolled linked list, with B*-tree
//! splits.
//!
//! ```text
//! head --> | gap, records ... | --> | ... records ... free | --> | ... records, zeroes | (tail)
//! ```
//!
//! - A push at either end writes the record alone, and a link when a page is full.
//! - A pop at either end zeroes the record alone; a page without content is freed.
//! - Between the ends bytes move within their page, or are dealt out anew to a few neighbouring pages.
//! - A freed page's place is taken by the last page of the region, which is cut: there are no holes.
//!
//! Invariants: every page of the region is in the chain once and has content; all unused bytes are zero; only
//! the head has a gap. What is kept beside the region (spans, order) follows from its bytes, so what an
//! operation does is a function of the region's bytes and of the operation.

mod ends;
mod pages;
mod repack;
mod splice;
mod window;

use super::order::Order;
use super::page::{Geometry, PageId};
use super::view::{Cursor, View};
use crate::arena::Arena;
use crate::layout::MAX_ELEMENTS;
use crate::transaction::Transaction;

/// No record starts in the page.
pub(crate) const NO_START: u16 = u16::MAX;

/// What is where in a page's content: derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// First byte in use; only the head has bytes before it.
    pub(crate) begin: u16,
    /// Behind the last byte in use.
    pub(crate) end: u16,
    /// First byte of the first record that starts here, or [`NO_START`].
    pub(crate) first: u16,
}

impl Span {
    /// A page without content, to be filled from this offset on.
    fn empty_at(offset: usize) -> Self {
        Self {
            begin: offset as u16,
            end: offset as u16,
            first: NO_START,
        }
    }

    pub(crate) fn used(self) -> usize {
        usize::from(self.end - self.begin)
    }
}

/// Is told which records come, go and move to other pages: for an index of where they are.
pub(crate) trait Watcher {
    /// The record that starts here is new.
    fn added(&mut self, view: View<'_>, start: Cursor);
    /// The record that starts here is about to be removed.
    fn removing(&mut self, view: View<'_>, start: Cursor);
    /// All records that start in this page are about to move to other pages, or away.
    fn leaving(&mut self, view: View<'_>, page: PageId);
    /// All records that start in this page are new there.
    fn arrived(&mut self, view: View<'_>, page: PageId);
    /// The operation is complete.
    fn done(&mut self, view: View<'_>);
}

/// For chains whose records nobody looks up.
impl Watcher for () {
    fn added(&mut self, _: View<'_>, _: Cursor) {}
    fn removing(&mut self, _: View<'_>, _: Cursor) {}
    fn leaving(&mut self, _: View<'_>, _: PageId) {}
    fn arrived(&mut self, _: View<'_>, _: PageId) {}
    fn done(&mut self, _: View<'_>) {}
}

/// What is derived of one chain. See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    geometry: Geometry,
    spans: Vec<Span>,
    order: Order,
    max_pages: usize,
    max_records: u64,
}

impl Chain {
    /// A chain without pages.
    pub(crate) fn new(geometry: Geometry) -> Self {
        Self {
            geometry,
            spans: Vec::new(),
            order: Order::default(),
            max_pages: geometry.max_pages(),
            max_records: MAX_ELEMENTS.into(),
        }
    }

    /// A chain whose pages have these spans, in the order in which `order` has them.
    pub(crate) fn from_parts(geometry: Geometry, spans: Vec<Span>, order: Order) -> Self {
        Self {
            spans,
            order,
            ..Self::new(geometry)
        }
    }

    pub(crate) fn geometry(&self) -> Geometry {
        self.geometry
    }

    pub(crate) fn span(&self, page: PageId) -> Span {
        self.spans[page.index()]
    }

    pub(crate) fn order(&self) -> &Order {
        &self.order
    }

    /// Number of records.
    pub(crate) fn records(&self) -> u64 {
        self.order.records()
    }

    /// The chain with its bytes.
    pub(crate) fn view<'a>(&'a self, arena: &'a Arena) -> View<'a> {
        View {
            chain: self,
            image: arena.image(self.geometry.region),
        }
    }

    /// The chain with its bytes as a transaction has left them so far.
    pub(crate) fn view_in<'a>(&'a self, tx: &'a Transaction<'_>) -> View<'a> {
        View {
            chain: self,
            image: tx.image(self.geometry.region),
        }
    }

    /// The chain, to be changed within a transaction.
    pub(crate) fn edit<'e, 'arena, W>(
        &'e mut self,
        tx: &'e mut Transaction<'arena>,
        watcher: &'e mut W,
    ) -> Edit<'e, 'arena, W> {
        Edit {
            chain: self,
            tx,
            watcher,
        }
    }

    /// Whether one more record of so many bytes, prefix included, fits for certain, wherever it is put.
    pub(crate) fn has_room_for(&self, record_bytes: usize) -> bool {
        self.records() < self.max_records && self.has_pages_for(record_bytes)
    }

    /// Whether a record of so many bytes fits for certain in the place of one of `old_bytes`.
    pub(crate) fn has_room_instead(&self, old_bytes: usize, record_bytes: usize) -> bool {
        record_bytes <= old_bytes || self.has_pages_for(record_bytes)
    }

    fn has_pages_for(&self, record_bytes: usize) -> bool {
        self.order.pages() + window::most_pages_for(record_bytes, self.geometry.capacity()) <= self.max_pages
    }

    /// Heap bytes of what is derived.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.spans.capacity() * size_of::<Span>() + self.order.heap_bytes()
    }

    #[cfg(test)]
    pub(crate) fn set_limits(&mut self, pages: usize, records: u64) {
        self.max_pages = pages;
        self.max_records = records;
    }
}

/// A chain that is being changed. Every public operation leaves it whole.
pub(crate) struct Edit<'e, 'arena, W> {
    chain: &'e mut Chain,
    tx: &'e mut Transaction<'arena>,
    watcher: &'e mut W,
}

impl<W: Watcher> Edit<'_, '_, W> {
    /// Adds a record behind all others.
    pub(crate) fn push_back(mut self, record: &[u8]) {
        self.append(record);
        self.done();
    }

    /// Adds a record before the one that starts at `at`, or behind all.
    pub(crate) fn insert(mut self, at: Option<Cursor>, record: &[u8]) {
        match at {
            None => self.append(record),
            at if at == self.view().head() => self.prepend(record),
            Some(at) => self.splice(at, 0, record),
        }
        self.done();
    }

    /// Removes the record that starts at `at`.
    pub(crate) fn remove(mut self, at: Cursor) {
        let record = self.view().record(at);
        let bytes = record.whole_bytes();
        if record.next().is_none() {
            self.drop_last(at);
        } else if Some(at) == self.view().head() {
            self.drop_first(at, bytes);
        } else {
            self.splice(at, bytes, &[]);
        }
        self.done();
    }

    /// Replaces the record that starts at `at` by another with the same key, if records have keys.
    pub(crate) fn replace(mut self, at: Cursor, record: &[u8]) {
        let bytes = self.view().record(at).whole_bytes();
        if bytes == record.len() {
            self.overwrite(at, record);
        } else {
            self.splice(at, bytes, record);
        }
        self.done();
    }

    /// The bytes of the record that starts at `at` give way to another record, of the same length and of any key.
    pub(crate) fn exchange(mut self, at: Cursor, record: &[u8]) {
        self.watcher.removing(self.chain.view_in(self.tx), at);
        self.overwrite(at, record);
        self.watcher.added(self.chain.view_in(self.tx), at);
        self.done();
    }

    fn done(&mut self) {
        self.watcher.done(self.chain.view_in(self.tx));
    }

    fn view(&self) -> View<'_> {
        self.chain.view_in(self.tx)
    }

    fn capacity(&self) -> usize {
        self.chain.geometry.capacity()
    }

    fn span_mut(&mut self, page: PageId) -> &mut Span {
        &mut self.chain.spans[page.index()]
    }

    /// Replaces content bytes of one page.
    fn store(&mut self, page: PageId, offset: usize, bytes: &[u8]) {
        let geometry = self.chain.geometry;
        let start = geometry.content_offset(page, offset);
        self.tx.store(geometry.region, start, bytes);
    }

    /// Replaces used bytes from a place on, over any number of pages.
    fn overwrite(&mut self, at: Cursor, bytes: &[u8]) {
        let (mut at, mut rest) = (at, bytes);
        loop {
            let room = usize::from(self.chain.span(at.page).end) - at.offset;
            let (here, behind) = rest.split_at(room.min(rest.len()));
            self.store(at.page, at.offset, here);
            rest = behind;
            if rest.is_empty() {
                return;
            }
            let next = self.view().next(at.page);
            at = Cursor {
                page: next.expect("the bytes replaced are there"),
                offset: 0,
            };
        }
    }
}
