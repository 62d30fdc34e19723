//! The window that slides over a residual: how much of it is under way, and to whom.

use bytes::Bytes;

use multicast::id::NodeId;
use wire::message::fusion::{AckFrame, BLOCK_BYTES, BLOCKS_AHEAD, DeltaFrame, ResidualFrame, ToServer};

use super::{
    residuals::{loss, residual},
    *,
};
use crate::{
    outflow::{MAX_PORTIONS, Portion},
    pace::{BUSY_BLOCKS_AHEAD, QUIET_BLOCKS},
    window::WINDOW_BLOCKS,
};

/// The blocks that a primary is asked for, as (first, count).
fn wanted(commands: &[Command]) -> Vec<(u64, u64)> {
    let asked = commands.iter().filter_map(|command| match command {
        Command::ToPrimary {
            frame: AckFrame::WantBlocks { first, count, .. },
            ..
        } => Some((first.index, *count)),
        _ => None,
    });
    asked.collect()
}

/// The blocks that are sent to the replacement; `None` for other frames.
fn sent(commands: &[Command]) -> Vec<Option<u64>> {
    let streamed = commands.iter().filter_map(|command| match command {
        Command::Stream(Portion { frames, .. }) => Some(frames),
        _ => None,
    });
    let block = |frame: &ResidualFrame| match frame {
        ResidualFrame::Block { block, .. } => Some(block.index),
        _ => None,
    };
    streamed.flatten().map(block).collect()
}

fn block_of(index: u64, bytes: Vec<u8>) -> DeltaFrame {
    DeltaFrame::Block {
        recovery: 4,
        block: values(index),
        bytes: Bytes::from(bytes),
    }
}

fn portion_sent(backup: &mut FusedBackup) -> Vec<Command> {
    backup.handle(Event::PortionSent {
        recovery: 4,
        primary: P,
    })
}

/// P and Q of as many whole blocks of zeroes, and the residual of P begun.
fn begun(blocks: u64) -> (FusedBackup, Vec<Command>) {
    let mut backup = with_two_primaries();
    let cut = grow(&mut backup, LINE_P, blocks * BLOCK_BYTES);
    grow(&mut backup, LINE_Q, blocks * BLOCK_BYTES);
    let commands = order(&mut backup, residual(vec![loss(P, cut)], vec![Q], false));
    (backup, commands)
}

#[test]
fn a_residual_begins_with_so_many_blocks_under_way_and_one_more_for_each_that_comes() {
    let (mut backup, commands) = begun(BLOCKS_AHEAD + 1);
    assert_eq!(wanted(&commands), [(0, BLOCKS_AHEAD)]);
    let next = say(&mut backup, LINE_Q, block_of(0, vec![]));
    let one_more = vec![(BLOCKS_AHEAD, 1)];
    assert_eq!((sent(&next), wanted(&next)), (vec![Some(0)], one_more));
    let repeated = say(&mut backup, LINE_Q, block_of(0, vec![]));
    assert_eq!(repeated, [], "a block that came before");
    let strange = say(&mut backup, LINE_Q, block_of(BLOCKS_AHEAD + 1, vec![1]));
    assert_eq!(strange, [], "a block behind the end");
}

#[test]
fn after_an_operation_so_few_blocks_are_under_way_until_enough_came_without_another_one() {
    let whole = 2 * QUIET_BLOCKS;
    let (mut backup, _) = begun(whole);
    let seq = backup.applied(Q).expect("wholly held").0 + 1;
    let change = operation(seq, 0, delta(whole * BLOCK_BYTES, 0, &[1]));
    say(&mut backup, LINE_Q, change);
    let asked = (1..=QUIET_BLOCKS).map(|come| {
        portion_sent(&mut backup);
        let next = say(&mut backup, LINE_Q, block_of(come - 1, vec![]));
        wanted(&next).iter().map(|(_, count)| count).sum()
    });
    let expected = (1..=QUIET_BLOCKS).map(|come| match come {
        QUIET_BLOCKS => BLOCKS_AHEAD,
        _ => BUSY_BLOCKS_AHEAD.saturating_sub(BLOCKS_AHEAD.saturating_sub(come)),
    });
    assert_eq!(asked.collect::<Vec<u64>>(), expected.collect::<Vec<u64>>());
}

#[test]
fn blocks_that_leave_first_are_asked_for_first_whoever_has_them() {
    let mut backup = with_two_primaries();
    let (third, line_third) = (NodeId(3), 3);
    order(&mut backup, ToServer::Admit { seat: seat(third, 1) });
    call(&mut backup, line_third, third, open_frame(1, 0, 0, false));
    let lines = [LINE_P, LINE_Q, line_third];
    let cuts = lines.map(|line| grow(&mut backup, line, (BLOCKS_AHEAD + 2) * BLOCK_BYTES));
    order(
        &mut backup,
        residual(vec![loss(P, cuts[0])], vec![Q, third], false),
    );
    let seq = backup.applied(Q).expect("wholly held").0 + 1;
    let change = operation(seq, 0, delta((BLOCKS_AHEAD + 2) * BLOCK_BYTES, 0, &[1]));
    say(&mut backup, LINE_Q, change);
    let mut commands = Vec::new();
    for index in 0..BLOCKS_AHEAD {
        for line in [LINE_Q, line_third] {
            commands = say(&mut backup, line, block_of(index, vec![]));
        }
    }
    let mut order_of_asking = Vec::new();
    while let Some(Command::ToPrimary { connection, frame }) = commands.pop() {
        let AckFrame::WantBlocks { first, .. } = frame else {
            panic!("{frame:?}")
        };
        order_of_asking.push((connection, first.index));
        commands = say(&mut backup, connection, block_of(first.index, vec![]));
    }
    let places = [BLOCKS_AHEAD, BLOCKS_AHEAD + 1];
    let expected = places.map(|place| [(LINE_Q, place), (line_third, place)]);
    assert_eq!(order_of_asking, expected.concat());
}

