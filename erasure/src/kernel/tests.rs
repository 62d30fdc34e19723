//! Each kernel of this processor against bitwise multiplication, whatever the dispatch would choose.

use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::reference::multiply;

/// Longer than every stretch that a kernel takes at once.
const LONGEST: usize = 257;
/// Every place in a line of the cache.
const ALIGNMENTS: usize = 64;

/// The kernels that this processor has.
fn kernels() -> impl Iterator<Item = (Instructions, Kernel)> {
    Instructions::ALL
        .into_iter()
        .filter_map(|instructions| Some((instructions, Kernel::with(instructions)?)))
}

/// The target afterwards, byte by byte.
fn added(coefficient: u8, source: &[u8], target: &[u8]) -> Vec<u8> {
    let bytes = source.iter().zip(target);
    bytes
        .map(|(source, target)| target ^ multiply(coefficient, *source))
        .collect()
}

fn summed(terms: &[Term<'_>], length: usize) -> Vec<u8> {
    terms.iter().fold(vec![0; length], |sum, (coefficient, source)| {
        added(*coefficient, source, &sum)
    })
}

/// Bytes without a pattern that a wrong offset would keep.
fn bytes(count: usize, seed: usize) -> Vec<u8> {
    let byte = |at: usize| ((at + 1) * (2 * seed + 37) + (at * at + seed) / 7) as u8;
    (0..count).map(byte).collect()
}

/// Of `length` bytes, the first of which has this alignment in memory; and what is around them.
fn place(buffer: &[u8], alignment: usize, length: usize) -> std::ops::Range<usize> {
    let start = (buffer.as_ptr().addr().wrapping_neg() + alignment) % ALIGNMENTS;
    start..start + length
}

#[test]
fn the_kernels_of_this_processor_are_named_and_the_best_is_the_first_of_them() {
    for instructions in Instructions::ALL {
        let found = match Kernel::with(instructions) {
            Some(_) => "tested",
            None => "skipped, this processor does not have it",
        };
        // Past the capture of a test's output: whoever reads it should see what was not tested.
        writeln!(std::io::stderr(), "kernel {instructions:?}: {found}").unwrap();
    }
    assert_eq!(Some(Kernel::best()), kernels().next().map(|(_, kernel)| kernel));
    assert_eq!(
        kernels().last().map(|(instructions, _)| instructions),
        Some(Instructions::Portable)
    );
}

#[test]
fn every_product_is_that_of_the_bitwise_multiplication() {
    let source: Vec<u8> = (0..=255).collect();
    for (instructions, kernel) in kernels() {
        for coefficient in 0..=255 {
            let expected = added(coefficient, &source, &[0; 256]);
            let mut target = vec![0; 256];
            kernel.multiply_add(coefficient, &source, &mut target);
            assert_eq!(
                target, expected,
                "{instructions:?}, added, coefficient {coefficient}"
            );
            let mut target = vec![0xA5; 256];
            kernel.multiply_sum(&[(coefficient, &source)], &mut target);
            assert_eq!(
                target, expected,
                "{instructions:?}, written, coefficient {coefficient}"
            );
        }
    }
}

#[test]
fn products_are_added_at_every_length_and_alignment_and_nothing_around_them_changes() {
    let (source, before) = (bytes(LONGEST + ALIGNMENTS, 1), bytes(LONGEST + ALIGNMENTS, 2));
    let mut target = before.clone();
    for (instructions, kernel) in kernels() {
        for (length, alignment) in lengths_and_alignments() {
            let coefficient = (length * 5 + alignment) as u8;
            let from = place(&source, (alignment * 7 + length) % ALIGNMENTS, length);
            let to = place(&target, alignment, length);
            let mut expected = before.clone();
            expected[to.clone()].copy_from_slice(&added(
                coefficient,
                &source[from.clone()],
                &before[to.clone()],
            ));
            kernel.multiply_add(coefficient, &source[from.clone()], &mut target[to.clone()]);
            assert_eq!(
                target, expected,
                "{instructions:?}, {length} bytes at alignment {alignment}"
            );
            kernel.multiply_add(coefficient, &source[from], &mut target[to]);
            assert_eq!(
                target, before,
                "{instructions:?}: added again, they are taken back"
            );
        }
    }
}

#[test]
fn sums_are_written_at_every_length_and_alignment_and_nothing_around_them_changes() {
    let sources: Vec<Vec<u8>> = (0..3).map(|seed| bytes(LONGEST + ALIGNMENTS, seed)).collect();
    let before = bytes(LONGEST + ALIGNMENTS, 9);
    for (instructions, kernel) in kernels() {
        for (length, alignment) in lengths_and_alignments() {
            let term = |at: usize| {
                let from = place(
                    &sources[at],
                    (alignment * (2 * at + 1) + length) % ALIGNMENTS,
                    length,
                );
                ((length * 3 + alignment + at) as u8, &sources[at][from])
            };
            let terms: Vec<Term<'_>> = (0..sources.len()).map(term).collect();
            let mut target = before.clone();
            let to = place(&target, alignment, length);
            let mut expected = before.clone();
            expected[to.clone()].copy_from_slice(&summed(&terms, length));
            kernel.multiply_sum(&terms, &mut target[to]);
            assert_eq!(
                target, expected,
                "{instructions:?}, {length} bytes at alignment {alignment}"
            );
        }
    }
}

fn lengths_and_alignments() -> impl Iterator<Item = (usize, usize)> {
    (0..=LONGEST).flat_map(|length| (0..ALIGNMENTS).map(move |alignment| (length, alignment)))
}

#[test]
fn a_sum_has_any_number_of_terms() {
    let sources: Vec<Vec<u8>> = (0..=255).map(|seed| bytes(LONGEST, seed)).collect();
    let all: Vec<Term<'_>> = (1..=255u8).zip(sources.iter().map(Vec::as_slice)).collect();
    for (instructions, kernel) in kernels() {
        for count in (0..=17).chain([64, 255]) {
            let mut target = vec![0x5A; LONGEST];
            kernel.multiply_sum(&all[..count], &mut target);
            assert_eq!(
                target,
                summed(&all[..count], LONGEST),
                "{instructions:?}, {count} terms"
            );
        }
    }
}

#[test]
fn nothing_may_be_added_to_nothing() {
    for (_, kernel) in kernels() {
        for coefficient in [0, 1, 2] {
            kernel.multiply_add(coefficient, &[], &mut []);
            kernel.multiply_sum(&[(coefficient, &[])], &mut []);
        }
    }
}

#[test]
#[should_panic(expected = "lengths of source and target")]
fn lengths_that_differ_panic_also_when_nothing_would_be_added() {
    multiply_add(0, &[1], &mut [1, 2]);
}

#[test]
#[should_panic(expected = "lengths of source and target")]
fn one_source_of_a_sum_that_is_longer_than_the_target_panics() {
    multiply_sum(&[(1, &[1]), (1, &[1, 2])], &mut [1]);
}

proptest! {
    /// Coefficients 0 and 1, which are special, are as likely as all others together.
    #[test]
    fn sums_are_those_of_the_bitwise_multiplication(
        coefficients in prop::collection::vec(prop_oneof![Just(0), Just(1), any::<u8>()], 0..12),
        length in 0..600usize,
        content in prop::collection::vec(any::<u8>(), 600),
    ) {
        let mut sources = Vec::new();
        for at in 0..coefficients.len() {
            let mut source = content.clone();
            source.rotate_left(at * 41);
            source.truncate(length);
            sources.push(source);
        }
        let terms: Vec<Term<'_>> = coefficients.into_iter().zip(sources.iter().map(Vec::as_slice)).collect();
        for (instructions, kernel) in kernels() {
            let mut target = content[..length].to_vec();
            kernel.multiply_sum(&terms, &mut target);
            prop_assert_eq!(&target, &summed(&terms, length), "{:?}", instructions);
            for (coefficient, source) in &terms {
                kernel.multiply_add(*coefficient, source, &mut target);
            }
            prop_assert_eq!(&target, &vec![0; length], "{:?}: each taken out again", instructions);
        }
    }
}
