//! Scripts that compare whole outputs; [`lossy`] tries many of them.

mod lossy;

use super::{FifoOutput::*, *};
use crate::id::{NodeId, Seq};

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);

fn send(to: NodeId, seq: u64, stable: u64, message: char) -> FifoOutput<char> {
    Send {
        to,
        seq: Seq(seq),
        stable: Seq(stable),
        message,
    }
}

/// A sender at 10 with two required receivers whose channels are open.
fn with_two_receivers() -> FifoSender<char> {
    let mut sender = FifoSender::new(Seq(10));
    for receiver in [A, B] {
        sender.add_receiver(receiver, Seq(10), true);
        assert_eq!(sender.handle_opened(receiver, Seq(10)), Ok(vec![]));
    }
    sender
}

#[test]
fn a_message_goes_to_every_open_channel_and_is_stable_when_the_last_required_receiver_has_it() {
    let mut sender = with_two_receivers();
    assert_eq!(
        sender.multicast('x', 1),
        [send(A, 11, 10, 'x'), send(B, 11, 10, 'x')]
    );
    assert_eq!(sender.handle_ack(B, Seq(11)), Ok(vec![]));
    assert_eq!(sender.handle_ack(A, Seq(11)), Ok(vec![Stable(Seq(11))]));
    assert_eq!(
        sender.handle_ack(A, Seq(11)),
        Ok(vec![]),
        "a repeated acknowledgement says nothing new"
    );
}

#[test]
fn without_required_receivers_everything_is_stable_at_once() {
    let mut sender = FifoSender::new(Seq(0));
    sender.add_receiver(A, Seq(0), false);
    assert_eq!(sender.multicast('x', 1), [Stable(Seq(1))]);
}

#[test]
fn a_receiver_that_lost_its_connection_is_still_waited_for_and_sent_what_it_misses() {
    let mut sender = with_two_receivers();
    sender.handle_closed(A);
    assert_eq!(sender.multicast('x', 1), [send(B, 11, 10, 'x')]);
    assert_eq!(sender.multicast('y', 1), [send(B, 12, 10, 'y')]);
    assert_eq!(sender.handle_ack(B, Seq(12)), Ok(vec![]));
    let opened = sender.handle_opened(A, Seq(11));
    assert_eq!(opened, Ok(vec![Stable(Seq(11)), send(A, 12, 11, 'y')]));
}

#[test]
fn only_removing_a_receiver_lets_stability_do_without_it() {
    let mut sender = with_two_receivers();
    sender.multicast('x', 1);
    assert_eq!(sender.handle_ack(A, Seq(11)), Ok(vec![]));
    assert_eq!(sender.remove_receiver(B), [Stable(Seq(11))]);
}

#[test]
fn a_receiver_that_becomes_required_is_waited_for_from_then_on() {
    let mut sender = FifoSender::new(Seq(0));
    sender.multicast('x', 1);
    sender.add_receiver(A, Seq(1), false);
    assert_eq!(sender.handle_opened(A, Seq(1)), Ok(vec![]));
    assert_eq!(sender.multicast('y', 1), [send(A, 2, 1, 'y'), Stable(Seq(2))]);
    sender.require(A);
    assert_eq!(sender.multicast('z', 1), [send(A, 3, 2, 'z')]);
    assert_eq!(sender.handle_ack(A, Seq(3)), Ok(vec![Stable(Seq(3))]));
}

#[test]
fn what_receivers_in_doubt_acknowledged_counts_no_more_until_they_say_it_again() {
    let mut sender = with_two_receivers();
    sender.multicast('x', 1);
    assert_eq!(sender.handle_ack(A, Seq(11)), Ok(vec![]));
    sender.doubt_receivers();
    assert_eq!(sender.remove_receiver(B), [], "A may have undone it");
    assert_eq!(sender.multicast('y', 1), [], "no channel is open");
    let again = vec![send(A, 11, 10, 'x'), send(A, 12, 10, 'y')];
    assert_eq!(sender.handle_opened(A, Seq(10)), Ok(again));
    assert_eq!(sender.handle_ack(A, Seq(12)), Ok(vec![Stable(Seq(12))]));
}

#[test]
fn a_gap_is_sent_again_once() {
    let mut sender = with_two_receivers();
    sender.multicast('x', 1);
    sender.multicast('y', 1);
    let again = vec![send(A, 11, 10, 'x'), send(A, 12, 10, 'y')];
    assert_eq!(sender.handle_gap(A, Seq(11)), Ok(again));
    assert_eq!(
        sender.handle_gap(A, Seq(11)),
        Ok(vec![]),
        "it is under way already"
    );
    assert_eq!(sender.handle_gap(A, Seq(12)), Ok(vec![send(A, 12, 10, 'y')]));
}

