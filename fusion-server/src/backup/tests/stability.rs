//! What is stable need not be undone, and takes no memory.

use multicast::id::Seq;
use wire::message::fusion::{DeltaFrame, FromServer, ToServer};

use super::*;

fn stable(seq: u64) -> DeltaFrame {
    DeltaFrame::Stable { stable: Seq(seq) }
}

#[test]
fn an_idle_primary_says_what_is_stable_and_the_server_forgets_how_to_undo_it() {
    let mut backup = with_two_primaries();
    let empty = backup.holding().auxiliary_bytes;
    for seq in 1..=3 {
        say(&mut backup, LINE_P, operation(seq, 0, delta(1, 0, &[1])));
    }
    assert!(backup.holding().auxiliary_bytes > empty);
    assert_eq!(say(&mut backup, LINE_P, stable(3)), []);
    assert_eq!(backup.holding().auxiliary_bytes, empty);
    let cut = ToServer::Cut {
        recovery: 1,
        cuts: vec![(P, Seq(3))],
    };
    let done = FromServer::CutDone { recovery: 1 };
    assert_eq!(order(&mut backup, cut), [Command::ToManager(done)]);
}

#[test]
fn up_to_the_last_operation_applied_can_be_stable_and_not_one_more() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(1, 0, &[1])));
    assert_eq!(say(&mut backup, LINE_P, stable(1)), []);
    assert_eq!(say(&mut backup, LINE_P, stable(0)), [], "an older word");
    assert_eq!(
        say(&mut backup, LINE_P, stable(2)),
        [Command::Close { connection: LINE_P }]
    );
}
