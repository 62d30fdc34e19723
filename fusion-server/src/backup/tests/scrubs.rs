//! Scrubs: what primaries are asked for, and what the client is told.

use erasure::Signature;
use structures::delta::REGIONS;
use wire::message::{
    client::{Refusal, ReplyBody},
    fusion::BLOCK_BYTES,
    scrub::{MAX_SCRUB_BLOCKS, ScrubWindow, Scrubbed, Syndrome},
};

mod endings;

use super::*;
use crate::scrub::Asker;

const SEED: u64 = 77;
const ASKER: Asker = Asker {
    connection: 50,
    request: 9,
};

fn window(region: RegionId, count: u64) -> ScrubWindow {
    ScrubWindow {
        seed: SEED,
        first: BlockId { region, index: 0 },
        count,
    }
}

fn scrub(backup: &mut FusedBackup, window: ScrubWindow) -> Vec<Command> {
    backup.handle(Event::Scrub { asker: ASKER, window })
}

/// The first scrub, over one block of the values.
fn scrub_values(backup: &mut FusedBackup) {
    let wanted = [LINE_P, LINE_Q].map(|line| want(line, 1, window(RegionId::VALUES, 1)));
    assert_eq!(scrub(backup, window(RegionId::VALUES, 1)), wanted);
}

fn want(line: u64, scrub: u64, window: ScrubWindow) -> Command {
    told(line, AckFrame::WantSignatures { scrub, window })
}

/// What a primary answers whose only block of the region these bytes are.
fn signed(scrub: u64, last: u64, bytes: &[u8]) -> DeltaFrame {
    DeltaFrame::Signatures {
        scrub,
        last: Seq(last),
        signatures: vec![Signature::of(SEED, bytes)],
    }
}

fn answer(body: ReplyBody) -> Command {
    Command::Answer { asker: ASKER, body }
}

fn unavailable(reason: &str) -> Command {
    answer(ReplyBody::Refused(Refusal::Unavailable {
        reason: reason.to_owned(),
    }))
}

fn scrubbed(region_bytes: u64, syndromes: Vec<Syndrome>) -> Command {
    answer(ReplyBody::Scrubbed(Scrubbed {
        region_bytes,
        syndromes,
    }))
}

/// Two primaries of two bytes each.
fn with_two_values(row: u8, layout: Layout) -> FusedBackup {
    let mut backup = two_primaries_of(row, layout);
    say(&mut backup, LINE_P, operation(1, 0, delta(2, 0, &[1, 2])));
    say(&mut backup, LINE_Q, operation(1, 0, delta(2, 0, &[16, 32])));
    backup
}

#[test]
fn parity_that_is_the_sum_of_what_all_primaries_sign_is_sound_in_every_row() {
    for row in 0..4 {
        let mut backup = with_two_values(row, Layout::Arena);
        scrub_values(&mut backup);
        assert_eq!(say(&mut backup, LINE_P, signed(1, 1, &[1, 2])), []);
        let last = say(&mut backup, LINE_Q, signed(1, 1, &[16, 32]));
        assert_eq!(last, [scrubbed(2, vec![])]);
    }
}

#[test]
fn a_syndrome_is_the_coefficient_times_what_a_primary_differs_by() {
    let mut backup = with_two_values(1, Layout::Arena);
    scrub_values(&mut backup);
    say(&mut backup, LINE_P, signed(1, 1, &[1, 2]));
    let mut signature = Signature::ZERO;
    signature.add_scaled(erasure::coefficient(1, 1), &Signature::of(SEED, &[0, 64]));
    let syndrome = Syndrome {
        block: values(0),
        copy_of: None,
        signature,
    };
    let last = say(&mut backup, LINE_Q, signed(1, 1, &[16, 32 ^ 64]));
    assert_eq!(last, [scrubbed(2, vec![syndrome])]);
}

