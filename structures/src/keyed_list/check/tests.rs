//! Each kind of corruption is named, and none is served.

mod sessions;

use multicast::id::{ClientId, Seq};
use proptest::prelude::*;

use crate::delta::{REGIONS, RegionId};
use crate::entries::NIL;
use crate::image_error::ImageError;
use crate::keyed_list::{KeyedList, StructureLimits};
use crate::layout::{HEADER_BYTES, MAX_ELEMENTS};
use crate::op::{Op, Write};

const LIMITS: StructureLimits = StructureLimits {
    key_bytes: 4,
    element_bytes: 8,
};
const VALUES: usize = 0;
const ENTRIES: usize = 1;
const SESSIONS: usize = 2;
/// Offsets of what the tests corrupt.
const COUNT: usize = 8;
const TAIL: usize = 12;
const HEAD: usize = 16;
const ENTRY_WIDTH: usize = 13;
const VALUE_WIDTH: usize = 9;

type Images = [Vec<u8>; REGIONS];

fn prev(slot: usize) -> usize {
    HEADER_BYTES + slot * ENTRY_WIDTH
}

fn next(slot: usize) -> usize {
    prev(slot) + 4
}

fn key_length(slot: usize) -> usize {
    prev(slot) + 8
}

/// Three elements, in slots 0, 1, 2 in that order; two sessions, with stamps 1 and 2.
fn sound() -> Images {
    let mut list = KeyedList::new(LIMITS);
    let mut apply = |client, seq, op| {
        list.apply(&Write {
            client: ClientId(client),
            seq: Seq(seq),
            op,
        })
    };
    apply(7, 1, Op::OpenSession);
    apply(8, 1, Op::OpenSession);
    for (seq, key) in [(2, b"a"), (3, b"b"), (4, b"c")] {
        apply(
            8,
            seq,
            Op::Insert {
                key: key.to_vec(),
                value: vec![seq as u8; 3],
            },
        );
    }
    RegionId::ALL.map(|region| list.image(region).to_vec())
}

fn put_u32(image: &mut [u8], offset: usize, number: u32) {
    image[offset..offset + 4].copy_from_slice(&number.to_le_bytes());
}

fn refusal(corrupt: impl FnOnce(&mut Images)) -> ImageError {
    let mut images = sound();
    corrupt(&mut images);
    KeyedList::from_images(LIMITS, images).expect_err("corrupted images")
}

#[test]
fn sound_images_and_empty_ones_are_accepted() {
    let list = KeyedList::from_images(LIMITS, sound()).unwrap();
    assert_eq!(
        list.iter().map(|(key, _)| key).collect::<Vec<_>>(),
        [b"a", b"b", b"c"]
    );
    assert_eq!(
        KeyedList::from_images(LIMITS, Default::default()),
        Ok(KeyedList::new(LIMITS))
    );
}

#[test]
fn a_header_that_is_not_this_lists_is_refused() {
    let found = *b"GBkl";
    assert_eq!(
        refusal(|i| i[ENTRIES][0] ^= 1),
        ImageError::Magic {
            found,
            expected: *b"FBkl"
        }
    );
    assert_eq!(
        refusal(|i| i[ENTRIES][4] = 2),
        ImageError::Version {
            found: 2,
            expected: 1
        }
    );
    assert_eq!(
        refusal(|i| i[ENTRIES].truncate(HEADER_BYTES - 1)),
        ImageError::HeaderTruncated {
            found: 19,
            expected: 20
        }
    );
    for other in [
        StructureLimits {
            key_bytes: 5,
            ..LIMITS
        },
        StructureLimits {
            element_bytes: 264,
            ..LIMITS
        },
    ] {
        let error = KeyedList::from_images(other, sound()).expect_err("other limits");
        assert_eq!(
            error,
            ImageError::Limits {
                found: LIMITS,
                expected: other
            }
        );
    }
}

#[test]
fn a_missing_region_is_refused() {
    assert_eq!(
        refusal(|i| i[ENTRIES].clear()),
        ImageError::RegionMissing {
            entries: 0,
            sessions: 176
        }
    );
    assert_eq!(
        refusal(|i| i[SESSIONS].clear()),
        ImageError::RegionMissing {
            entries: 59,
            sessions: 0
        }
    );
    let length = |found, expected, count| ImageError::Length {
        region: 0,
        found,
        expected,
        count,
    };
    assert_eq!(refusal(|i| i[VALUES].clear()), length(0, 27, 3));
    let values_alone = |i: &mut Images| {
        i[ENTRIES].clear();
        i[SESSIONS].clear();
    };
    assert_eq!(refusal(values_alone), length(27, 0, 0));
}

#[test]
fn regions_a_byte_or_a_slot_too_short_or_long_are_refused() {
    for (region, whole, width) in [(VALUES, 27, VALUE_WIDTH), (ENTRIES, 59, ENTRY_WIDTH)] {
        for found in [whole - width, whole - 1, whole + 1, whole + width] {
            let expected = ImageError::Length {
                region: region as u8,
                found,
                expected: whole,
                count: 3,
            };
            assert_eq!(refusal(|i| i[region].resize(found, 0)), expected);
        }
    }
}

