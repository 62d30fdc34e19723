//! Loads of fewer bytes than a vector, for the ends of buffers and for short deltas.
//!
//! The bytes are put together in registers: a vector that is loaded from pieces just stored would wait until
//! they reach the cache, which is longer than all the rest of a short delta takes.

/// Fewer than 32 bytes as words, little end first, with zeroes behind.
#[inline(always)]
pub(super) fn words(bytes: &[u8]) -> [u64; 4] {
    let mut words = [0; 4];
    let mut rest = bytes;
    for word in &mut words {
        match rest.split_first_chunk() {
            Some((first, behind)) => (*word, rest) = (u64::from_le_bytes(*first), behind),
            None => {
                *word = last_word(rest);
                break;
            }
        }
    }
    words
}

/// Fewer than 8 bytes. Where the pieces overlap they say the same.
#[inline(always)]
fn last_word(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (length - 4));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u16::from_le_bytes(*first), u16::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (length - 2));
    }
    bytes.first().copied().map_or(0, u64::from)
}
