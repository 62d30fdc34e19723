//! Operations: taken once, in order, as a whole or not at all.

use bytes::Bytes;
use multicast::id::Seq;
use structures::{
    arena::MAX_REGION_BYTES,
    delta::{REGIONS, Range, RegionId},
};
use wire::message::fusion::{AckFrame, BLOCK_BYTES, DeltaFrame};

use super::*;
use crate::undo_ring::{MAX_UNDO, MAX_UNDO_BYTES};

#[test]
fn the_next_operation_is_applied_a_repeated_one_acknowledged_again_and_a_gap_refused() {
    let mut backup = with_two_primaries();
    let first = || operation(1, 0, delta(3, 0, &[1, 2, 3]));
    assert_eq!(say(&mut backup, LINE_P, first()), [ack(LINE_P, 1)]);
    assert_eq!(say(&mut backup, LINE_P, first()), [ack(LINE_P, 1)]);
    let gap = told(LINE_P, AckFrame::Gap { expected: Seq(2) });
    assert_eq!(
        say(&mut backup, LINE_P, operation(3, 0, delta(3, 0, &[9]))),
        [gap]
    );
    assert_eq!(
        say(&mut backup, LINE_Q, operation(1, 0, delta(2, 0, &[4, 4]))),
        [ack(LINE_Q, 1)]
    );
    assert_eq!(
        parity(&backup),
        [1 ^ 4, 2 ^ 4, 3],
        "one sum of both, each operation once"
    );
}

#[test]
fn the_parity_is_as_long_as_the_longest_primary_and_shrinks_with_it() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(3, 0, &[1, 2, 3])));
    say(&mut backup, LINE_Q, operation(1, 0, delta(2, 0, &[4, 4])));
    say(&mut backup, LINE_P, operation(2, 1, delta(1, 1, &[2, 3])));
    assert_eq!(parity(&backup), [1 ^ 4, 4]);
    say(&mut backup, LINE_Q, operation(2, 1, delta(0, 0, &[4, 4])));
    assert_eq!(parity(&backup), [1]);
}

#[test]
fn one_bad_range_refuses_the_whole_operation_and_closes_the_line() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(3, 0, &[1, 2, 3])));
    let before = parity(&backup).to_vec();
    let mut bad = delta(3, 0, &[7, 7]);
    bad.ranges.push(Range {
        region: RegionId::VALUES,
        offset: 2,
        xor: vec![7, 7],
    });
    assert_eq!(
        say(&mut backup, LINE_P, operation(2, 1, bad)),
        [Command::Close { connection: LINE_P }]
    );
    assert_eq!((parity(&backup), backup.applied(P)), (&before[..], Some(Seq(1))));
    let unknown = Range {
        region: RegionId(3),
        offset: 0,
        xor: vec![7],
    };
    let mut bad = delta(3, 0, &[7, 7]);
    bad.ranges.push(unknown);
    assert_eq!(
        say(&mut backup, LINE_Q, operation(1, 0, bad)),
        [Command::Close { connection: LINE_Q }]
    );
    assert_eq!((parity(&backup), backup.applied(Q)), (&before[..], Some(Seq(0))));
}

#[test]
fn one_operation_makes_no_region_longer_by_more_than_the_limit() {
    for region in 0..REGIONS {
        let grown = |length| {
            let mut lengths = [0; REGIONS];
            lengths[region] = length;
            let ranges = vec![];
            operation(1, 0, Delta { lengths, ranges })
        };
        for length in [MAX_GROWTH_BYTES + 1, MAX_REGION_BYTES] {
            let mut backup = with_two_primaries();
            let untouched = backup.clone();
            assert_eq!(
                say(&mut backup, LINE_P, grown(length)),
                [Command::Close { connection: LINE_P }]
            );
            assert_eq!(parity(&backup), parity(&untouched));
            assert_eq!(backup.applied(P), Some(Seq(0)));
        }
        let mut backup = with_two_primaries();
        assert_eq!(
            say(&mut backup, LINE_P, grown(MAX_GROWTH_BYTES)),
            [ack(LINE_P, 1)]
        );
    }
}

#[test]
fn a_frame_out_of_turn_costs_the_line_alone() {
    let chunk = DeltaFrame::Image {
        region: RegionId::VALUES,
        offset: 0,
        bytes: Bytes::from_static(b"x"),
    };
    let block = |bytes: u64| {
        let bytes = Bytes::from(vec![0; bytes as usize]);
        DeltaFrame::Block {
            recovery: 1,
            block: values(0),
            bytes,
        }
    };
    let frames = [
        open_frame(1, 0, 0, false),
        chunk,
        DeltaFrame::ImageEnd {
            lengths: [0; REGIONS],
        },
        operation(1, 1, delta(1, 0, &[1])),
        block(BLOCK_BYTES + 1),
    ];
    for frame in frames {
        let mut backup = with_two_primaries();
        assert_eq!(
            say(&mut backup, LINE_P, frame.clone()),
            [Command::Close { connection: LINE_P }],
            "{frame:?}"
        );
        assert_eq!(
            say(&mut backup, LINE_P, block(1)),
            [],
            "nothing is heard from it any more"
        );
        assert_eq!(
            say(&mut backup, LINE_Q, block(BLOCK_BYTES)),
            [],
            "a block that nobody waits for"
        );
        assert_eq!(parity(&backup), []);
    }
    let mut backup = with_two_primaries();
    backup.handle(Event::Called {
        connection: 3,
        primary: P,
    });
    let unopened = say(&mut backup, 3, operation(1, 0, delta(1, 0, &[1])));
    assert_eq!(unopened, [Command::Close { connection: 3 }]);
}

#[test]
fn as_many_operations_as_can_be_undone_are_taken_and_not_one_more() {
    let mut backup = with_two_primaries();
    let last = MAX_UNDO as u64;
    for seq in 1..=last {
        assert_eq!(
            say(&mut backup, LINE_P, operation(seq, 0, delta(1, 0, &[1]))),
            [ack(LINE_P, seq)]
        );
    }
    let next = |stable| operation(last + 1, stable, delta(1, 0, &[1]));
    let mut full = backup.clone();
    assert_eq!(
        say(&mut full, LINE_P, next(0)),
        [Command::Close { connection: LINE_P }]
    );
    assert_eq!(
        say(&mut backup, LINE_P, next(1)),
        [ack(LINE_P, last + 1)],
        "stable ones need no undoing"
    );
}

#[test]
fn operations_are_taken_until_their_bytes_reach_the_limit_and_not_one_more() {
    let mut backup = with_two_primaries();
    let quarter = MAX_UNDO_BYTES / 4;
    let fitting = delta(1, 0, &[1]);
    let large = |length: usize| {
        let xor = vec![1; quarter - size_of::<Range>()];
        delta(length as u64, 0, &xor)
    };
    grow(&mut backup, LINE_P, quarter as u64);
    let before = backup.applied(P).expect("whole").0;
    for seq in before + 1..=before + 4 {
        let taken = say(&mut backup, LINE_P, operation(seq, before, large(quarter)));
        assert_eq!(taken, [ack(LINE_P, seq)]);
    }
    let next = |stable| {
        operation(
            before + 5,
            stable,
            delta(quarter as u64, 0, &fitting.ranges[0].xor),
        )
    };
    let mut full = backup.clone();
    assert_eq!(
        say(&mut full, LINE_P, next(before)),
        [Command::Close { connection: LINE_P }]
    );
    assert_eq!(
        say(&mut backup, LINE_P, next(before + 1)),
        [ack(LINE_P, before + 5)]
    );
}
