//! What is in a record, their order, and the values taken out.

use super::*;

/// The first record's content starts at this byte, in pages of 64 bytes.
const FIRST: usize = HEADER_BYTES + 6 + 1;

#[test]
fn records_that_no_operation_writes_are_refused() {
    let record = |offset, error| ImageError::Record {
        region: 0,
        page: 0,
        offset,
        error,
    };
    let map = || sound(StructureKind::Map, vec![insert(b"k", b"v"), insert(b"ab", b"w")]);
    let refused = |kind, mut images: Images, at: usize, byte| {
        images[RECORDS][at] = byte;
        read(kind, images, 64).expect_err("corrupted images")
    };
    let no_key = record(0, RecordError::KeyLength { found: 0, limit: 4 });
    assert_eq!(refused(StructureKind::Map, map(), FIRST, 1), no_key);
    let torn = record(0, RecordError::Torn { bytes: 3 });
    assert_eq!(refused(StructureKind::Map, map(), FIRST, 4), torn);

    let set = sound(StructureKind::Set, vec![insert(b"abcd", b""), insert(b"e", b"")]);
    let long_key = record(0, RecordError::KeyLength { found: 6, limit: 4 });
    assert_eq!(refused(StructureKind::Set, set, FIRST - 1, 7), long_key);

    let push = Op::PushRanked {
        priority: 0x0101_0101_0101_0101,
        value: vec![1],
    };
    let queue = sound(StructureKind::PriorityQueue, vec![push]);
    let torn = record(0, RecordError::Torn { bytes: 4 });
    assert_eq!(refused(StructureKind::PriorityQueue, queue, FIRST - 1, 5), torn);
}

#[test]
fn a_value_past_the_limit_is_refused() {
    let limits = StructureLimits {
        element_bytes: 6,
        ..LIMITS
    };
    let spec = StructureSpec {
        kind: StructureKind::List,
        limits,
    };
    let mut images = sound_list();
    images[RECORDS][8] = 6;
    let error = ImageError::Record {
        region: 0,
        page: 1,
        offset: 5,
        error: RecordError::ValueLength { found: 7, limit: 6 },
    };
    assert_eq!(
        Packed::from_images_with_pages(spec, images, PAGE_BYTES),
        Err(error)
    );
}

#[test]
fn keys_twice_or_out_of_order_are_refused() {
    let known = ImageError::KnownKey {
        region: 0,
        page: 0,
        offset: 4,
    };
    for kind in [
        StructureKind::KeyedList,
        StructureKind::Map,
        StructureKind::OrderedMap,
    ] {
        let mut images = sound(kind, vec![insert(b"a", b"v"), insert(b"b", b"w")]);
        images[RECORDS][FIRST + 5] = b'a';
        assert_eq!(read(kind, images, 64), Err(known.clone()), "{kind}");
    }
    let mut images = sound(StructureKind::Set, vec![insert(b"abc", b""), insert(b"def", b"")]);
    images[RECORDS][FIRST + 4..FIRST + 7].copy_from_slice(b"abc");
    assert_eq!(read(StructureKind::Set, images, 64), Err(known));

    let mut images = sound(
        StructureKind::OrderedMap,
        vec![insert(b"b", b"v"), insert(b"c", b"w")],
    );
    images[RECORDS][FIRST + 5] = b'a';
    assert_eq!(
        read(StructureKind::OrderedMap, images, 64),
        Err(ImageError::Disorder { page: 0, offset: 4 })
    );

    let push = |priority| Op::PushRanked {
        priority,
        value: vec![],
    };
    let mut images = sound(StructureKind::PriorityQueue, vec![push(4), push(5)]);
    images[RECORDS][FIRST + 9 + 7] = 4;
    assert_eq!(
        read(StructureKind::PriorityQueue, images.clone(), 64).map(|queue| queue.len()),
        Ok(2),
        "equals"
    );
    images[RECORDS][FIRST + 9 + 7] = 3;
    let disorder = ImageError::Disorder { page: 0, offset: 9 };
    assert_eq!(read(StructureKind::PriorityQueue, images, 64), Err(disorder));
}

#[test]
fn values_taken_out_that_are_not_those_of_the_windows_are_refused() {
    let client = ClientId(0);
    let missing = |seq| {
        ImageError::Result(ResultError::Missing {
            client,
            seq: Seq(seq),
        })
    };
    assert_eq!(refusal(|images| images[RESULTS] = vec![0; 4]), missing(7));
    // Prefix, key length, client, and the number's last byte.
    let number = |images: &Images| {
        images[RESULTS]
            .iter()
            .position(|byte| *byte == 7)
            .expect("write 7")
    };
    let other_number = |images: &mut Images| {
        let at = number(images);
        images[RESULTS][at] = 9;
    };
    assert_eq!(refusal(other_number), missing(7));
    let unanswered = |images: &mut Images| images[SESSIONS][24 + 7] = Outcome::Unsupported as u8;
    let surplus = ResultError::Surplus {
        found: 2,
        answered: 1,
    };
    assert_eq!(refusal(unanswered), ImageError::Result(surplus));
}

#[test]
fn an_outcome_before_the_first_write_is_refused() {
    for (position, found) in [(0, Outcome::Removed as u8), (9, Outcome::Inserted as u8), (63, 0)] {
        let error = SessionError::BadOutcome {
            client: ClientId(0),
            position,
            found,
        };
        assert_eq!(
            refusal(|images| images[SESSIONS][24 + position] = found),
            ImageError::Session(error)
        );
    }
    assert_eq!(sound_list()[SESSIONS].len(), RECORD_BYTES);
}
