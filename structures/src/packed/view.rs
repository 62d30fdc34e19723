//! Reading a chain: its content is one run of bytes cut into pages, and records are runs of those bytes.
//!
//! A record may start anywhere in a page and go on over any number of pages.

use std::borrow::Cow;

use super::chain::Chain;
use super::page::PageId;
use super::prefix::{self, MAX_PREFIX_BYTES, Prefix};

/// Where a record starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) page: PageId,
    /// From the start of the page's content.
    pub(crate) offset: usize,
}

/// A chain with the bytes of its region.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) image: &'a [u8],
}

impl<'a> View<'a> {
    /// The content of a page up to the last byte in use; a head's gap is part of it.
    pub(crate) fn content(self, page: PageId) -> &'a [u8] {
        let end = usize::from(self.chain.span(page).end);
        &self.chain.geometry().content(self.image, page)[..end]
    }

    /// The bytes of a page that are in use.
    pub(crate) fn used(self, page: PageId) -> &'a [u8] {
        &self.content(page)[usize::from(self.chain.span(page).begin)..]
    }

    pub(crate) fn next(self, page: PageId) -> Option<PageId> {
        self.chain.geometry().next(self.image, page)
    }

    /// The record that starts here.
    pub(crate) fn record(self, start: Cursor) -> Record<'a> {
        let here = &self.content(start.page)[start.offset..];
        let body = Reader {
            view: self,
            page: start.page,
            rest: here,
        };
        match prefix::decode(here) {
            Prefix::Whole { length, bytes } => Record {
                length,
                body: body.skip(bytes),
            },
            _ => body.record_over_the_edge(),
        }
    }

    /// The starts of the records that start in a page.
    pub(crate) fn starts(self, page: PageId) -> Starts<'a> {
        let span = self.chain.span(page);
        Starts {
            view: self,
            next: Cursor {
                page,
                offset: usize::from(span.first),
            },
            left: self.chain.order().records_in(page),
        }
    }

    /// The first record.
    pub(crate) fn head(self) -> Option<Cursor> {
        let page = self.chain.order().first()?;
        let offset = usize::from(self.chain.span(page).begin);
        Some(Cursor { page, offset })
    }

    /// The last record.
    pub(crate) fn last(self) -> Option<Cursor> {
        let mut page = self.chain.order().last()?;
        while self.chain.order().records_in(page) == 0 {
            page = self.chain.order().before(page)?;
        }
        self.starts(page).last()
    }

    /// The record at this place.
    pub(crate) fn locate(self, index: u64) -> Option<Cursor> {
        let (page, nth) = self.chain.order().locate(index)?;
        self.starts(page).nth(nth)
    }

    /// The first record for which `is_before` does not hold; it must hold for the first ones and no others.
    pub(crate) fn partition_point(self, is_before: impl Fn(Record<'a>) -> bool) -> Option<Cursor> {
        let first_of = |page| self.starts(page).next();
        let before = |start| is_before(self.record(start));
        let page = self
            .chain
            .order()
            .last_page_where(|page| first_of(page).is_some_and(before));
        let Some(page) = page else {
            return self.head();
        };
        let here = self.starts(page).find(|start| !before(*start));
        here.or_else(|| self.first_behind(page))
    }

    /// The first record that starts behind a page.
    fn first_behind(self, page: PageId) -> Option<Cursor> {
        let pages = std::iter::successors(self.next(page), move |page| self.next(*page));
        pages.into_iter().find_map(|page| self.starts(page).next())
    }

    /// All records from this one on, in order.
    pub(crate) fn records_from(self, start: Option<Cursor>) -> impl Iterator<Item = Record<'a>> {
        let first = start.map(|start| self.record(start));
        std::iter::successors(first, move |record| Some(self.record(record.next()?)))
    }
}

/// See [`View::starts`].
pub(crate) struct Starts<'a> {
    view: View<'a>,
    next: Cursor,
    left: u16,
}

impl Iterator for Starts<'_> {
    type Item = Cursor;

    fn next(&mut self) -> Option<Cursor> {
        self.left = self.left.checked_sub(1)?;
        let start = self.next;
        // The last one may leave the page, and nobody asks where it ends.
        if self.left > 0 {
            let content = self.view.content(start.page);
            if let Prefix::Whole { length, bytes } = prefix::decode(&content[start.offset..]) {
                self.next.offset += bytes + length;
            }
        }
        Some(start)
    }
}

/// One record.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Bytes behind the prefix.
    pub(crate) length: usize,
    body: Reader<'a>,
}

impl<'a> Record<'a> {
    /// Bytes with the prefix.
    pub(crate) fn whole_bytes(self) -> usize {
        prefix::prefix_bytes(self.length) + self.length
    }

    /// Its bytes behind the prefix.
    pub(crate) fn content(self) -> Cow<'a, [u8]> {
        self.lead(self.length)
    }

    /// Its first bytes behind the prefix, as many as there are of `most`.
    pub(crate) fn lead(self, most: usize) -> Cow<'a, [u8]> {
        self.body.peek(self.length.min(most))
    }

    /// Where the next record starts.
    pub(crate) fn next(self) -> Option<Cursor> {
        self.body.skip(self.length).place()
    }
}

/// The bytes of a chain from some place on.
#[derive(Clone, Copy)]
struct Reader<'a> {
    view: View<'a>,
    page: PageId,
    /// Used bytes of the page that are not read yet.
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The same, behind `bytes` more bytes.
    fn skip(mut self, mut bytes: usize) -> Self {
        while bytes > self.rest.len() {
            bytes -= self.rest.len();
            if !self.turn() {
                return self;
            }
        }
        self.rest = &self.rest[bytes..];
        self
    }

    /// The next bytes, as many as there are of `bytes`.
    fn peek(mut self, bytes: usize) -> Cow<'a, [u8]> {
        if let Some(here) = self.rest.get(..bytes) {
            return Cow::Borrowed(here);
        }
        let mut gathered = Vec::with_capacity(bytes);
        loop {
            let here = self.rest.len().min(bytes - gathered.len());
            gathered.extend_from_slice(&self.rest[..here]);
            if gathered.len() == bytes || !self.turn() {
                return Cow::Owned(gathered);
            }
        }
    }

    /// Goes to the next page; false if there is none.
    fn turn(&mut self) -> bool {
        let Some(page) = self.view.next(self.page) else {
            self.rest = &[];
            return false;
        };
        self.page = page;
        self.rest = self.view.used(page);
        true
    }

    /// The place of the next byte, if there is one.
    fn place(mut self) -> Option<Cursor> {
        while self.rest.is_empty() {
            if !self.turn() {
                return None;
            }
        }
        let end = usize::from(self.view.chain.span(self.page).end);
        Some(Cursor {
            page: self.page,
            offset: end - self.rest.len(),
        })
    }

    /// The record that starts here and whose prefix is on two pages or more.
    fn record_over_the_edge(self) -> Record<'a> {
        let (length, bytes) = match prefix::decode(&self.peek(MAX_PREFIX_BYTES)) {
            Prefix::Whole { length, bytes } => (length, bytes),
            // No chain that was checked, or built by its operations, has another.
            _ => (0, 0),
        };
        Record {
            length,
            body: self.skip(bytes),
        }
    }
}
