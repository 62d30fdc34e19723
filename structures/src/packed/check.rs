//! Reads a region as a packed chain and refuses whatever no chain can have written.
//!
//! One pass along the links, every one of which is checked before it is followed. Nothing of the content but
//! the records' lengths is looked at here.

use super::chain::{Chain, NO_START, Span};
use super::chain_error::ChainError;
use super::order::Order;
use super::page::{Geometry, PageId};
use super::prefix::{self, MAX_PREFIX_BYTES, Prefix};

/// The chain in these bytes.
///
/// # Errors
/// Every variant of [`ChainError`].
pub(crate) fn read_chain(image: &[u8], geometry: Geometry) -> Result<Chain, ChainError> {
    let pages = page_count(image, geometry)?;
    let route = route(image, geometry, pages)?;
    let mut scan = Scan::default();
    let mut spans = vec![
        Span {
            begin: 0,
            end: 0,
            first: NO_START
        };
        pages
    ];
    let mut records = vec![0; pages];
    for (place, page) in route.iter().copied().enumerate() {
        let is_last = place + 1 == pages;
        let extent = extent(image, geometry, page, place == 0, is_last)?;
        let (span, starts) = scan.page(geometry.content(image, page), page, extent, is_last)?;
        spans[page.index()] = span;
        records[page.index()] = starts;
    }
    scan.finish()?;
    let mut order = Order::in_order(&route);
    for (page, records) in records.into_iter().enumerate() {
        order.set_records(PageId(page as u32), records);
    }
    Ok(Chain::from_parts(geometry, spans, order))
}

fn page_count(image: &[u8], geometry: Geometry) -> Result<usize, ChainError> {
    let page_bytes = usize::from(geometry.page_bytes);
    let content = image.len().checked_sub(geometry.header_bytes);
    match content.filter(|bytes| bytes.is_multiple_of(page_bytes)) {
        Some(bytes) => Ok(bytes / page_bytes),
        None => Err(ChainError::Torn {
            bytes: image.len(),
            header_bytes: geometry.header_bytes,
            page_bytes: geometry.page_bytes,
        }),
    }
}

/// All pages in the order of the links.
fn route(image: &[u8], geometry: Geometry, pages: usize) -> Result<Vec<PageId>, ChainError> {
    let mut route = Vec::with_capacity(pages);
    let mut is_passed = vec![false; pages];
    let mut next = geometry.head(image);
    while let Some(page) = next {
        let fresh = is_passed.get_mut(page.index()).filter(|is_passed| !**is_passed);
        let Some(is_passed) = fresh else {
            break;
        };
        *is_passed = true;
        route.push(page);
        next = geometry.next(image, page);
    }
    if next.is_some() || route.len() != pages {
        return Err(ChainError::Link {
            passed: route.len(),
            pages,
            next: next.map(|page| page.0),
        });
    }
    Ok(route)
}

/// First used byte of a page, and the byte behind the last that may be.
fn extent(
    image: &[u8],
    geometry: Geometry,
    page: PageId,
    is_first: bool,
    is_last: bool,
) -> Result<(usize, usize), ChainError> {
    let (content, free) = (geometry.content(image, page), geometry.free(image, page));
    let limit = if is_last { 0 } else { geometry.capacity() - 1 };
    if free > limit {
        let page = page.0;
        return Err(ChainError::Free { page, free, limit });
    }
    let end = geometry.capacity() - free;
    if let Some(place) = content[end..].iter().position(|byte| *byte != 0) {
        let (page, offset) = (page.0, end + place);
        return Err(ChainError::NotZero { page, offset });
    }
    let gap = content[..end].iter().position(|byte| *byte != 0);
    match gap {
        Some(gap) if is_first => Ok((gap, end)),
        None if is_first => Err(ChainError::EmptyPage { page: page.0 }),
        _ => Ok((0, end)),
    }
}

/// Where the records are, from page to page.
#[derive(Default)]
struct Scan {
    /// Bytes of the record under way that are yet to come.
    missing: usize,
    /// The first bytes of a prefix that goes on in the next page.
    cut_prefix: Vec<u8>,
}

impl Scan {
    /// Goes over one page; returns what is where, and how many records start in it.
    fn page(
        &mut self,
        content: &[u8],
        page: PageId,
        (begin, end): (usize, usize),
        is_last: bool,
    ) -> Result<(Span, u16), ChainError> {
        let mut at = self.go_on(&content[begin..end], page)? + begin;
        let (mut first, mut records) = (NO_START, 0);
        while at < end && self.cut_prefix.is_empty() {
            // Only the last page's content may end before what it claims.
            if is_last && content[at] == 0 {
                break;
            }
            if records == 0 {
                first = at as u16;
            }
            records += 1;
            at = self.start(&content[..end], at, page)?;
        }
        check_zero(&content[at..end], page, at)?;
        if at == begin {
            return Err(ChainError::EmptyPage { page: page.0 });
        }
        let (begin, end) = (begin as u16, at as u16);
        Ok((Span { begin, end, first }, records))
    }

    /// Passes over what belongs to a record of an earlier page; returns how many bytes.
    fn go_on(&mut self, content: &[u8], page: PageId) -> Result<usize, ChainError> {
        let mut passed = 0;
        while !self.cut_prefix.is_empty() && passed < content.len() {
            self.cut_prefix.push(content[passed]);
            passed += 1;
            match prefix::decode(&self.cut_prefix) {
                Prefix::Whole { length, .. } => {
                    self.missing = length;
                    self.cut_prefix.clear();
                }
                Prefix::Cut => {}
                Prefix::Bad => {
                    return Err(ChainError::BadPrefix {
                        page: page.0,
                        offset: passed - 1,
                    });
                }
            }
        }
        let here = self.missing.min(content.len() - passed);
        self.missing -= here;
        Ok(passed + here)
    }

    /// Passes over the record that starts at `at`, up to the page's end; returns where it, or the page, ends.
    fn start(&mut self, content: &[u8], at: usize, page: PageId) -> Result<usize, ChainError> {
        let rest = &content[at..];
        match prefix::decode(rest) {
            Prefix::Whole { length, bytes } => {
                let here = length.min(rest.len() - bytes);
                self.missing = length - here;
                Ok(at + bytes + here)
            }
            Prefix::Cut => {
                self.cut_prefix
                    .extend_from_slice(&rest[..rest.len().min(MAX_PREFIX_BYTES)]);
                Ok(content.len())
            }
            Prefix::Bad => Err(ChainError::BadPrefix {
                page: page.0,
                offset: at,
            }),
        }
    }

    fn finish(self) -> Result<(), ChainError> {
        if self.missing > 0 || !self.cut_prefix.is_empty() {
            let missing = self.missing;
            return Err(ChainError::CutRecord { missing });
        }
        Ok(())
    }
}

fn check_zero(bytes: &[u8], page: PageId, start: usize) -> Result<(), ChainError> {
    match bytes.iter().position(|byte| *byte != 0) {
        None => Ok(()),
        Some(place) => Err(ChainError::NotZero {
            page: page.0,
            offset: start + place,
        }),
    }
}