#[test]
fn a_count_that_the_regions_do_not_hold_is_refused() {
    let entries = |count, expected| ImageError::Length {
        region: 1,
        found: 59,
        expected,
        count,
    };
    assert_eq!(refusal(|i| put_u32(&mut i[ENTRIES], COUNT, 4)), entries(4, 72));
    assert_eq!(refusal(|i| put_u32(&mut i[ENTRIES], COUNT, 2)), entries(2, 46));
    let count = MAX_ELEMENTS + 1;
    let too_many = ImageError::TooManyElements {
        count,
        capacity: MAX_ELEMENTS,
    };
    assert_eq!(refusal(|i| put_u32(&mut i[ENTRIES], COUNT, count)), too_many);
    let at_the_limit = entries(MAX_ELEMENTS, HEADER_BYTES + MAX_ELEMENTS as usize * ENTRY_WIDTH);
    assert_eq!(
        refusal(|i| put_u32(&mut i[ENTRIES], COUNT, MAX_ELEMENTS)),
        at_the_limit
    );
}

#[test]
fn links_that_form_no_single_list_over_all_slots_are_refused() {
    let link = |passed, slot| ImageError::Link {
        passed,
        count: 3,
        slot,
    };
    let back = |expected, found| ImageError::BackLink { expected, found };
    let cases = [
        ("head past the slots", vec![(HEAD, 3)], link(0, 3)),
        ("no head", vec![(HEAD, NIL)], link(0, NIL)),
        ("link past the slots", vec![(next(1), 3)], link(2, 3)),
        ("early end", vec![(next(0), NIL)], link(1, NIL)),
        (
            "early end with the tail to match",
            vec![(next(1), NIL), (TAIL, 1)],
            link(2, NIL),
        ),
        ("slot 1 left out", vec![(next(0), 2)], back(0, 1)),
        (
            "slot 1 left out both ways",
            vec![(next(0), 2), (prev(2), 0)],
            link(2, NIL),
        ),
        ("no end", vec![(next(2), 0)], link(3, 0)),
        ("cycle", vec![(next(1), 0)], back(1, NIL)),
        (
            "cycle of the head both ways",
            vec![(next(1), 0), (prev(0), 1)],
            back(NIL, 1),
        ),
        (
            "a slot that follows itself",
            vec![(next(1), 1), (prev(1), 1)],
            back(0, 1),
        ),
        ("cycle behind the head", vec![(next(2), 1)], link(3, 1)),
        ("wrong back link", vec![(prev(2), 0)], back(1, 0)),
        ("wrong tail", vec![(TAIL, 1)], back(2, 1)),
        ("no tail", vec![(TAIL, NIL)], back(2, NIL)),
    ];
    for (what, changes, error) in cases {
        let corrupt = |images: &mut Images| {
            for (offset, number) in changes {
                put_u32(&mut images[ENTRIES], offset, number);
            }
        };
        assert_eq!(refusal(corrupt), error, "{what}");
    }
}

#[test]
fn keys_and_values_past_their_limits_are_refused() {
    let key = |found| ImageError::KeyLength {
        slot: 1,
        found,
        limit: 4,
    };
    assert_eq!(refusal(|i| i[ENTRIES][key_length(1)] = 0), key(0));
    assert_eq!(refusal(|i| i[ENTRIES][key_length(1)] = 5), key(5));
    let value = ImageError::ValueLength {
        slot: 2,
        found: 9,
        limit: 8,
    };
    assert_eq!(refusal(|i| i[VALUES][2 * VALUE_WIDTH] = 9), value);
}

#[test]
fn padding_that_is_not_zero_is_refused() {
    let padding = |region, slot| ImageError::Padding { region, slot };
    assert_eq!(refusal(|i| i[ENTRIES][key_length(1) + 4] = 1), padding(1, 1));
    assert_eq!(refusal(|i| i[VALUES][3 * VALUE_WIDTH - 1] = 1), padding(0, 2));
    assert_eq!(
        refusal(|i| i[VALUES][0] = 2),
        padding(0, 0),
        "a value shorter than its bytes"
    );
}

#[test]
fn a_repeated_key_is_refused() {
    let error = ImageError::RepeatedKey { first: 0, second: 2 };
    assert_eq!(refusal(|i| i[ENTRIES][key_length(2) + 1] = b'a'), error);
}

proptest! {
    /// Not every flip is a corruption that can be seen (another key, another value); but none may make
    /// the list panic, or be shorter than it says.
    #[test]
    fn whatever_is_flipped_is_refused_or_a_whole_list(
        flips in prop::collection::vec((0..REGIONS, any::<prop::sample::Index>(), 1..=255u8), 1..4),
    ) {
        let mut images = sound();
        for (region, at, flip) in flips {
            let at = at.index(images[region].len());
            images[region][at] ^= flip;
        }
        if let Ok(mut list) = KeyedList::from_images(LIMITS, images) {
            prop_assert_eq!(list.iter().count(), list.len());
            let elements = list.elements();
            for (seq, element) in elements.into_iter().enumerate() {
                prop_assert_eq!(list.get(&element.key), Some(element.value));
                let write = Write {
                    client: ClientId(9), seq: Seq(seq as u64 + 2), op: Op::Delete { key: element.key },
                };
                list.apply(&Write { client: ClientId(9), seq: Seq(1), op: Op::OpenSession });
                list.apply(&write);
            }
            prop_assert_eq!(list.len(), 0);
        }
    }
}
