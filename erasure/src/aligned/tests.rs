//! It holds what a vector holds, aligned, and takes little more memory than that.

use proptest::prelude::*;

use super::*;

fn is_aligned(bytes: &AlignedBytes) -> bool {
    bytes.as_ptr().addr().is_multiple_of(ALIGNMENT)
}

/// How often the memory changed while it was resized to each of these lengths.
fn reallocations(bytes: &mut AlignedBytes, lengths: impl Iterator<Item = usize>) -> usize {
    let mut reallocations = 0;
    for length in lengths {
        let before = bytes.allocated();
        bytes.resize(length);
        assert!(bytes.allocated() <= most_allocated(length), "at {length}");
        reallocations += usize::from(bytes.allocated() != before);
    }
    reallocations
}

proptest! {
    #[test]
    fn it_holds_what_a_vector_holds_and_every_first_byte_is_aligned(
        lengths in prop::collection::vec(prop_oneof![0..300usize, 0..20_000usize], 0..40),
        fill in any::<u8>(),
    ) {
        let (mut bytes, mut reference) = (AlignedBytes::new(), Vec::new());
        for (step, length) in lengths.into_iter().enumerate() {
            bytes.resize(length);
            reference.resize(length, 0);
            prop_assert_eq!(&*bytes, &reference[..]);
            prop_assert!(length == 0 || is_aligned(&bytes));
            prop_assert!(bytes.allocated() <= most_allocated(length));
            // What is cut off later must not show again when it grows.
            for (at, (byte, other)) in bytes.iter_mut().zip(&mut reference).enumerate() {
                *byte = fill ^ (at * 7 + step) as u8;
                *other = *byte;
            }
        }
    }
}

/// Allocations of every size class begin elsewhere within a line, so many are held at the same time.
#[test]
fn zeroes_and_copies_are_aligned_too() {
    let mut held = Vec::new();
    for length in 1..200 {
        let mut zeroes = AlignedBytes::zeroed(length);
        assert_eq!(&*zeroes, vec![0; length]);
        zeroes.fill(length as u8);
        let copy = zeroes.clone();
        assert_eq!(copy, zeroes);
        assert!(is_aligned(&zeroes) && is_aligned(&copy), "{length}");
        assert!(copy.allocated() <= most_allocated(length));
        held.extend([zeroes, copy]);
    }
}

/// The address is kept in mind, not the alignment: the vector behind may be moved by any number of bytes.
#[test]
fn bytes_that_a_reallocation_moved_within_the_line_are_moved_back() {
    for lead in 0..ALIGNMENT {
        let content: Vec<u8> = (1..=100).collect();
        let mut buffer = vec![0xEE; lead];
        buffer.extend(&content);
        buffer.reserve_exact(ALIGNMENT);
        let mut bytes = AlignedBytes { buffer, lead };
        bytes.realign();
        assert_eq!(&*bytes, content);
        assert!(is_aligned(&bytes), "after a lead of {lead}");
        bytes.resize(120);
        assert_eq!(&*bytes, [content, vec![0; 20]].concat());
    }
}

#[test]
fn the_reserve_stays_within_a_sixteenth_growing_and_shrinking() {
    let mut bytes = AlignedBytes::new();
    assert_eq!(bytes.allocated(), 0);
    reallocations(&mut bytes, 1..20_000);
    reallocations(&mut bytes, (0..20_000).rev());
}

#[test]
fn a_mebibyte_that_grows_and_shrinks_by_elements_is_seldom_reallocated() {
    let mut bytes = AlignedBytes::new();
    let lengths = || (0..1 << 20).step_by(8);
    // Growing by a sixteenth, shrinking by a thirty-second, and by less than 128 bytes when short.
    assert!(reallocations(&mut bytes, lengths()) < 140);
    assert!(reallocations(&mut bytes, lengths().rev()) < 300);
}

#[test]
fn a_length_that_swings_is_reallocated_twice_at_most() {
    for length in [1, 100, 1024, 4096, 100_000] {
        let mut bytes = AlignedBytes::new();
        bytes.resize(length);
        let swing = (0..1000).map(|at| if at % 2 == 0 { length - 1 } else { length + 1 });
        assert!(reallocations(&mut bytes, swing) <= 2, "around {length}");
    }
}