#[test]
fn a_primary_that_calls_again_is_asked_for_the_blocks_that_are_missing() {
    let (mut backup, _) = begun(2);
    assert_eq!(sent(&say(&mut backup, LINE_Q, block_of(0, vec![]))), [Some(0)]);
    backup.handle(Event::Ended { connection: LINE_Q });
    let applied = backup.applied(Q).expect("wholly held");
    let again = call(&mut backup, 3, Q, open_frame(1, 0, applied.0, false));
    assert_eq!(again[0], told(3, AckFrame::Opened { applied }));
    assert_eq!(wanted(&again), [(1, 1)]);
}

#[test]
fn a_replacement_that_does_not_read_holds_so_many_blocks_back_and_not_one_more() {
    let whole = (MAX_PORTIONS + WINDOW_BLOCKS + 1) as u64;
    let (mut backup, mut commands) = begun(whole);
    let mut came = 0;
    loop {
        let asked: Vec<_> = wanted(&commands)
            .into_iter()
            .flat_map(|(first, count)| first..first + count)
            .collect();
        if asked.is_empty() {
            break;
        }
        commands = asked
            .into_iter()
            .flat_map(|index| {
                came += 1;
                say(&mut backup, LINE_Q, block_of(index, vec![]))
            })
            .collect();
    }
    // The stream's beginning is a portion too.
    let handed_out = MAX_PORTIONS - 1;
    assert_eq!(came, handed_out + WINDOW_BLOCKS, "then nobody is asked any more");
    let next = portion_sent(&mut backup);
    assert_eq!(sent(&next), [Some(handed_out as u64)]);
    assert_eq!(wanted(&next), [(came as u64, 1)]);
}

#[test]
fn plain_regions_too_are_sent_no_faster_than_the_replacement_reads() {
    let mut backup = with_two_primaries();
    let chunks = MAX_PORTIONS as u64 + 1;
    let cut = chunks.div_ceil(MAX_GROWTH_BYTES / BLOCK_BYTES);
    for seq in 1..=cut {
        let length = (chunks * BLOCK_BYTES).min(seq * MAX_GROWTH_BYTES);
        let grown = Delta {
            lengths: [0, length, 0],
            ranges: vec![],
        };
        say(&mut backup, LINE_P, operation(seq, 0, grown));
    }
    let commands = order(&mut backup, residual(vec![loss(P, cut)], vec![Q], true));
    assert_eq!(commands.len(), MAX_PORTIONS);
    assert_eq!(portion_sent(&mut backup).len(), 1, "the last chunk");
    assert_eq!(portion_sent(&mut backup).len(), 1, "the end");
    assert_eq!(portion_sent(&mut backup), []);
}

#[test]
fn a_primary_is_asked_only_for_blocks_that_it_had_bytes_of_when_they_entered() {
    let mut backup = with_two_primaries();
    let whole = (WINDOW_BLOCKS as u64 + 1) * BLOCK_BYTES;
    let cut = grow(&mut backup, LINE_P, whole) + 1;
    let last = operation(cut, 0, delta(whole, whole - 1, &[9]));
    say(&mut backup, LINE_P, last);
    let commands = order(&mut backup, residual(vec![loss(P, cut)], vec![Q], false));
    assert_eq!(wanted(&commands), [], "Q is empty");
    assert_eq!(sent(&commands)[..2], [None, Some(0)]);
    // Every block has entered or is sent: whatever Q writes now goes to the parity alone.
    grow(&mut backup, LINE_Q, whole);
    let mut all = sent(&commands);
    while all.len() < WINDOW_BLOCKS + 3 {
        let next = portion_sent(&mut backup);
        assert_eq!(wanted(&next), []);
        all.extend(sent(&next));
    }
    let blocks = (0..=WINDOW_BLOCKS as u64).map(Some);
    let expected: Vec<_> = [None].into_iter().chain(blocks).chain([None]).collect();
    assert_eq!(all, expected, "the beginning, every block in order, the end");
}

#[test]
fn what_a_live_primary_writes_meanwhile_is_in_no_block() {
    let (mut backup, _) = begun(2);
    let seq = backup.applied(Q).expect("wholly held").0;
    let across = |seq| operation(seq, 0, delta(2 * BLOCK_BYTES, BLOCK_BYTES - 1, &[3, 5]));
    say(&mut backup, LINE_Q, across(seq + 1));
    let mut first = vec![0; BLOCK_BYTES as usize];
    first[BLOCK_BYTES as usize - 1] = 3;
    let mut streamed = say(&mut backup, LINE_Q, block_of(0, first));
    // Block 0 has come and block 1 has not: the first byte goes to the parity alone, the second to both.
    say(&mut backup, LINE_Q, across(seq + 2));
    streamed.extend(say(&mut backup, LINE_Q, block_of(1, vec![])));
    let zeroes = Bytes::from(vec![0; BLOCK_BYTES as usize]);
    let bytes = streamed.iter().filter_map(|command| match command {
        Command::Stream(Portion { frames, .. }) => frames.first(),
        _ => None,
    });
    let clean = |frame: &ResidualFrame| match frame {
        ResidualFrame::Block { bytes, .. } => *bytes == zeroes,
        other => *other == ResidualFrame::End,
    };
    assert_eq!(bytes.map(clean).collect::<Vec<_>>(), [true; 3]);
}
