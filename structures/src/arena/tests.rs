//! An arena applies a delta wholly or not at all, and undoing gives the earlier bytes back.

use super::*;

fn range(region: RegionId, offset: u64, xor: &[u8]) -> Range {
    Range {
        region,
        offset,
        xor: xor.to_vec(),
    }
}

fn arena(values: &[u8]) -> Arena {
    Arena::from_images([values.to_vec(), vec![], vec![]]).unwrap()
}

#[test]
fn a_delta_grows_with_zeroes_then_xors() {
    let mut arena = arena(&[1, 2]);
    let delta = Delta {
        lengths: [5, 1, 0],
        ranges: vec![range(RegionId::VALUES, 1, &[2, 9, 9])],
    };
    assert_eq!(arena.apply(&delta), Ok([2, 0, 0]));
    assert_eq!(
        arena,
        Arena::from_images([vec![1, 0, 9, 9, 0], vec![0], vec![]]).unwrap()
    );
}

#[test]
fn a_delta_cuts_after_it_zeroed_and_undo_restores() {
    let mut arena = arena(&[1, 2, 3]);
    let before = arena.clone();
    let delta = Delta {
        lengths: [1, 0, 0],
        ranges: vec![range(RegionId::VALUES, 0, &[8, 2, 3])],
    };
    let old_lengths = arena.apply(&delta).unwrap();
    assert_eq!(arena.image(RegionId::VALUES), [9]);
    assert_eq!(arena.undo(&delta, old_lengths), Ok(()));
    assert_eq!(arena, before);
}

/// Each refused delta also has a good range before the bad one: it must not have been applied.
#[test]
fn a_refused_delta_changes_nothing() {
    let good = range(RegionId::VALUES, 0, &[255]);
    let outside = |offset, bytes| ArenaError::RangeOutside {
        region: 0,
        offset,
        bytes,
        length: 3,
    };
    let limit = MAX_REGION_BYTES;
    let cases = [
        (
            [3, 0, 0],
            range(RegionId(3), 0, &[1]),
            ArenaError::UnknownRegion { region: 3 },
        ),
        ([3, 0, 0], range(RegionId::VALUES, 3, &[1]), outside(3, 1)),
        ([3, 0, 0], range(RegionId::VALUES, 2, &[1, 1]), outside(2, 2)),
        (
            [3, 0, 0],
            range(RegionId::VALUES, u64::MAX, &[1]),
            outside(u64::MAX, 1),
        ),
        (
            [3, 0, limit + 1],
            range(RegionId::VALUES, 0, &[1]),
            ArenaError::RegionTooLong {
                region: 2,
                length: limit + 1,
                limit,
            },
        ),
        (
            [1, 7, 0],
            range(RegionId::VALUES, 1, &[2, 2]),
            ArenaError::CutNotZero {
                region: 0,
                length: 1,
                offset: 2,
            },
        ),
    ];
    for (lengths, bad, error) in cases {
        let mut arena = arena(&[1, 2, 3]);
        let delta = Delta {
            lengths,
            ranges: vec![good.clone(), bad],
        };
        assert_eq!(arena.apply(&delta), Err(error));
        assert_eq!(arena, self::arena(&[1, 2, 3]), "after {error}");
    }
}

#[test]
fn the_last_byte_of_a_region_is_inside() {
    let mut arena = arena(&[1, 2, 3]);
    let delta = Delta {
        lengths: [3, 0, 0],
        ranges: vec![range(RegionId::VALUES, 2, &[3])],
    };
    assert_eq!(arena.apply(&delta), Ok([3, 0, 0]));
    assert_eq!(arena.image(RegionId::VALUES), [1, 2, 0]);
}

#[test]
fn a_region_may_be_as_long_as_the_limit_and_not_longer() {
    assert_eq!(check_length(RegionId::VALUES, MAX_REGION_BYTES), Ok(()));
    let length = MAX_REGION_BYTES + 1;
    let error = ArenaError::RegionTooLong {
        region: 0,
        length,
        limit: MAX_REGION_BYTES,
    };
    assert_eq!(check_length(RegionId::VALUES, length), Err(error));
}

#[test]
fn one_operation_grows_a_region_by_as_much_as_the_limit_and_not_one_byte_more() {
    for (place, region) in RegionId::ALL.into_iter().enumerate() {
        let mut arena = Arena::from_images([vec![1; 3], vec![1; 3], vec![1; 3]]).unwrap();
        let before = arena.clone();
        let grown = |length| {
            let mut lengths = [3; REGIONS];
            lengths[place] = length;
            Delta {
                lengths,
                ranges: vec![],
            }
        };
        let error = |length| ArenaError::GrowsTooMuch {
            region: region.0,
            from: 3,
            length,
            limit: MAX_GROWTH_BYTES,
        };
        for length in [3 + MAX_GROWTH_BYTES + 1, MAX_REGION_BYTES] {
            assert_eq!(arena.apply(&grown(length)), Err(error(length)));
            assert_eq!(arena, before);
        }
        assert_eq!(arena.apply(&grown(3 + MAX_GROWTH_BYTES)), Ok([3; REGIONS]));
        assert_eq!(arena.len(region) as u64, 3 + MAX_GROWTH_BYTES);
    }
}

#[test]
fn what_one_operation_cut_is_undone_however_long_it_was() {
    let long = 2 * MAX_GROWTH_BYTES;
    let mut arena = arena(&vec![0; long as usize]);
    let cut = Delta::default();
    assert_eq!(arena.apply(&cut), Ok([long, 0, 0]));
    assert_eq!(arena.undo(&cut, [long, 0, 0]), Ok(()));
    assert_eq!(arena.lengths(), [long, 0, 0]);
}

#[test]
fn a_read_past_the_end_is_none() {
    let arena = arena(&[1, 2, 3]);
    assert_eq!(arena.read(RegionId::VALUES, 1, 2), Some(&[2, 3][..]));
    assert_eq!(arena.read(RegionId::VALUES, 1, 3), None);
    assert_eq!(arena.read(RegionId::VALUES, usize::MAX, 2), None);
}
