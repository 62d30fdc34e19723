//! Residuals: what is asked of live primaries, and what replacements are sent.

use bytes::Bytes;
use multicast::id::{NodeId, Seq};
use structures::delta::{REGIONS, Range, RegionId};
use wire::message::fusion::{
    AckFrame, BLOCK_BYTES, DeltaFrame, FromServer, Loss, ResidualFrame, ToServer, WINDOW_BLOCKS,
};

use super::*;
use crate::residual::Portion;

fn address() -> std::net::SocketAddr {
    std::net::SocketAddr::from(([127, 0, 0, 1], 7))
}

fn loss(primary: NodeId, cut: u64) -> Loss {
    Loss {
        primary,
        column: column(primary),
        cut: Seq(cut),
        replacement: Some(address()),
    }
}

fn residual(losses: Vec<Loss>, live: Vec<NodeId>, with_auxiliary: bool) -> ToServer {
    ToServer::Residual {
        recovery: 4,
        losses,
        live,
        with_auxiliary,
    }
}

fn portion(frames: Vec<ResidualFrame>) -> Command {
    Command::Stream(Portion {
        recovery: 4,
        primary: P,
        address: address(),
        frames,
    })
}

fn begin(cut: u64, lengths: [u64; REGIONS]) -> ResidualFrame {
    ResidualFrame::Begin {
        recovery: 4,
        row: 0,
        cut: Seq(cut),
        lengths,
        residual_bytes: lengths[0],
    }
}

#[test]
fn without_live_primaries_the_residual_is_the_parity_and_sent_at_once_with_the_auxiliary_regions() {
    let mut backup = FusedBackup::new(0).expect("a row");
    order(&mut backup, ToServer::Admit { seat: seat(P, 1) });
    call(&mut backup, LINE_P, P, open_frame(1, 0, 0, false));
    let mut first = delta(3, 0, &[1, 2, 3]);
    first.lengths = [3, 2, 1];
    first.ranges.push(Range {
        region: RegionId::ENTRIES,
        offset: 0,
        xor: vec![7, 7],
    });
    first.ranges.push(Range {
        region: RegionId::SESSIONS,
        offset: 0,
        xor: vec![5],
    });
    say(&mut backup, LINE_P, operation(1, 0, first));
    let chunk = |region, bytes: &'static [u8]| ResidualFrame::Auxiliary {
        region,
        bytes: Bytes::from_static(bytes),
    };
    let expected = [
        portion(vec![
            begin(1, [3, 2, 1]),
            chunk(RegionId::ENTRIES, &[7, 7]),
            chunk(RegionId::SESSIONS, &[5]),
        ]),
        portion(vec![
            ResidualFrame::Block {
                index: 0,
                bytes: Bytes::from_static(&[1, 2, 3]),
            },
            ResidualFrame::End,
        ]),
    ];
    assert_eq!(
        order(&mut backup, residual(vec![loss(P, 1)], vec![], true)),
        expected
    );
    assert_eq!(
        order(&mut backup, residual(vec![loss(P, 1)], vec![], true)),
        [],
        "an order carried out already"
    );
}

#[test]
fn deltas_follow_the_residual_up_to_the_block_and_leave_it_alone_afterwards() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(2, 0, &[1, 2])));
    say(&mut backup, LINE_Q, operation(1, 0, delta(2, 0, &[16, 32])));
    let want = told(
        LINE_Q,
        AckFrame::WantBlocks {
            recovery: 4,
            first: 0,
            count: 1,
        },
    );
    let ordered = order(&mut backup, residual(vec![loss(P, 1)], vec![Q], false));
    assert_eq!(ordered, [want, portion(vec![begin(1, [2, 0, 0])])]);
    // Before the block: grows past the residual's end, too.
    say(&mut backup, LINE_Q, operation(2, 1, delta(3, 1, &[64, 64])));
    let block = DeltaFrame::Block {
        recovery: 4,
        index: 0,
        bytes: Bytes::from_static(&[16, 32 ^ 64, 64]),
    };
    let sent = ResidualFrame::Block {
        index: 0,
        bytes: Bytes::from_static(&[1, 2]),
    };
    assert_eq!(
        say(&mut backup, LINE_Q, block),
        [portion(vec![sent, ResidualFrame::End])]
    );
    say(&mut backup, LINE_Q, operation(3, 2, delta(3, 0, &[128])));
    assert_eq!(backup.parity(), [1 ^ 16 ^ 128, 2 ^ 32 ^ 64, 64]);
}

#[test]
fn a_primary_that_calls_again_is_asked_for_the_blocks_that_are_missing() {
    let mut backup = with_two_primaries();
    let two_blocks = BLOCK_BYTES + 1;
    say(&mut backup, LINE_P, operation(1, 0, delta(two_blocks, 0, &[1])));
    say(&mut backup, LINE_Q, operation(1, 0, delta(1, 0, &[2])));
    order(&mut backup, residual(vec![loss(P, 1)], vec![Q], false));
    let block = |index, bytes: &'static [u8]| DeltaFrame::Block {
        recovery: 4,
        index,
        bytes: Bytes::from_static(bytes),
    };
    assert_eq!(say(&mut backup, LINE_Q, block(0, &[2])), []);
    backup.handle(Event::Ended { connection: LINE_Q });
    let again = call(&mut backup, 3, Q, open_frame(1, 0, 0, false));
    let want = AckFrame::WantBlocks {
        recovery: 4,
        first: 1,
        count: 1,
    };
    assert_eq!(
        again,
        [told(3, AckFrame::Opened { applied: Seq(1) }), told(3, want)]
    );
    let Some(Command::Stream(last)) = say(&mut backup, 3, block(1, &[])).pop() else {
        panic!("no portion")
    };
    assert_eq!(last.frames.len(), 3, "two blocks and the end");
}

