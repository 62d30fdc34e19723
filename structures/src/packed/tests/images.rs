//! Each kind of corruption is named, and none is served.

mod chains;
mod random;
mod records;

use multicast::id::{ClientId, Seq};

use super::limits::{Scripted, insert, push_back};
use super::properties::images;
use super::script::{LIMITS, spec};
use crate::delta::REGIONS;
use crate::image_error::{ImageError, ResultError, SessionError};
use crate::kind::{StructureKind, StructureLimits, StructureSpec};
use crate::op::{Op, Outcome, Write};
use crate::packed::Packed;
use crate::packed::chain_error::ChainError;
use crate::packed::format::RecordError;
use crate::session::RECORD_BYTES;

const RECORDS: usize = 0;
const RESULTS: usize = 1;
const SESSIONS: usize = 2;

/// Ten bytes of content.
const PAGE_BYTES: u16 = 16;
/// Offsets of what the tests corrupt.
const HEAD: usize = 12;
const HEADER_BYTES: usize = 16;

type Images = [Vec<u8>; REGIONS];

fn page(page: usize) -> usize {
    HEADER_BYTES + page * usize::from(PAGE_BYTES)
}

fn content(at: usize) -> usize {
    page(at) + 6
}

/// A list of `abcde`, `fgh`, `ijklmno`, with prefixes of 6, 4 and 8, on three pages. Two values were taken out
/// before, by writes 7 and 8, and left a gap of five bytes.
fn sound_list() -> Images {
    let mut scripted = Scripted::new(spec(StructureKind::List), PAGE_BYTES);
    for value in [&b"x"[..], b"yz", b"abcde", b"fgh", b"ijklmno"] {
        assert_eq!(scripted.outcome(push_back(value)), Outcome::Inserted);
    }
    for _ in 0..2 {
        assert_eq!(scripted.outcome(Op::PopFront), Outcome::Removed);
    }
    images(&scripted.packed)
}

/// Elements that `ops` put in, in pages of 64 bytes.
fn sound(kind: StructureKind, ops: Vec<Op>) -> Images {
    let mut scripted = Scripted::new(spec(kind), 64);
    for op in ops {
        assert_eq!(scripted.outcome(op), Outcome::Inserted);
    }
    images(&scripted.packed)
}

fn read(kind: StructureKind, images: Images, page_bytes: u16) -> Result<Packed, ImageError> {
    Packed::from_images_with_pages(spec(kind), images, page_bytes)
}

fn refusal(corrupt: impl FnOnce(&mut Images)) -> ImageError {
    let mut images = sound_list();
    corrupt(&mut images);
    read(StructureKind::List, images, PAGE_BYTES).expect_err("corrupted images")
}

fn chain(error: ChainError) -> ImageError {
    ImageError::Chain { region: 0, error }
}

#[test]
fn sound_images_and_empty_ones_are_accepted() {
    let list = read(StructureKind::List, sound_list(), PAGE_BYTES).unwrap();
    let values: Vec<_> = list.elements().into_iter().map(|element| element.value).collect();
    assert_eq!(values, [&b"abcde"[..], b"fgh", b"ijklmno"]);
    for kind in StructureKind::ALL.into_iter().skip(1) {
        let empty = Packed::with_pages(spec(kind), PAGE_BYTES);
        assert_eq!(read(kind, Images::default(), PAGE_BYTES), Ok(empty));
    }
}

#[test]
fn records_lie_one_after_the_other_and_over_the_edges_of_pages() {
    let [records, ..] = sound_list();
    let pages = [
        *b"\x02\0\0\0\0\0\0\0\0\0\0\x06abcd",
        *b"\x03\0\0\0\0\0e\x04fgh\x08ijkl",
        *b"\0\0\0\0\0\0mno\0\0\0\0\0\0\0",
    ];
    assert_eq!(
        records[..HEADER_BYTES],
        *b"FBpk\x01\x02\x04\0\xC8\0\x10\0\x01\0\0\0"
    );
    assert_eq!(records[HEADER_BYTES..], pages.concat());
}

#[test]
fn a_header_that_is_not_this_structures_is_refused() {
    let cases = [
        (
            0,
            ImageError::Magic {
                found: *b"GBpk",
                expected: *b"FBpk",
            },
        ),
        (
            4,
            ImageError::Version {
                found: 0,
                expected: 1,
            },
        ),
        (
            5,
            ImageError::Kind {
                found: 3,
                expected: StructureKind::List,
            },
        ),
        (7, ImageError::HeaderNotZero),
        (
            10,
            ImageError::PageBytes {
                found: 17,
                expected: 16,
            },
        ),
    ];
    for (at, error) in cases {
        assert_eq!(refusal(|images| images[RECORDS][at] ^= 1), error);
    }
    for (at, limits) in [
        (
            6,
            StructureLimits {
                key_bytes: 5,
                ..LIMITS
            },
        ),
        (
            8,
            StructureLimits {
                element_bytes: 201,
                ..LIMITS
            },
        ),
    ] {
        let error = ImageError::Limits {
            found: limits,
            expected: LIMITS,
        };
        assert_eq!(refusal(|images| images[RECORDS][at] ^= 1), error);
    }
    let truncated = ImageError::HeaderTruncated {
        found: 11,
        expected: 16,
    };
    assert_eq!(refusal(|images| images[RECORDS].truncate(11)), truncated);
}

#[test]
fn a_missing_region_is_refused() {
    let lengths = sound_list().map(|image| image.len());
    for region in 0..REGIONS {
        let mut left = lengths;
        left[region] = 0;
        let [records, results, sessions] = left;
        let error = ImageError::Missing {
            records,
            results,
            sessions,
        };
        assert_eq!(refusal(|images| images[region].clear()), error);
    }
}
