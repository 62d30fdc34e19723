//! Where the pages of a chain are in their region, and the few bytes that they have for themselves.
//!
//! ```text
//! region = header, page 0, page 1, ...     header = ..., head u32
//!                                          page   = next u32, free u16, content
//! ```
//!
//! Links hold a page's number plus one, so that zero leads nowhere and a new page is all zeroes. `free` is the
//! number of unused bytes at the page's end; the last page of a chain says zero whatever it has, so that
//! appending to it changes the appended bytes alone.

use crate::arena::MAX_REGION_BYTES;
use crate::delta::RegionId;

/// Bytes of a page before its content.
pub(crate) const PAGE_HEADER_BYTES: usize = 6;
/// Bytes of a link.
pub(crate) const LINK_BYTES: usize = 4;

const NEXT: usize = 0;
const FREE: usize = 4;

/// A page, by its place in the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PageId(pub(crate) u32);

impl PageId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The bytes of a link.
pub(crate) fn encode_link(page: Option<PageId>) -> [u8; LINK_BYTES] {
    page.map_or(0, |page| page.0 + 1).to_le_bytes()
}

/// The page that a link leads to.
pub(crate) fn decode_link(bytes: [u8; LINK_BYTES]) -> Option<PageId> {
    u32::from_le_bytes(bytes).checked_sub(1).map(PageId)
}

/// The shape of one chain: fixed for its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Where its bytes are.
    pub(crate) region: RegionId,
    /// Bytes before the first page; the last four of them are the link to the head.
    pub(crate) header_bytes: usize,
    /// Bytes of one page, its header included; more than [`PAGE_HEADER_BYTES`].
    pub(crate) page_bytes: u16,
}

impl Geometry {
    /// Most content bytes of one page.
    pub(crate) fn capacity(self) -> usize {
        usize::from(self.page_bytes) - PAGE_HEADER_BYTES
    }

    /// Most pages: offsets within the region fit, and so does a link.
    pub(crate) fn max_pages(self) -> usize {
        (MAX_REGION_BYTES as usize - self.header_bytes) / usize::from(self.page_bytes)
    }

    pub(crate) fn head_offset(self) -> usize {
        self.header_bytes - LINK_BYTES
    }

    /// First byte of a page; of the page behind the last, the region's length.
    pub(crate) fn page_offset(self, page: PageId) -> usize {
        self.header_bytes + page.index() * usize::from(self.page_bytes)
    }

    pub(crate) fn next_offset(self, page: PageId) -> usize {
        self.page_offset(page) + NEXT
    }

    pub(crate) fn free_offset(self, page: PageId) -> usize {
        self.page_offset(page) + FREE
    }

    /// Where in the region content byte `offset` of a page is.
    pub(crate) fn content_offset(self, page: PageId, offset: usize) -> usize {
        self.page_offset(page) + PAGE_HEADER_BYTES + offset
    }

    /// The content bytes of a page, unused ones included.
    pub(crate) fn content(self, image: &[u8], page: PageId) -> &[u8] {
        &image[self.content_offset(page, 0)..][..self.capacity()]
    }

    pub(crate) fn head(self, image: &[u8]) -> Option<PageId> {
        link_at(image, self.head_offset())
    }

    pub(crate) fn next(self, image: &[u8], page: PageId) -> Option<PageId> {
        link_at(image, self.next_offset(page))
    }

    pub(crate) fn free(self, image: &[u8], page: PageId) -> usize {
        let offset = self.free_offset(page);
        usize::from(u16::from_le_bytes([image[offset], image[offset + 1]]))
    }
}

fn link_at(image: &[u8], offset: usize) -> Option<PageId> {
    let mut bytes = [0; LINK_BYTES];
    bytes.copy_from_slice(&image[offset..offset + LINK_BYTES]);
    decode_link(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_of_zeroes_leads_nowhere_and_every_page_has_another() {
        assert_eq!(encode_link(None), [0; 4]);
        for page in [PageId(0), PageId(255), PageId(u32::MAX - 1)] {
            assert_eq!(decode_link(encode_link(Some(page))), Some(page));
        }
        assert_eq!(decode_link([0; 4]), None);
    }

    #[test]
    fn as_many_pages_as_there_may_be_fit_and_not_one_more() {
        for page_bytes in [7, 512, u16::MAX] {
            let geometry = Geometry {
                region: RegionId(0),
                header_bytes: 16,
                page_bytes,
            };
            let end = |pages: usize| geometry.header_bytes + pages * usize::from(page_bytes);
            assert!(end(geometry.max_pages()) as u64 <= MAX_REGION_BYTES);
            assert!(end(geometry.max_pages() + 1) as u64 > MAX_REGION_BYTES);
        }
    }
}