#[test]
fn windows_follow_each_other_as_fast_as_the_replacement_reads() {
    let mut backup = with_two_primaries();
    let whole = 3 * WINDOW_BLOCKS * BLOCK_BYTES;
    let cut = grow(&mut backup, LINE_P, whole) + 1;
    say(
        &mut backup,
        LINE_P,
        operation(cut, 0, delta(whole, whole - 1, &[9])),
    );
    let commands = order(&mut backup, residual(vec![loss(P, cut)], vec![Q], false));
    let firsts = |commands: &[Command]| -> Vec<Option<u64>> {
        let streamed = commands.iter().filter_map(|command| match command {
            Command::Stream(portion) => Some(portion),
            _ => None,
        });
        let first = |portion: &Portion| match portion.frames.first() {
            Some(ResidualFrame::Block { index, .. }) => Some(*index),
            _ => None,
        };
        streamed.map(first).collect()
    };
    // Q is empty and need not be asked, whatever it writes meanwhile.
    assert_eq!(firsts(&commands), [None, Some(0)], "two portions are under way");
    let seq = grow(&mut backup, LINE_Q, whole) + 1;
    say(
        &mut backup,
        LINE_Q,
        operation(seq, 0, delta(whole, 0, &vec![3; whole as usize])),
    );
    let sent = || Event::PortionSent {
        recovery: 4,
        primary: P,
    };
    // The second window was copied before Q wrote; the third is copied after, and Q is asked.
    let next = backup.handle(sent());
    let want = AckFrame::WantBlocks {
        recovery: 4,
        first: 2 * WINDOW_BLOCKS,
        count: WINDOW_BLOCKS,
    };
    assert_eq!(firsts(&next), [Some(WINDOW_BLOCKS)]);
    assert_eq!(next.last(), Some(&told(LINE_Q, want)));
    assert_eq!(backup.handle(sent()), []);
    let mut last = Vec::new();
    for index in 2 * WINDOW_BLOCKS..3 * WINDOW_BLOCKS {
        let bytes = Bytes::from(vec![3; BLOCK_BYTES as usize]);
        last = say(
            &mut backup,
            LINE_Q,
            DeltaFrame::Block {
                recovery: 4,
                index,
                bytes,
            },
        );
    }
    let Some(Command::Stream(Portion { frames, .. })) = last.pop() else {
        panic!("no portion")
    };
    let mut block = vec![0; BLOCK_BYTES as usize];
    let zeroes = |index| ResidualFrame::Block {
        index,
        bytes: Bytes::from(vec![0; BLOCK_BYTES as usize]),
    };
    let mut expected: Vec<_> = (2 * WINDOW_BLOCKS..3 * WINDOW_BLOCKS - 1).map(zeroes).collect();
    block[BLOCK_BYTES as usize - 1] = 9;
    expected.push(ResidualFrame::Block {
        index: 3 * WINDOW_BLOCKS - 1,
        bytes: Bytes::from(block),
    });
    expected.push(ResidualFrame::End);
    assert!(
        frames == expected,
        "what the live primary wrote meanwhile is in none of it"
    );
}

#[test]
fn a_residual_that_cannot_be_right_is_refused_by_name() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(1, 0, &[1])));
    let cases = [
        (
            loss(P, 2),
            vec![Q],
            "node 1 is held Whole up to seq 1, not to seq 2",
        ),
        (loss(NodeId(3), 0), vec![Q], "nothing is held of node 3"),
        (loss(P, 1), vec![NodeId(3)], "node 3 is not wholly held"),
    ];
    for (loss, live, reason) in cases {
        let failed = FromServer::ResidualFailed {
            recovery: 4,
            reason: reason.to_owned(),
        };
        assert_eq!(
            order(&mut backup, residual(vec![loss], live, false)),
            [Command::ToManager(failed)]
        );
    }
}

#[test]
fn an_unreachable_replacement_or_an_abandoned_recovery_ends_the_residual() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(1, 0, &[1])));
    say(&mut backup, LINE_Q, operation(1, 0, delta(1, 0, &[2])));
    let mut abandoned = backup.clone();
    let stop = Command::StopStreams { recovery: 4 };

    order(&mut backup, residual(vec![loss(P, 1)], vec![Q], false));
    let failed = Event::StreamFailed {
        recovery: 4,
        primary: P,
        reason: "refused".to_owned(),
    };
    let reason = "the replacement of node 1: refused".to_owned();
    let told_manager = Command::ToManager(FromServer::ResidualFailed { recovery: 4, reason });
    assert_eq!(backup.handle(failed.clone()), [stop.clone(), told_manager]);
    assert_eq!(backup.handle(failed), [], "once");

    order(&mut abandoned, residual(vec![loss(P, 1)], vec![Q], false));
    assert_eq!(order(&mut abandoned, ToServer::Abandon { recovery: 3 }), []);
    assert_eq!(order(&mut abandoned, ToServer::Abandon { recovery: 4 }), [stop]);
    let late = DeltaFrame::Block {
        recovery: 4,
        index: 0,
        bytes: Bytes::from_static(&[2]),
    };
    assert_eq!(say(&mut abandoned, LINE_Q, late), []);
}
