//! Short linear signatures of blocks, by which parity is compared with primaries without sending either.
//!
//! A block is seen as lines of 64 bytes, the last one padded with zeroes; its signature is the sum of all
//! lines, each times a weight that depends on a seed and the line's number:
//!
//! ```text
//! sig(a) = sum over lines l of weight(seed, l) * a_l          sig(a + b) = sig(a) + sig(b)
//!                                                             sig(c * a) = c * sig(a)
//! ```
//!
//! So for one seed, the signature of a parity block is the sum of the coefficients times the signatures of
//! the primaries' blocks, and what an update changes is known from its delta alone
//! ([`Signature::add_range`]). Zeroes behind a block change nothing: blocks of different lengths compare.
//!
//! No weight is zero, so bytes that are wrong within one line always show. Wrong bytes in several lines cancel
//! out for at most one in 255 choices of the weights; a new seed for each comparison makes that as unlikely as
//! one likes. They are no defence against whoever knows the seed.
//!
//! Invariant: linear, as above.

use serde::{Deserialize, Serialize};

use crate::field::multiply;
use crate::kernel::multiply_add;

/// Bytes of a line, and of a signature.
pub const LINE_BYTES: usize = 64;

/// The signature of a block, or a sum of such. See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature(#[serde(with = "serde_bytes")] [u8; LINE_BYTES]);

impl Signature {
    /// That of nothing, and of zeroes.
    pub const ZERO: Self = Self([0; LINE_BYTES]);

    /// The signature of a block.
    pub fn of(seed: u64, block: &[u8]) -> Self {
        let mut signature = Self::ZERO;
        signature.add_range(seed, 0, 1, block);
        signature
    }

    /// Adds `coefficient` times another signature of the same seed. Adding it again takes it back.
    pub fn add_scaled(&mut self, coefficient: u8, other: &Self) {
        multiply_add(coefficient, &other.0, &mut self.0);
    }

    /// Adds `coefficient` times the signature of a block that is zero but for `bytes` from byte `offset` on: what
    /// a delta there changes.
    pub fn add_range(&mut self, seed: u64, offset: usize, coefficient: u8, bytes: &[u8]) {
        let (mut line, mut place, mut rest) = (offset / LINE_BYTES, offset % LINE_BYTES, bytes);
        while !rest.is_empty() {
            let (here, behind) = rest.split_at(rest.len().min(LINE_BYTES - place));
            let factor = multiply(coefficient, weight(seed, line));
            multiply_add(factor, here, &mut self.0[place..place + here.len()]);
            (line, place, rest) = (line + 1, 0, behind);
        }
    }

    /// Whether it is that of zeroes.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl Default for Signature {
    fn default() -> Self {
        Self::ZERO
    }
}

/// What a line is multiplied by; never zero. It must not change: the nodes of a cluster draw their own.
fn weight(seed: u64, line: usize) -> u8 {
    (draw(seed, line) % 255) as u8 + 1
}

/// Output number `line` of the generator SplitMix64 (G. Steele, D. Lea and C. Flood, *Fast Splittable
/// Pseudorandom Number Generators*, OOPSLA 2014), which can be asked for any of its outputs at once.
fn draw(seed: u64, line: usize) -> u64 {
    let state = seed.wrapping_add((line as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests;
