//! Where the bytes of a keyed list are: widths and offsets of slots, for given limits.
//!
//! ```text
//! VALUES    slot 0, slot 1, ...    slot  = length (1 byte, or 2 if element_bytes > 255), value, zeroes
//! ENTRIES   header, entry 0, ...   header = magic, version u8, key_bytes u8, element_bytes u16,
//!                                           count u32, tail u32, head u32
//!                                  entry = prev u32, next u32, key length u8, key, zeroes
//! ```
//!
//! Numbers are little-endian. The list's order is in the links alone, so that the slots can stay dense: a
//! fused backup of dense slots is never longer than its longest primary (the report, Figure 4).

use crate::arena::MAX_REGION_BYTES;

/// Most elements of one structure, whatever its limits; see also [`Layout::capacity`].
pub const MAX_ELEMENTS: u32 = 1 << 24;

/// Bytes of the ENTRIES region before the first entry.
pub(crate) const HEADER_BYTES: usize = 20;
/// Bytes of an entry before its key.
pub(crate) const ENTRY_PREFIX_BYTES: usize = 9;

/// Longest key and value of one structure, fixed for its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StructureLimits {
    /// Longest key in bytes; every entry takes this much.
    pub key_bytes: u8,
    /// Longest value in bytes; every slot takes this much.
    pub element_bytes: u16,
}

/// Widths and offsets, in bytes, that follow from the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    limits: StructureLimits,
}

impl Layout {
    /// The layout for these limits.
    pub fn new(limits: StructureLimits) -> Self {
        Self { limits }
    }

    /// The limits it follows from.
    pub fn limits(&self) -> StructureLimits {
        self.limits
    }

    /// Bytes of a value slot's length prefix.
    pub fn value_prefix_bytes(&self) -> usize {
        if self.limits.element_bytes <= u16::from(u8::MAX) {
            1
        } else {
            2
        }
    }

    /// Bytes of one slot of the VALUES region.
    pub fn value_width(&self) -> usize {
        self.value_prefix_bytes() + usize::from(self.limits.element_bytes)
    }

    /// Bytes of one entry of the ENTRIES region.
    pub fn entry_width(&self) -> usize {
        ENTRY_PREFIX_BYTES + usize::from(self.limits.key_bytes)
    }

    /// First byte of a slot in the VALUES region; of slot `count`, the region's length.
    pub fn value_offset(&self, slot: u32) -> usize {
        slot as usize * self.value_width()
    }

    /// First byte of a slot's entry in the ENTRIES region; of slot `count`, the region's length.
    pub fn entry_offset(&self, slot: u32) -> usize {
        HEADER_BYTES + slot as usize * self.entry_width()
    }

    /// Most elements that fit: [`MAX_ELEMENTS`], or fewer where a region would become too long.
    pub fn capacity(&self) -> u32 {
        let by_values = MAX_REGION_BYTES / self.value_width() as u64;
        let by_entries = (MAX_REGION_BYTES - HEADER_BYTES as u64) / self.entry_width() as u64;
        u64::from(MAX_ELEMENTS).min(by_values).min(by_entries) as u32
    }

    /// The bytes of a value slot that holds `value`, which must not be longer than `element_bytes`.
    pub(crate) fn encode_value(&self, value: &[u8]) -> Vec<u8> {
        let mut slot = Vec::with_capacity(self.value_width());
        slot.extend_from_slice(&(value.len() as u16).to_le_bytes()[..self.value_prefix_bytes()]);
        slot.extend_from_slice(value);
        slot.resize(self.value_width(), 0);
        slot
    }

    /// The length in a value slot's prefix, which a corrupted slot may have past `element_bytes`.
    pub(crate) fn value_length(&self, slot: &[u8]) -> usize {
        match self.value_prefix_bytes() {
            1 => usize::from(slot[0]),
            _ => usize::from(u16::from_le_bytes([slot[0], slot[1]])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(key_bytes: u8, element_bytes: u16) -> Layout {
        Layout::new(StructureLimits {
            key_bytes,
            element_bytes,
        })
    }

    #[test]
    fn the_length_prefix_has_two_bytes_from_256_on() {
        assert_eq!(layout(8, 255).value_width(), 256);
        assert_eq!(layout(8, 256).value_width(), 258);
        assert_eq!(layout(8, 255).encode_value(&[7; 255])[..2], [255, 7]);
        assert_eq!(layout(8, 256).encode_value(&[7; 256])[..3], [0, 1, 7]);
    }

    #[test]
    fn the_widest_slot_entry_and_session_are_within_what_one_operation_may_add() {
        let widest = layout(u8::MAX, u16::MAX);
        for bytes in [
            widest.value_width(),
            widest.entry_offset(1),
            crate::session::RECORD_BYTES,
        ] {
            assert!(bytes as u64 <= crate::arena::MAX_GROWTH_BYTES, "{bytes}");
        }
    }

    #[test]
    fn capacity_is_what_the_longest_region_holds_and_not_one_more() {
        assert_eq!(layout(8, 8).capacity(), MAX_ELEMENTS);
        for layout in [
            layout(255, 8),
            layout(8, 300),
            layout(255, u16::MAX),
            layout(1, 1000),
        ] {
            let fits = |slot| {
                let longest = layout.value_offset(slot).max(layout.entry_offset(slot));
                longest as u64 <= MAX_REGION_BYTES
            };
            assert!(fits(layout.capacity()), "{layout:?}");
            assert!(
                layout.capacity() == MAX_ELEMENTS || !fits(layout.capacity() + 1),
                "{layout:?}"
            );
        }
    }

    #[test]
    fn a_slot_gives_back_the_length_of_its_value() {
        for element_bytes in [1, 255, 256, 1000] {
            let layout = layout(1, element_bytes);
            for length in [0, 1, usize::from(element_bytes)] {
                assert_eq!(
                    layout.value_length(&layout.encode_value(&vec![1; length])),
                    length
                );
            }
        }
    }
}
