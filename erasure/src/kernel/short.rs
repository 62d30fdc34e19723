//! Copies of fewer bytes than a vector, for the ends of buffers and for short deltas.
//!
//! A copy whose length the compiler does not know is a call. Here a length is covered by two pieces of
//! known width, the first and the last bytes, which overlap in the middle.

/// Copies fewer than 64 bytes to as many.
#[inline(always)]
pub(super) fn copy(from: &[u8], to: &mut [u8]) {
    match from.len() {
        0 => {}
        1 => copy_ends::<1>(from, to),
        2..4 => copy_ends::<2>(from, to),
        4..8 => copy_ends::<4>(from, to),
        8..16 => copy_ends::<8>(from, to),
        16..32 => copy_ends::<16>(from, to),
        _ => copy_ends::<32>(from, to),
    }
}

/// Copies the first and the last `WIDTH` bytes, between which nothing is left.
#[inline(always)]
fn copy_ends<const WIDTH: usize>(from: &[u8], to: &mut [u8]) {
    let length = from.len();
    assert!((WIDTH..=2 * WIDTH).contains(&length) && to.len() == length);
    to[..WIDTH].copy_from_slice(&from[..WIDTH]);
    to[length - WIDTH..].copy_from_slice(&from[length - WIDTH..]);
}
