//! Every claim that the signatures' documentation makes.

use proptest::prelude::*;

use super::*;
use crate::reference;

/// Line by line and byte by byte.
fn slow_signature(seed: u64, block: &[u8]) -> Signature {
    let mut signature = [0; LINE_BYTES];
    for (at, byte) in block.iter().enumerate() {
        signature[at % LINE_BYTES] ^= reference::multiply(weight(seed, at / LINE_BYTES), *byte);
    }
    Signature(signature)
}

fn scaled(coefficient: u8, block: &[u8]) -> Vec<u8> {
    block
        .iter()
        .map(|byte| reference::multiply(coefficient, *byte))
        .collect()
}

fn block() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}

proptest! {
    #[test]
    fn a_signature_is_the_sum_of_the_weighted_lines(seed in any::<u64>(), block in block()) {
        prop_assert_eq!(Signature::of(seed, &block), slow_signature(seed, &block));
    }

    #[test]
    fn the_signature_of_a_sum_is_the_sum_of_the_signatures(
        seed in any::<u64>(), a in block(), b in block(), coefficient in any::<u8>(),
    ) {
        let mut sum = a.clone();
        sum.resize(a.len().max(b.len()), 0);
        for (sum, byte) in sum.iter_mut().zip(scaled(coefficient, &b)) {
            *sum ^= byte;
        }
        let mut signature = Signature::of(seed, &a);
        signature.add_scaled(coefficient, &Signature::of(seed, &b));
        prop_assert_eq!(signature, Signature::of(seed, &sum));
        signature.add_scaled(coefficient, &Signature::of(seed, &b));
        prop_assert_eq!(signature, Signature::of(seed, &a), "added again, it is taken back");
    }

    #[test]
    fn a_range_adds_the_signature_of_the_block_that_is_zero_around_it(
        seed in any::<u64>(), before in block(), offset in 0..300usize, bytes in block(), coefficient in any::<u8>(),
    ) {
        let mut signature = Signature::of(seed, &before);
        signature.add_range(seed, offset, coefficient, &bytes);
        let around = [vec![0; offset], scaled(coefficient, &bytes), vec![0; 100]].concat();
        let mut expected = Signature::of(seed, &before);
        expected.add_scaled(1, &slow_signature(seed, &around));
        prop_assert_eq!(signature, expected);
    }

    #[test]
    fn zeroes_behind_a_block_change_nothing(seed in any::<u64>(), block in block(), zeroes in 0..200usize) {
        let padded = [block.clone(), vec![0; zeroes]].concat();
        prop_assert_eq!(Signature::of(seed, &padded), Signature::of(seed, &block));
    }

    #[test]
    fn what_is_wrong_within_one_line_always_shows(
        seed in any::<u64>(),
        line in 0..10_000usize,
        place in 0..LINE_BYTES,
        first in 1..=255u8,
        others in prop::collection::vec(any::<u8>(), 0..LINE_BYTES),
    ) {
        let mut wrong = vec![first];
        wrong.extend(others);
        wrong.truncate(LINE_BYTES - place);
        let mut signature = Signature::ZERO;
        signature.add_range(seed, line * LINE_BYTES + place, 1, &wrong);
        prop_assert!(!signature.is_zero());
    }
}

/// The worst case: the same byte is wrong in two lines, so that equal weights hide it.
#[test]
fn what_is_wrong_in_two_lines_is_hidden_by_about_one_seed_in_255() {
    let mut wrong = vec![0; 2 * LINE_BYTES];
    (wrong[5], wrong[LINE_BYTES + 5]) = (9, 9);
    let hidden = (0..255 * 400)
        .filter(|seed| Signature::of(*seed, &wrong).is_zero())
        .count();
    assert!(
        (320..=480).contains(&hidden),
        "{hidden} of 255 * 400, where 400 are expected"
    );
}

#[test]
fn only_the_signature_of_zeroes_is_zero() {
    assert!(Signature::default().is_zero());
    assert!(Signature::of(7, &[0; 500]).is_zero());
    assert!(!Signature::of(7, &[0, 0, 1]).is_zero());
}

/// Nodes of different builds may compare signatures. The first three numbers are the generator's published ones.
#[test]
fn the_weights_never_change() {
    let drawn = [0, 1, 2].map(|line| draw(1_234_567, line));
    assert_eq!(
        drawn,
        [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423
        ]
    );
    assert_eq!(
        [0, 1, 2, 1_000_000].map(|line| weight(1_234_567, line)),
        [103, 119, 244, 97]
    );
}

#[test]
fn a_signature_travels_as_its_64_bytes() {
    let signature = Signature::of(3, &[1, 2, 3]);
    let text = serde_json::to_string(&signature).unwrap();
    assert_eq!(text, serde_json::to_string(&signature.0.to_vec()).unwrap());
    assert_eq!(serde_json::from_str::<Signature>(&text).unwrap(), signature);
}
