//! The manager's orders about lives: fence, admit, cut.

use multicast::id::{Epoch, Seq};
use wire::message::fusion::{AckFrame, FromServer, ToServer};

use super::*;

#[test]
fn a_fenced_life_is_told_so_and_changes_nothing_any_more() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(1, 0, &[1])));
    let fence = || ToServer::Fence {
        epoch: Epoch(5),
        primaries: vec![P],
    };
    let fenced = Command::ToManager(FromServer::Fenced {
        epoch: Epoch(5),
        applied: vec![(P, Seq(1))],
    });
    let last_word = told(LINE_P, AckFrame::Fenced { epoch: Epoch(5) });
    let closed = Command::Close { connection: LINE_P };
    assert_eq!(order(&mut backup, fence()), [last_word, closed, fenced.clone()]);
    assert_eq!(say(&mut backup, LINE_P, operation(2, 0, delta(1, 0, &[1]))), []);
    assert_eq!(order(&mut backup, fence()), [fenced], "repeating it is harmless");
    let again = call(&mut backup, 3, P, open_frame(1, 0, 0, false));
    assert_eq!(
        again,
        [
            told(3, AckFrame::Fenced { epoch: Epoch(5) }),
            Command::Close { connection: 3 }
        ]
    );
    assert_eq!(parity(&backup), [1]);
}

#[test]
fn a_new_life_goes_on_after_what_was_applied_once_it_is_admitted() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(1, 0, &[1])));
    let early = call(&mut backup, 3, P, open_frame(6, 0, 1, false));
    let refused = [told(3, AckFrame::NoImage), Command::Close { connection: 3 }];
    assert_eq!(early, refused, "it is not admitted yet");
    let admitted = FromServer::Admitted {
        primary: P,
        since: Epoch(6),
    };
    let replaced = [
        told(LINE_P, AckFrame::Fenced { epoch: Epoch(6) }),
        Command::Close { connection: LINE_P },
        Command::ToManager(admitted),
    ];
    let admit = ToServer::Admit { seat: seat(P, 6) };
    assert_eq!(order(&mut backup, admit), replaced);
    let opened = [told(4, AckFrame::Opened { applied: Seq(1) })];
    assert_eq!(call(&mut backup, 4, P, open_frame(6, 0, 1, false)), opened);
    let ahead = call(&mut backup, 5, P, open_frame(6, 0, 2, false));
    let closes_older = Command::Close { connection: 4 };
    let refused = [
        closes_older,
        told(5, AckFrame::NoImage),
        Command::Close { connection: 5 },
    ];
    assert_eq!(
        ahead, refused,
        "operation 2 cannot be sent again, and was never applied"
    );
}

#[test]
fn a_cut_undoes_what_is_above_it_newest_first_and_repeating_it_is_harmless() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(4, 0, &[1, 2, 3, 4])));
    say(&mut backup, LINE_P, operation(2, 0, delta(2, 0, &[0, 8, 3, 4])));
    say(&mut backup, LINE_P, operation(3, 0, delta(3, 2, &[9])));
    for _ in 0..2 {
        let cut = ToServer::Cut {
            recovery: 1,
            cuts: vec![(P, Seq(1))],
        };
        assert_eq!(
            order(&mut backup, cut),
            [Command::ToManager(FromServer::CutDone { recovery: 1 })]
        );
        assert_eq!(
            (parity(&backup), backup.applied(P)),
            (&[1, 2, 3, 4][..], Some(Seq(1)))
        );
    }
}

#[test]
fn a_cut_that_cannot_be_reached_undoes_nothing_of_any_primary() {
    let mut backup = with_two_primaries();
    for seq in 1..=3 {
        say(&mut backup, LINE_P, operation(seq, 0, delta(1, 0, &[1])));
        say(&mut backup, LINE_Q, operation(seq, seq - 1, delta(2, 1, &[1])));
    }
    let before = parity(&backup).to_vec();
    for impossible in [1, 4] {
        let cuts = vec![(P, Seq(1)), (Q, Seq(impossible))];
        let reason = format!("node 2 is held Whole up to seq 3 and cannot be brought to seq {impossible}");
        let refused = Command::ToManager(FromServer::CutImpossible { recovery: 1, reason });
        assert_eq!(order(&mut backup, ToServer::Cut { recovery: 1, cuts }), [refused]);
        assert_eq!((parity(&backup), backup.applied(P)), (&before[..], Some(Seq(3))));
    }
}

#[test]
fn a_life_is_confirmed_until_it_is_fenced_and_before_it_has_opened_a_line_not_at_all() {
    let mut backup = with_two_primaries();
    let round = || DeltaFrame::Confirm { round: 7 };
    assert_eq!(
        say(&mut backup, LINE_P, round()),
        [told(LINE_P, AckFrame::Confirmed { round: 7 })]
    );
    let (epoch, primaries) = (Epoch(5), vec![P]);
    order(&mut backup, ToServer::Fence { epoch, primaries });
    assert_eq!(say(&mut backup, LINE_P, round()), []);
    assert_eq!(
        say(&mut backup, LINE_Q, round()),
        [told(LINE_Q, AckFrame::Confirmed { round: 7 })]
    );
    let (connection, primary) = (3, P);
    backup.handle(Event::Called { connection, primary });
    assert_eq!(say(&mut backup, 3, round()), [Command::Close { connection }]);
}

#[test]
fn an_older_life_that_calls_again_is_refused_alone() {
    let mut backup = with_two_primaries();
    order(&mut backup, ToServer::Admit { seat: seat(P, 6) });
    let opened = [told(3, AckFrame::Opened { applied: Seq(0) })];
    assert_eq!(call(&mut backup, 3, P, open_frame(6, 0, 0, false)), opened);
    let refused = [
        told(4, AckFrame::Fenced { epoch: Epoch(6) }),
        Command::Close { connection: 4 },
    ];
    assert_eq!(call(&mut backup, 4, P, open_frame(1, 0, 0, false)), refused);
    let goes_on = say(&mut backup, 3, operation(1, 0, delta(1, 0, &[1])));
    assert_eq!(goes_on, [ack(3, 1)]);
}

#[test]
fn a_cut_that_is_repeated_when_the_next_life_has_begun_undoes_nothing_of_it() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(1, 0, &[1])));
    let cut = || ToServer::Cut {
        recovery: 1,
        cuts: vec![(P, Seq(0))],
    };
    let done = || [Command::ToManager(FromServer::CutDone { recovery: 1 })];
    assert_eq!(order(&mut backup, cut()), done());
    order(&mut backup, ToServer::Admit { seat: seat(P, 6) });
    call(&mut backup, 3, P, open_frame(6, 0, 0, false));
    assert_eq!(
        say(&mut backup, 3, operation(1, 0, delta(1, 0, &[8]))),
        [ack(3, 1)]
    );
    assert_eq!(order(&mut backup, cut()), done());
    assert_eq!((parity(&backup), backup.applied(P)), (&[8][..], Some(Seq(1))));
}
