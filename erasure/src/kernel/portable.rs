//! Lanes for every processor: bytes in an array, multiplied by doubling and adding.
//!
//! The product is built from the coefficient's highest bit down: double what is there, add the bytes if the
//! bit is set. Neither step looks anything up, so the compiler turns both into whatever vector
//! instructions every processor of the target has.

use super::lanes::{self, Lanes, Term};
use super::short;
use crate::field::REDUCTION;

/// Bytes that go through the multiplication together.
const BYTES: usize = 64;

/// Needs nothing of the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portable;

impl Portable {
    pub(super) fn add(self, coefficient: u8, source: &[u8], target: &mut [u8]) {
        lanes::add(self, coefficient, source, target);
    }

    pub(super) fn write(self, terms: &[Term<'_>], target: &mut [u8]) {
        lanes::write(self, terms, target);
    }
}

impl Lanes for Portable {
    type Vector = [u8; BYTES];
    type Factor = u8;
    const BYTES: usize = BYTES;

    #[inline(always)]
    fn factor(self, coefficient: u8) -> u8 {
        coefficient
    }

    #[inline(always)]
    fn zero(self) -> [u8; BYTES] {
        [0; BYTES]
    }

    #[inline(always)]
    fn load(self, bytes: &[u8]) -> [u8; BYTES] {
        bytes.try_into().expect("a whole vector is loaded")
    }

    #[inline(always)]
    fn load_partial(self, bytes: &[u8]) -> [u8; BYTES] {
        let mut vector = [0; BYTES];
        short::copy(bytes, &mut vector[..bytes.len()]);
        vector
    }

    #[inline(always)]
    fn store(self, vector: [u8; BYTES], bytes: &mut [u8]) {
        bytes.copy_from_slice(&vector);
    }

    #[inline(always)]
    fn store_partial(self, vector: [u8; BYTES], bytes: &mut [u8]) {
        short::copy(&vector[..bytes.len()], bytes);
    }

    #[inline(always)]
    fn xor(self, mut a: [u8; BYTES], b: [u8; BYTES]) -> [u8; BYTES] {
        for (a, b) in a.iter_mut().zip(b) {
            *a ^= b;
        }
        a
    }

    #[inline(always)]
    fn multiply(self, coefficient: u8, vector: [u8; BYTES]) -> [u8; BYTES] {
        vector.map(|byte| product(coefficient, byte))
    }
}

/// Without branches, so that many bytes can go through it together.
#[inline(always)]
fn product(coefficient: u8, byte: u8) -> u8 {
    let mut product = 0;
    for bit in (0..8).rev() {
        let chosen = 0u8.wrapping_sub(coefficient >> bit & 1);
        let overflow = 0u8.wrapping_sub(product >> 7);
        product = (product << 1) ^ (overflow & REDUCTION) ^ (byte & chosen);
    }
    product
}
