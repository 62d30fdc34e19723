//! Checks that the regions are the bytes of a keyed list, before anything of it is served.
//!
//! Nothing in the regions is trusted: lengths are checked before the bytes they promise are read, and
//! links before they are followed.

use crate::arena::Arena;
use crate::delta::RegionId;
use crate::entries::{Entries, MAGIC, NIL, VERSION};
use crate::image_error::ImageError;
use crate::key_index::KeyIndex;
use crate::layout::{HEADER_BYTES, Layout, StructureLimits};
use crate::op::Outcome;
use crate::session;

/// Checks all regions and returns the index of the keys, rebuilt.
pub(super) fn check(arena: &Arena, layout: Layout) -> Result<KeyIndex, ImageError> {
    let entries = Entries::new(arena.image(RegionId::ENTRIES), layout);
    check_regions(arena, layout)?;
    session::check(arena.image(RegionId::SESSIONS), answers)?;
    let count = entries.count();
    let mut index = KeyIndex::with_capacity(count as usize);
    let mut before = NIL;
    let mut slot = entries.head();
    for passed in 0..count {
        if slot >= count {
            return Err(ImageError::Link { passed, count, slot });
        }
        // No cycle passes this: the first slot met again has another slot (or none) before it.
        check_back_link(before, entries.prev(slot))?;
        check_key(entries, layout, slot)?;
        check_value(arena.image(RegionId::VALUES), layout, slot)?;
        match index.find(entries, entries.key(slot)) {
            Some(first) => return Err(ImageError::RepeatedKey { first, second: slot }),
            None => index.insert(entries, slot),
        }
        before = slot;
        slot = entries.next(slot);
    }
    if slot != NIL {
        return Err(ImageError::Link {
            passed: count,
            count,
            slot,
        });
    }
    check_back_link(before, entries.tail())?;
    Ok(index)
}

/// Whether a keyed list records this outcome of a write.
fn answers(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Removed | Outcome::AbsentPlace)
}

/// Magic, version, limits, and the lengths of VALUES and ENTRIES.
fn check_regions(arena: &Arena, layout: Layout) -> Result<(), ImageError> {
    let image = arena.image(RegionId::ENTRIES);
    let sessions = arena.len(RegionId::SESSIONS);
    if image.is_empty() != (sessions == 0) {
        return Err(ImageError::RegionMissing {
            entries: image.len(),
            sessions,
        });
    }
    let count = if image.is_empty() {
        0
    } else {
        check_header(image, layout)?
    };
    let expected_entries = if image.is_empty() {
        0
    } else {
        layout.entry_offset(count)
    };
    let expected = [
        (RegionId::ENTRIES, expected_entries),
        (RegionId::VALUES, layout.value_offset(count)),
    ];
    for (region, expected) in expected {
        let found = arena.len(region);
        if found != expected {
            return Err(ImageError::Length {
                region: region.0,
                found,
                expected,
                count,
            });
        }
    }
    Ok(())
}

/// The fixed fields of a header; returns the number of elements.
fn check_header(image: &[u8], layout: Layout) -> Result<u32, ImageError> {
    let found = image.len();
    let Some((header, _)) = image.split_first_chunk::<HEADER_BYTES>() else {
        return Err(ImageError::HeaderTruncated {
            found,
            expected: HEADER_BYTES,
        });
    };
    let magic = [header[0], header[1], header[2], header[3]];
    if magic != MAGIC {
        return Err(ImageError::Magic {
            found: magic,
            expected: MAGIC,
        });
    }
    if header[4] != VERSION {
        return Err(ImageError::Version {
            found: header[4],
            expected: VERSION,
        });
    }
    let element_bytes = u16::from_le_bytes([header[6], header[7]]);
    let limits = StructureLimits {
        key_bytes: header[5],
        element_bytes,
    };
    if limits != layout.limits() {
        return Err(ImageError::Limits {
            found: limits,
            expected: layout.limits(),
        });
    }
    let (count, capacity) = (Entries::new(image, layout).count(), layout.capacity());
    if count > capacity {
        return Err(ImageError::TooManyElements { count, capacity });
    }
    Ok(count)
}

fn check_back_link(expected: u32, found: u32) -> Result<(), ImageError> {
    if found == expected {
        Ok(())
    } else {
        Err(ImageError::BackLink { expected, found })
    }
}

fn check_key(entries: Entries<'_>, layout: Layout, slot: u32) -> Result<(), ImageError> {
    let (found, limit) = (entries.key_length(slot), usize::from(layout.limits().key_bytes));
    if found == 0 || found > limit {
        return Err(ImageError::KeyLength { slot, found, limit });
    }
    check_padding(RegionId::ENTRIES, slot, &entries.padded_key(slot)[found..])
}

fn check_value(image: &[u8], layout: Layout, slot: u32) -> Result<(), ImageError> {
    let bytes = &image[layout.value_offset(slot)..][..layout.value_width()];
    let (found, limit) = (
        layout.value_length(bytes),
        usize::from(layout.limits().element_bytes),
    );
    if found > limit {
        return Err(ImageError::ValueLength { slot, found, limit });
    }
    check_padding(
        RegionId::VALUES,
        slot,
        &bytes[layout.value_prefix_bytes() + found..],
    )
}

fn check_padding(region: RegionId, slot: u32, padding: &[u8]) -> Result<(), ImageError> {
    if padding.iter().any(|byte| *byte != 0) {
        return Err(ImageError::Padding {
            region: region.0,
            slot,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
