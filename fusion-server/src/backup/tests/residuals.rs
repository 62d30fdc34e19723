//! Residuals: what is asked of live primaries, and what replacements are sent.

use bytes::Bytes;
use multicast::id::{NodeId, Seq};
use structures::delta::{REGIONS, Range, RegionId};
use wire::message::fusion::{AckFrame, BLOCK_BYTES, DeltaFrame, FromServer, Loss, ResidualFrame, ToServer};

use super::*;
use crate::outflow::Portion;

pub(super) fn address() -> std::net::SocketAddr {
    std::net::SocketAddr::from(([127, 0, 0, 1], 7))
}

pub(super) fn loss(primary: NodeId, cut: u64) -> Loss {
    Loss {
        primary,
        column: column(primary),
        cut: Seq(cut),
        replacement: Some(address()),
    }
}

/// The order of recovery 4 to rows 0, 1, ..., as many as losses.
pub(super) fn residual(losses: Vec<Loss>, live: Vec<NodeId>, with_auxiliary: bool) -> ToServer {
    ToServer::Residual {
        recovery: 4,
        rows: (0..losses.len() as u8).collect(),
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

fn begin(cut: u64, lengths: [u64; REGIONS], layout: Layout) -> ResidualFrame {
    ResidualFrame::Begin {
        recovery: 4,
        row: 0,
        cut: Seq(cut),
        lengths,
        residual_bytes: layout.coded_lengths(lengths),
    }
}

fn sent_block(region: RegionId, bytes: &'static [u8]) -> ResidualFrame {
    ResidualFrame::Block {
        block: BlockId { region, index: 0 },
        bytes: Bytes::from_static(bytes),
    }
}

fn chunk(region: RegionId, bytes: &'static [u8]) -> ResidualFrame {
    ResidualFrame::Auxiliary {
        region,
        bytes: Bytes::from_static(bytes),
    }
}

#[test]
fn without_live_primaries_the_residual_is_what_the_server_holds_and_sent_at_once() {
    let [values, entries, sessions] = RegionId::ALL;
    let linked = vec![
        vec![begin(1, [3, 2, 1], Layout::Linked), chunk(entries, &[7, 7])],
        vec![chunk(sessions, &[5])],
        vec![sent_block(values, &[1, 2, 3])],
        vec![ResidualFrame::End],
    ];
    let arena = vec![
        vec![begin(1, [3, 2, 1], Layout::Arena)],
        vec![sent_block(values, &[1, 2, 3])],
        vec![sent_block(entries, &[7, 7])],
        vec![sent_block(sessions, &[5])],
        vec![ResidualFrame::End],
    ];
    for (layout, frames) in [(Layout::Linked, linked), (Layout::Arena, arena)] {
        let mut backup = FusedBackup::new(0, layout).expect("a row");
        order(&mut backup, ToServer::Admit { seat: seat(P, 1) });
        call(&mut backup, LINE_P, P, open_frame(1, 0, 0, false));
        let mut first = delta(3, 0, &[1, 2, 3]);
        first.lengths = [3, 2, 1];
        first.ranges.push(Range {
            region: entries,
            offset: 0,
            xor: vec![7, 7],
        });
        first.ranges.push(Range {
            region: sessions,
            offset: 0,
            xor: vec![5],
        });
        say(&mut backup, LINE_P, operation(1, 0, first));
        let expected: Vec<_> = frames.into_iter().map(portion).collect();
        let ordered = order(&mut backup, residual(vec![loss(P, 1)], vec![], true));
        assert_eq!(ordered, expected, "{layout:?}");
        let again = order(&mut backup, residual(vec![loss(P, 1)], vec![], true));
        assert_eq!(again, [], "an order that is being carried out");
        let sent = Event::PortionSent {
            recovery: 4,
            primary: P,
        };
        expected.iter().for_each(|_| drop(backup.handle(sent.clone())));
        let again = order(&mut backup, residual(vec![loss(P, 1)], vec![], true));
        assert_eq!(again, [], "an order carried out already");
    }
}

#[test]
fn another_server_sends_the_plain_regions() {
    let mut backup = with_two_primaries();
    let mut first = delta(1, 0, &[1]);
    first.lengths = [1, 1, 0];
    say(&mut backup, LINE_P, operation(1, 0, first));
    let expected = [
        portion(vec![begin(1, [1, 1, 0], Layout::Linked)]),
        portion(vec![sent_block(RegionId::VALUES, &[1])]),
        portion(vec![ResidualFrame::End]),
    ];
    let ordered = order(&mut backup, residual(vec![loss(P, 1)], vec![], false));
    assert_eq!(ordered, expected);
}

#[test]
fn deltas_follow_the_residual_up_to_the_block_and_leave_it_alone_afterwards() {
    for (layout, region) in [
        (Layout::Linked, RegionId::VALUES),
        (Layout::Arena, RegionId::VALUES),
        (Layout::Arena, RegionId::SESSIONS),
    ] {
        let lengths = |length| {
            let mut lengths = [0; REGIONS];
            lengths[usize::from(region.0)] = length;
            lengths
        };
        let delta = |length, offset, xor: &[u8]| Delta {
            lengths: lengths(length),
            ranges: vec![Range {
                region,
                offset,
                xor: xor.to_vec(),
            }],
        };
        let mut backup = two_primaries_of(0, layout);
        say(&mut backup, LINE_P, operation(1, 0, delta(2, 0, &[1, 2])));
        say(&mut backup, LINE_Q, operation(1, 0, delta(2, 0, &[16, 32])));
        let block = BlockId { region, index: 0 };
        let want = told(
            LINE_Q,
            AckFrame::WantBlocks {
                recovery: 4,
                first: block,
                count: 1,
            },
        );
        let ordered = order(&mut backup, residual(vec![loss(P, 1)], vec![Q], false));
        assert_eq!(ordered, [portion(vec![begin(1, lengths(2), layout)]), want]);
        // Before the block: grows past the residual's end, too.
        say(&mut backup, LINE_Q, operation(2, 1, delta(3, 1, &[64, 64])));
        let bytes = Bytes::from_static(&[16, 32 ^ 64, 64]);
        let frame = DeltaFrame::Block {
            recovery: 4,
            block,
            bytes,
        };
        assert_eq!(
            say(&mut backup, LINE_Q, frame),
            [
                portion(vec![sent_block(region, &[1, 2])]),
                portion(vec![ResidualFrame::End])
            ]
        );
        say(&mut backup, LINE_Q, operation(3, 2, delta(3, 0, &[128])));
        assert_eq!(backup.parity(region), [1 ^ 16 ^ 128, 2 ^ 32 ^ 64, 64]);
    }
}

/// Every replacement adds up what the servers send, and has its bytes; its own length is all it is sent.
#[test]
fn scaled_residuals_of_all_rows_add_up_to_each_lost_primary() {
    let of_p = [1, 2, 3];
    let of_q: Vec<u8> = (0..BLOCK_BYTES + 2).map(|byte| byte as u8 | 1).collect();
    let mut sums = [(P, vec![0; of_q.len()]), (Q, vec![0; of_q.len()])];
    for row in [0, 1] {
        let mut backup = two_primaries_of(row, Layout::Arena);
        say(&mut backup, LINE_P, operation(1, 0, delta(3, 0, &of_p)));
        say(
            &mut backup,
            LINE_Q,
            operation(1, 0, delta(of_q.len() as u64, 0, &of_q)),
        );
        let commands = order(&mut backup, residual(vec![loss(P, 1), loss(Q, 1)], vec![], false));
        for command in commands {
            let Command::Stream(Portion { primary, frames, .. }) = command else {
                panic!("{command:?}")
            };
            let (_, sum) = &mut sums[usize::from(column(primary))];
            for frame in frames {
                if let ResidualFrame::Block { block, bytes } = frame {
                    let offset = block.offset() as usize;
                    erasure::multiply_add(1, &bytes, &mut sum[offset..offset + bytes.len()]);
                }
            }
        }
    }
    let mut whole_p = of_p.to_vec();
    whole_p.resize(of_q.len(), 0);
    assert!(sums == [(P, whole_p), (Q, of_q)]);
}

#[test]
fn a_residual_that_cannot_be_right_is_refused_by_name() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(1, 0, &[1])));
    let residual_of = |loss: Loss, live: NodeId| residual(vec![loss], vec![live], false);
    let of_rows = |rows: &[u8]| ToServer::Residual {
        recovery: 4,
        losses: vec![loss(P, 1)],
        rows: rows.to_vec(),
        live: vec![Q],
        with_auxiliary: false,
    };
    let cases = [
        (
            residual_of(loss(P, 2), Q),
            "node 1 is held Whole up to seq 1, not to seq 2",
        ),
        (residual_of(loss(NodeId(3), 0), Q), "nothing is held of node 3"),
        (residual_of(loss(P, 1), NodeId(3)), "node 3 is not wholly held"),
        (of_rows(&[0, 1]), "2 rows for 1 columns"),
        (of_rows(&[1]), "row 0 is not decoded from here"),
    ];
    for (residual, reason) in cases {
        let reason = reason.to_owned();
        let failed = FromServer::ResidualFailed { recovery: 4, reason };
        assert_eq!(order(&mut backup, residual), [Command::ToManager(failed)]);
    }
}

#[test]
fn a_cut_that_is_repeated_does_not_end_its_residual() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(1, 0, &[1])));
    say(&mut backup, LINE_Q, operation(1, 0, delta(1, 0, &[2])));
    let cut = || ToServer::Cut {
        recovery: 4,
        cuts: vec![(P, Seq(1))],
    };
    let done = || [Command::ToManager(FromServer::CutDone { recovery: 4 })];
    assert_eq!(order(&mut backup, cut()), done());
    order(&mut backup, residual(vec![loss(P, 1)], vec![Q], false));
    assert_eq!(order(&mut backup, cut()), done());
    let block = DeltaFrame::Block {
        recovery: 4,
        block: values(0),
        bytes: Bytes::from_static(&[2]),
    };
    let rest = [
        portion(vec![sent_block(RegionId::VALUES, &[1])]),
        portion(vec![ResidualFrame::End]),
    ];
    assert_eq!(say(&mut backup, LINE_Q, block), rest);
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
        block: values(0),
        bytes: Bytes::from_static(&[2]),
    };
    assert_eq!(say(&mut abandoned, LINE_Q, late), []);
}