#[test]
fn deltas_before_and_after_a_primarys_signatures_raise_no_alarm() {
    let mut backup = with_two_values(1, Layout::Linked);
    scrub_values(&mut backup);
    // Of Q before it signs, past the old end too; of P before and after.
    say(&mut backup, LINE_Q, operation(2, 0, delta(3, 1, &[64, 64])));
    say(&mut backup, LINE_P, operation(2, 0, delta(2, 0, &[8])));
    assert_eq!(say(&mut backup, LINE_P, signed(1, 2, &[1 ^ 8, 2])), []);
    say(&mut backup, LINE_P, operation(3, 0, delta(2, 1, &[99])));
    let last = say(&mut backup, LINE_Q, signed(1, 2, &[16, 32 ^ 64, 64]));
    assert_eq!(last, [scrubbed(3, vec![])]);
}

#[test]
fn a_delta_over_two_blocks_and_out_of_the_window_is_noted_where_it_belongs() {
    let mut backup = two_primaries_of(0, Layout::Linked);
    let applied = grow(&mut backup, LINE_P, 3 * BLOCK_BYTES);
    let first = values(1);
    let window = ScrubWindow {
        seed: SEED,
        first,
        count: 1,
    };
    assert_eq!(scrub(&mut backup, window), [want(LINE_P, 1, window)]);
    let block = BLOCK_BYTES as usize;
    // Before it, all over it, and behind it.
    let wide = delta(3 * BLOCK_BYTES, BLOCK_BYTES - 1, &vec![5; block + 2]);
    say(&mut backup, LINE_P, operation(applied + 1, 0, wide));
    let apart = delta(3 * BLOCK_BYTES, 2 * BLOCK_BYTES, &[9]);
    say(&mut backup, LINE_P, operation(applied + 2, 0, apart));
    let signatures = signed(1, applied + 2, &vec![5; block]);
    let last = say(&mut backup, LINE_P, signatures);
    assert_eq!(last, [scrubbed(3 * BLOCK_BYTES, vec![])]);
}

#[test]
fn each_plain_copy_is_compared_with_its_primary_alone() {
    let mut backup = two_primaries_of(1, Layout::Linked);
    for (line, byte) in [(LINE_P, 7), (LINE_Q, 8)] {
        let ranges = vec![Range {
            region: RegionId::ENTRIES,
            offset: 0,
            xor: vec![byte],
        }];
        let lengths = [0, 1, 0];
        say(&mut backup, line, operation(1, 0, Delta { lengths, ranges }));
    }
    let window = window(RegionId::ENTRIES, 1);
    scrub(&mut backup, window);
    assert_eq!(say(&mut backup, LINE_P, signed(1, 1, &[7])), []);
    let mut signature = Signature::ZERO;
    signature.add_scaled(erasure::coefficient(1, 1), &Signature::of(SEED, &[8 ^ 9]));
    let syndrome = Syndrome {
        block: window.first,
        copy_of: Some(Q),
        signature,
    };
    let last = say(&mut backup, LINE_Q, signed(1, 1, &[9]));
    assert_eq!(last, [scrubbed(1, vec![syndrome])]);
}

#[test]
fn with_nobody_to_ask_the_answer_comes_at_once() {
    let mut backup = FusedBackup::new(0, Layout::Arena).expect("a row");
    for region in RegionId::ALL {
        assert_eq!(scrub(&mut backup, window(region, 1)), [scrubbed(0, vec![])]);
    }
}

#[test]
fn so_many_blocks_are_compared_at_once_and_not_one_more_and_none_of_a_strange_region() {
    let mut backup = FusedBackup::new(0, Layout::Arena).expect("a row");
    let most = window(RegionId::SESSIONS, MAX_SCRUB_BLOCKS);
    assert_eq!(scrub(&mut backup, most), [scrubbed(0, vec![])]);
    let strange = RegionId(REGIONS as u8);
    for window in [
        window(RegionId::SESSIONS, MAX_SCRUB_BLOCKS + 1),
        window(RegionId::SESSIONS, 0),
        window(strange, 1),
    ] {
        let refusal = Refusal::NoSuchWindow {
            first: window.first,
            count: window.count,
            limit: MAX_SCRUB_BLOCKS,
        };
        assert_eq!(scrub(&mut backup, window), [answer(ReplyBody::Refused(refusal))]);
    }
}