#[test]
fn what_a_receiver_cannot_have_said_changes_nothing() {
    let mut sender = with_two_receivers();
    sender.multicast('x', 1);
    let never_sent = FifoError::NeverSent {
        receiver: A,
        applied: Seq(12),
        last: Seq(11),
    };
    assert_eq!(sender.handle_ack(A, Seq(12)), Err(never_sent));
    assert_eq!(sender.handle_opened(A, Seq(12)), Err(never_sent));
    assert_eq!(sender.handle_gap(A, Seq(13)), Err(never_sent));
    let no_longer_kept = FifoError::NoLongerKept {
        receiver: A,
        expected: Seq(10),
        oldest: Seq(11),
    };
    assert_eq!(sender.handle_gap(A, Seq(10)), Err(no_longer_kept));
    assert_eq!(sender.handle_opened(A, Seq(9)), Err(no_longer_kept));
    let stranger = FifoError::UnknownReceiver { receiver: NodeId(3) };
    assert_eq!(sender.handle_ack(NodeId(3), Seq(11)), Err(stranger));
    assert_eq!(sender.acked(A), Some(Seq(10)));
    assert_eq!(sender.stable(), Seq(10));
}

#[test]
fn the_largest_number_of_all_is_one_that_was_never_sent() {
    let mut sender = with_two_receivers();
    let never_sent = |applied| FifoError::NeverSent {
        receiver: A,
        applied: Seq(applied),
        last: Seq(10),
    };
    assert_eq!(sender.handle_opened(A, Seq(u64::MAX)), Err(never_sent(u64::MAX)));
    assert_eq!(sender.handle_ack(A, Seq(u64::MAX)), Err(never_sent(u64::MAX)));
    assert_eq!(sender.handle_gap(A, Seq(u64::MAX)), Err(never_sent(u64::MAX - 1)));
    assert_eq!(sender.handle_ack(A, Seq(10)), Ok(vec![]));
}

#[test]
fn numbers_end_one_below_the_largest_and_do_not_begin_anew() {
    let mut sender = FifoSender::new(Seq(u64::MAX - 2));
    sender.add_receiver(A, Seq(u64::MAX - 2), true);
    assert!(sender.has_room());
    sender.multicast('x', 1);
    assert!(!sender.has_room());
    let (last, before) = (u64::MAX - 1, u64::MAX - 2);
    let opened = sender.handle_opened(A, Seq(before));
    assert_eq!(opened, Ok(vec![send(A, last, before, 'x')]));
    assert_eq!(sender.handle_ack(A, Seq(last)), Ok(vec![Stable(Seq(last))]));
    let exhausted = FifoSender::<char>::new(Seq(u64::MAX));
    assert!(!exhausted.has_room());
}

#[test]
fn there_is_room_for_max_unstable_messages_and_not_one_more() {
    let mut sender = with_two_receivers();
    for taken in 0..MAX_UNSTABLE {
        assert!(sender.has_room(), "after {taken}");
        sender.multicast('x', 1);
    }
    assert!(!sender.has_room());
    sender.handle_ack(A, Seq(11)).expect("sent");
    assert!(!sender.has_room(), "one receiver is not enough");
    sender.handle_ack(B, Seq(11)).expect("sent");
    assert!(sender.has_room());
}

#[test]
fn there_is_room_below_max_unstable_bytes_and_not_at_it() {
    let mut sender = with_two_receivers();
    sender.multicast('x', MAX_UNSTABLE_BYTES - 1);
    assert!(sender.has_room());
    sender.multicast('y', 1);
    assert!(!sender.has_room());
    assert_eq!(sender.unstable_bytes(), MAX_UNSTABLE_BYTES);
}

#[test]
fn a_receiver_takes_exactly_the_next_number() {
    let mut receiver = FifoReceiver::new(Seq(4));
    assert_eq!(receiver.judge(Seq(4)), Reception::Repeated { applied: Seq(4) });
    assert_eq!(receiver.judge(Seq(6)), Reception::Gap { expected: Seq(5) });
    assert_eq!(receiver.judge(Seq(5)), Reception::Next);
    assert_eq!(
        receiver.judge(Seq(5)),
        Reception::Next,
        "judging alone applies nothing"
    );
    assert_eq!(receiver.applied_next(), Seq(5));
    receiver.undone_last();
    assert_eq!(receiver, FifoReceiver::new(Seq(4)));
}
