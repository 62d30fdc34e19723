//! One growable run of zeroed bytes, with little slack.
//!
//! `Vec` doubles when it is full; a structure whose memory is the thing measured cannot afford that. A
//! region grows by a sixteenth of its length, so that copying stays a constant factor and at most a
//! sixteenth (or a small minimum) is unused.
//!
//! Invariant: bytes that come in by growing are zero.

/// A full region grows by its length divided by this.
const GROWTH_DIVISOR: usize = 16;
/// A full region grows by at least this many bytes.
const GROWTH_MIN_BYTES: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Region(Vec<u8>);

impl Region {
    pub(crate) fn from_image(image: Vec<u8>) -> Self {
        Self(image)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Grows with zeroes or cuts, to `length` bytes; gives memory back when much of it is unused.
    pub(crate) fn resize(&mut self, length: usize) {
        if length > self.0.capacity() {
            let wanted = length + slack(length);
            self.0.reserve_exact(wanted - self.0.len());
        }
        self.0.resize(length, 0);
        if self.0.capacity() - length > slack(length) {
            // Half of it stays, so that growing and shrinking in turn does not copy every time.
            self.0.shrink_to(length + slack(length) / 2);
        }
    }

    /// Replaces the bytes from `offset` on by `new`.
    ///
    /// # Panics
    /// As [`Self::xor`].
    pub(crate) fn write(&mut self, offset: usize, new: &[u8]) {
        self.0[offset..offset + new.len()].copy_from_slice(new);
    }

    /// Xors `xor` into the bytes from `offset` on.
    ///
    /// # Panics
    /// If the range leaves the region; callers check first.
    pub(crate) fn xor(&mut self, offset: usize, xor: &[u8]) {
        for (byte, change) in self.0[offset..offset + xor.len()].iter_mut().zip(xor) {
            *byte ^= change;
        }
    }
}

/// Bytes to hold in reserve behind `length` bytes.
fn slack(length: usize) -> usize {
    (length / GROWTH_DIVISOR).max(GROWTH_MIN_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_stays_within_a_sixteenth_while_growing_byte_by_byte() {
        let mut region = Region::default();
        for length in 1..20_000 {
            region.resize(length);
            assert!(region.0.capacity() - length <= slack(length), "at {length}");
        }
    }

    #[test]
    fn memory_is_given_back_while_shrinking() {
        let mut region = Region::default();
        region.resize(20_000);
        for length in (0..20_000).rev() {
            region.resize(length);
            assert!(region.0.capacity() - length <= slack(length), "at {length}");
        }
    }

    #[test]
    fn bytes_cut_and_grown_again_are_zero() {
        let mut region = Region::default();
        region.resize(10);
        region.xor(0, &[7; 10]);
        region.resize(4);
        region.resize(10);
        assert_eq!(region.bytes(), [7, 7, 7, 7, 0, 0, 0, 0, 0, 0]);
    }
}
