//! Lanes for x86-64: GFNI with registers of 64 or 32 bytes, and AVX2.
//!
//! A token of each type exists only if the processor has the instructions; that is the whole safety
//! argument of the calls here. This is the only module of the workspace with unsafe code. Source for the nibble
//! tables: J. Plank, K. Greenan and E. Miller, *Screaming Fast Galois Field Arithmetic Using Intel SIMD
//! Instructions*, FAST 2013.
//!
//! Invariant: a token comes from its `detect` alone; memory is touched through slices whose lengths are
//! checked against the width of the access.

use std::arch::x86_64::*;

use super::lanes::{self, Lanes, Term};
use super::short;
use super::tables::{MATRICES, NIBBLES};
use super::words::words;

/// The processor has AVX2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Avx2(());

/// The processor has GFNI, with registers of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gfni256(Avx2);

/// The processor has GFNI, with registers of 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gfni512(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

impl Gfni256 {
    pub(super) fn detect() -> Option<Self> {
        let avx2 = Avx2::detect()?;
        is_x86_feature_detected!("gfni").then_some(Self(avx2))
    }
}

impl Gfni512 {
    pub(super) fn detect() -> Option<Self> {
        let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        (wide && is_x86_feature_detected!("gfni")).then_some(Self(()))
    }
}

/// Compiles the shared loops for a token's instructions.
macro_rules! compile_for {
    ($lanes:ty, $features:literal) => {
        impl $lanes {
            pub(super) fn add(self, coefficient: u8, source: &[u8], target: &mut [u8]) {
                #[target_feature(enable = $features)]
                fn compiled(lanes: $lanes, coefficient: u8, source: &[u8], target: &mut [u8]) {
                    lanes::add(lanes, coefficient, source, target);
                }
                // SAFETY: `self` exists, so the processor has these instructions.
                unsafe { compiled(self, coefficient, source, target) }
            }

            pub(super) fn write(self, terms: &[Term<'_>], target: &mut [u8]) {
                #[target_feature(enable = $features)]
                fn compiled(lanes: $lanes, terms: &[Term<'_>], target: &mut [u8]) {
                    lanes::write(lanes, terms, target);
                }
                // SAFETY: `self` exists, so the processor has these instructions.
                unsafe { compiled(self, terms, target) }
            }
        }
    };
}

compile_for!(Avx2, "avx2");
compile_for!(Gfni256, "avx2,gfni");
compile_for!(Gfni512, "avx512f,avx512bw,gfni");

impl Lanes for Avx2 {
    type Vector = __m256i;
    /// The products of the low and of the high nibbles, in both halves.
    type Factor = [__m256i; 2];
    const BYTES: usize = 32;

    #[inline(always)]
    fn factor(self, coefficient: u8) -> [__m256i; 2] {
        let [low, high] = &NIBBLES[usize::from(coefficient)];
        // SAFETY: `self` exists, so the processor has AVX2; 16 bytes are read from each array of 16.
        unsafe {
            [
                _mm256_broadcastsi128_si256(_mm_loadu_si128(low.as_ptr().cast())),
                _mm256_broadcastsi128_si256(_mm_loadu_si128(high.as_ptr().cast())),
            ]
        }
    }

    #[inline(always)]
    fn zero(self) -> __m256i {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { _mm256_setzero_si256() }
    }

    #[inline(always)]
    fn load(self, bytes: &[u8]) -> __m256i {
        assert_eq!(bytes.len(), Self::BYTES);
        // SAFETY: `self` exists, so the processor has AVX2; 32 bytes are read from a slice of 32.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn load_partial(self, bytes: &[u8]) -> __m256i {
        let [first, second, third, fourth] = words(bytes).map(u64::cast_signed);
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { _mm256_set_epi64x(fourth, third, second, first) }
    }

    #[inline(always)]
    fn store(self, vector: __m256i, bytes: &mut [u8]) {
        assert_eq!(bytes.len(), Self::BYTES);
        // SAFETY: `self` exists, so the processor has AVX2; 32 bytes are written to a slice of 32.
        unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().cast(), vector) }
    }

    #[inline(always)]
    fn store_partial(self, vector: __m256i, bytes: &mut [u8]) {
        let mut stored = [0; Self::BYTES];
        self.store(vector, &mut stored);
        short::copy(&stored[..bytes.len()], bytes);
    }

    #[inline(always)]
    fn xor(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { _mm256_xor_si256(a, b) }
    }

    #[inline(always)]
    fn multiply(self, [low, high]: [__m256i; 2], vector: __m256i) -> __m256i {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe {
            let nibble = _mm256_set1_epi8(0x0F);
            let low_nibbles = _mm256_and_si256(vector, nibble);
            let high_nibbles = _mm256_and_si256(_mm256_srli_epi64::<4>(vector), nibble);
            _mm256_xor_si256(
                _mm256_shuffle_epi8(low, low_nibbles),
                _mm256_shuffle_epi8(high, high_nibbles),
            )
        }
    }
}

