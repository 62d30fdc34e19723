//! Why a region was refused as a chain of pages.

use thiserror::Error;

/// Why a region is no packed chain; pages are named by their place in the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChainError {
    /// Not a header and a whole number of pages.
    #[error("{bytes} bytes are no header of {header_bytes} and pages of {page_bytes}")]
    Torn {
        /// Bytes there.
        bytes: usize,
        /// Bytes of the header.
        header_bytes: usize,
        /// Bytes of one page.
        page_bytes: u16,
    },
    /// The way from the head does not lead through every page once.
    #[error("after {passed} of {pages} pages the chain goes on at {next:?}")]
    Link {
        /// Pages passed from the head.
        passed: usize,
        /// Pages of the region.
        pages: usize,
        /// Where the link leads, if anywhere.
        next: Option<u32>,
    },
    /// A page claims more unused bytes than it may have.
    #[error("page {page} claims {free} unused bytes, of at most {limit}")]
    Free {
        /// Which page.
        page: u32,
        /// What it claims.
        free: usize,
        /// Most it may have; a last page claims none.
        limit: usize,
    },
    /// A page has no content.
    #[error("page {page} is empty")]
    EmptyPage {
        /// Which page.
        page: u32,
    },
    /// An unused byte is not zero.
    #[error("byte {offset} of page {page} is unused and not zero")]
    NotZero {
        /// Which page.
        page: u32,
        /// From the start of its content.
        offset: usize,
    },
    /// No record starts with these bytes.
    #[error("no record starts at byte {offset} of page {page}")]
    BadPrefix {
        /// Which page.
        page: u32,
        /// From the start of its content.
        offset: usize,
    },
    /// The last record goes on behind the last page.
    #[error("the last record lacks {missing} bytes, or the rest of its length")]
    CutRecord {
        /// Bytes that are not there; zero if its length is not either.
        missing: usize,
    },
}
