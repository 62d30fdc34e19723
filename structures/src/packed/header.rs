//! The first bytes of the RECORDS and RESULTS regions: what the structure is, and where its chains begin.
//!
//! ```text
//! RECORDS   magic, version u8, kind u8, key_bytes u8, 0, element_bytes u16, page_bytes u16, head u32
//! RESULTS   head u32
//! ```
//!
//! Both are written with the first session; before it, the regions are empty.

use super::page::{Geometry, LINK_BYTES};
use crate::delta::RegionId;
use crate::image_error::ImageError;
use crate::kind::{StructureKind, StructureLimits, StructureSpec};

/// First bytes of the RECORDS region.
const MAGIC: [u8; 4] = *b"FBpk";
/// Changed whenever the meaning of the bytes changes.
const VERSION: u8 = 1;
/// Bytes before the link to the head.
const FIXED_BYTES: usize = 12;
const VERSION_AT: usize = 4;
const KIND_AT: usize = 5;
const KEY_BYTES_AT: usize = 6;
const ELEMENT_BYTES_AT: usize = 8;
const PAGE_BYTES_AT: usize = 10;

/// The shape of the chain of elements.
pub(crate) fn records_geometry(page_bytes: u16) -> Geometry {
    Geometry {
        region: RegionId::RECORDS,
        header_bytes: FIXED_BYTES + LINK_BYTES,
        page_bytes,
    }
}

/// The shape of the chain of values taken out.
pub(crate) fn results_geometry(page_bytes: u16) -> Geometry {
    Geometry {
        region: RegionId::RESULTS,
        header_bytes: LINK_BYTES,
        page_bytes,
    }
}

/// The fixed bytes of the RECORDS region.
pub(crate) fn encode(spec: StructureSpec, page_bytes: u16) -> [u8; FIXED_BYTES] {
    let mut header = [0; FIXED_BYTES];
    header[..VERSION_AT].copy_from_slice(&MAGIC);
    header[VERSION_AT] = VERSION;
    header[KIND_AT] = code(spec.kind);
    header[KEY_BYTES_AT] = spec.limits.key_bytes;
    header[ELEMENT_BYTES_AT..PAGE_BYTES_AT].copy_from_slice(&spec.limits.element_bytes.to_le_bytes());
    header[PAGE_BYTES_AT..].copy_from_slice(&page_bytes.to_le_bytes());
    header
}

/// Whether a RECORDS region that is not empty starts as this structure's does.
///
/// # Errors
/// [`ImageError::HeaderTruncated`], `Magic`, `Version`, `Kind`, `Limits`, `PageBytes`, `HeaderNotZero`.
pub(crate) fn check(image: &[u8], spec: StructureSpec, page_bytes: u16) -> Result<(), ImageError> {
    let Some((header, _)) = image.split_first_chunk::<FIXED_BYTES>() else {
        return Err(ImageError::HeaderTruncated {
            found: image.len(),
            expected: FIXED_BYTES + LINK_BYTES,
        });
    };
    let expected = encode(spec, page_bytes);
    if header[..VERSION_AT] != MAGIC {
        let found = [header[0], header[1], header[2], header[3]];
        return Err(ImageError::Magic {
            found,
            expected: MAGIC,
        });
    }
    if header[VERSION_AT] != VERSION {
        let (found, expected) = (header[VERSION_AT], VERSION);
        return Err(ImageError::Version { found, expected });
    }
    if header[KIND_AT] != expected[KIND_AT] {
        let (found, expected) = (header[KIND_AT], spec.kind);
        return Err(ImageError::Kind { found, expected });
    }
    let u16_at = |at| u16::from_le_bytes([header[at], header[at + 1]]);
    let limits = StructureLimits {
        key_bytes: header[KEY_BYTES_AT],
        element_bytes: u16_at(ELEMENT_BYTES_AT),
    };
    if limits != spec.limits {
        let (found, expected) = (limits, spec.limits);
        return Err(ImageError::Limits { found, expected });
    }
    let found = u16_at(PAGE_BYTES_AT);
    if found != page_bytes {
        let expected = page_bytes;
        return Err(ImageError::PageBytes { found, expected });
    }
    if *header != expected {
        return Err(ImageError::HeaderNotZero);
    }
    Ok(())
}

/// A kind's number in the header: never reuse one.
fn code(kind: StructureKind) -> u8 {
    match kind {
        StructureKind::LinkedList => 0,
        StructureKind::KeyedList => 1,
        StructureKind::List => 2,
        StructureKind::Map => 3,
        StructureKind::OrderedMap => 4,
        StructureKind::Set => 5,
        StructureKind::Queue => 6,
        StructureKind::Stack => 7,
        StructureKind::PriorityQueue => 8,
    }
}