impl Lanes for Gfni256 {
    type Vector = __m256i;
    /// The matrix of the multiplication, in every eight bytes.
    type Factor = __m256i;
    const BYTES: usize = Avx2::BYTES;

    #[inline(always)]
    fn factor(self, coefficient: u8) -> __m256i {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { _mm256_set1_epi64x(MATRICES[usize::from(coefficient)].cast_signed()) }
    }

    #[inline(always)]
    fn zero(self) -> __m256i {
        self.0.zero()
    }

    #[inline(always)]
    fn load(self, bytes: &[u8]) -> __m256i {
        self.0.load(bytes)
    }

    #[inline(always)]
    fn load_partial(self, bytes: &[u8]) -> __m256i {
        self.0.load_partial(bytes)
    }

    #[inline(always)]
    fn store(self, vector: __m256i, bytes: &mut [u8]) {
        self.0.store(vector, bytes);
    }

    #[inline(always)]
    fn store_partial(self, vector: __m256i, bytes: &mut [u8]) {
        self.0.store_partial(vector, bytes);
    }

    #[inline(always)]
    fn xor(self, a: __m256i, b: __m256i) -> __m256i {
        self.0.xor(a, b)
    }

    #[inline(always)]
    fn multiply(self, matrix: __m256i, vector: __m256i) -> __m256i {
        // SAFETY: `self` exists, so the processor has AVX2 and GFNI.
        unsafe { _mm256_gf2p8affine_epi64_epi8::<0>(vector, matrix) }
    }
}

impl Lanes for Gfni512 {
    type Vector = __m512i;
    /// The matrix of the multiplication, in every eight bytes.
    type Factor = __m512i;
    const BYTES: usize = 64;

    #[inline(always)]
    fn factor(self, coefficient: u8) -> __m512i {
        // SAFETY: `self` exists, so the processor has AVX-512 F.
        unsafe { _mm512_set1_epi64(MATRICES[usize::from(coefficient)].cast_signed()) }
    }

    #[inline(always)]
    fn zero(self) -> __m512i {
        // SAFETY: `self` exists, so the processor has AVX-512 F.
        unsafe { _mm512_setzero_si512() }
    }

    #[inline(always)]
    fn load(self, bytes: &[u8]) -> __m512i {
        assert_eq!(bytes.len(), Self::BYTES);
        // SAFETY: `self` exists, so the processor has AVX-512 F; 64 bytes are read from a slice of 64.
        unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn load_partial(self, bytes: &[u8]) -> __m512i {
        // SAFETY: `self` exists, so the processor has AVX-512 BW; the mask leaves out what is behind the slice.
        unsafe { _mm512_maskz_loadu_epi8(first_lanes(bytes.len()), bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, vector: __m512i, bytes: &mut [u8]) {
        assert_eq!(bytes.len(), Self::BYTES);
        // SAFETY: `self` exists, so the processor has AVX-512 F; 64 bytes are written to a slice of 64.
        unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), vector) }
    }

    #[inline(always)]
    fn store_partial(self, vector: __m512i, bytes: &mut [u8]) {
        // SAFETY: `self` exists, so the processor has AVX-512 BW; the mask leaves out what is behind the slice.
        unsafe { _mm512_mask_storeu_epi8(bytes.as_mut_ptr().cast(), first_lanes(bytes.len()), vector) }
    }

    #[inline(always)]
    fn xor(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: `self` exists, so the processor has AVX-512 F.
        unsafe { _mm512_xor_si512(a, b) }
    }

    #[inline(always)]
    fn multiply(self, matrix: __m512i, vector: __m512i) -> __m512i {
        // SAFETY: `self` exists, so the processor has AVX-512 F and GFNI.
        unsafe { _mm512_gf2p8affine_epi64_epi8::<0>(vector, matrix) }
    }
}

/// The mask of the first lanes, fewer than 64.
#[inline(always)]
fn first_lanes(count: usize) -> __mmask64 {
    assert!(count < 64);
    (1 << count) - 1
}
