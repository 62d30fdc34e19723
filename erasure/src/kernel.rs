//! The inner loop of everything: add a coefficient times some bytes to others.
//!
//! Invariant: `target` becomes `target + coefficient * source` in GF(2^8), byte by byte; calling it again
//! with the same arguments takes the sum back, since addition is xor.

use reed_solomon_erasure::galois_8;

/// Adds `coefficient` times `source` to `target`.
///
/// Coefficient 1, all of the first fused server's work, is a plain xor; 0 adds nothing.
///
/// # Panics
/// If the lengths differ.
pub fn multiply_add(coefficient: u8, source: &[u8], target: &mut [u8]) {
    assert_eq!(source.len(), target.len(), "lengths of source and target");
    match coefficient {
        0 => {}
        1 => xor(source, target),
        // The library's kernel reads the first byte even of nothing.
        _ if source.is_empty() => {}
        _ => galois_8::mul_slice_xor(coefficient, source, target),
    }
}

fn xor(source: &[u8], target: &mut [u8]) {
    for (target, source) in target.iter_mut().zip(source) {
        *target ^= source;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::multiply;

    #[test]
    fn every_product_is_that_of_the_bitwise_multiplication() {
        let source: Vec<u8> = (0..=255).collect();
        for coefficient in 0..=255 {
            let mut target = vec![0; 256];
            multiply_add(coefficient, &source, &mut target);
            let expected: Vec<u8> = source.iter().map(|byte| multiply(coefficient, *byte)).collect();
            assert_eq!(target, expected, "coefficient {coefficient}");
        }
    }

    #[test]
    fn nothing_may_be_added_to_nothing() {
        for coefficient in [0, 1, 2] {
            multiply_add(coefficient, &[], &mut []);
        }
    }

    #[test]
    #[should_panic(expected = "lengths of source and target")]
    fn lengths_that_differ_panic() {
        multiply_add(0, &[1], &mut [1, 2]);
    }

    proptest! {
        /// Lengths and starts around the widths of vector registers.
        #[test]
        fn the_product_is_added_at_every_length_and_alignment(
            coefficient in any::<u8>(),
            start in 0..17usize,
            pairs in prop::collection::vec(any::<(u8, u8)>(), 17..140),
        ) {
            let (source, before): (Vec<u8>, Vec<u8>) = pairs.into_iter().unzip();
            let mut target = before.clone();
            multiply_add(coefficient, &source[start..], &mut target[start..]);
            for at in 0..target.len() {
                let added = if at < start { 0 } else { multiply(coefficient, source[at]) };
                prop_assert_eq!(target[at], before[at] ^ added);
            }
            multiply_add(coefficient, &source[start..], &mut target[start..]);
            prop_assert_eq!(target, before);
        }
    }
}
