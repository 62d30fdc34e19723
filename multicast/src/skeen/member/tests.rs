//! Claims about a member that need its insides; the rules are in `tests/scenarios`. [`obvious`] has many cases.

mod obvious;

use super::*;
use crate::id::{Incarnation, Seq};

const EPOCH: Epoch = Epoch(1);

const SENDER: Incarnation = Incarnation(7);

fn id(seq: u64) -> MessageId {
    MessageId {
        sender: SENDER,
        seq: Seq(seq),
    }
}

fn at(counter: u64, node: u32) -> Timestamp {
    Timestamp {
        counter,
        node: NodeId(node),
    }
}

fn propose(seq: u64) -> ToMember<u64> {
    let groups = vec![GroupId(1)];
    ToMember::Propose {
        epoch: EPOCH,
        id: id(seq),
        groups,
        payload: seq,
        stable: Timestamp::default(),
    }
}

fn final_at(seq: u64, timestamp: Timestamp) -> ToMember<u64> {
    ToMember::Final {
        epoch: EPOCH,
        id: id(seq),
        timestamp,
        stable: Timestamp::default(),
    }
}

/// A member in its first view.
fn member(node: u32) -> Member<u64, u64> {
    let mut member = Member::new(NodeId(node));
    member.handle(SENDER, ToMember::Seal { epoch: EPOCH });
    member.handle(
        SENDER,
        ToMember::View {
            epoch: EPOCH,
            clock: 0,
        },
    );
    member
}

fn proposal(seq: u64, timestamp: Timestamp) -> Vec<MemberCommand<u64, u64>> {
    vec![send(
        SENDER,
        FromMember::Proposal {
            epoch: EPOCH,
            id: id(seq),
            timestamp,
            is_final: false,
        },
    )]
}

fn delivered(seq: u64, timestamp: Timestamp, result: u64) -> MemberCommand<u64, u64> {
    send(
        SENDER,
        FromMember::Delivered {
            epoch: EPOCH,
            id: id(seq),
            timestamp,
            result,
        },
    )
}

#[test]
fn what_a_member_says_of_itself_follows_its_messages() {
    let standing = |m: &Member<u64, u64>| (m.epoch(), m.clock(), m.delivered(), m.stable(), m.is_idle());
    let mut member = member(1);
    assert_eq!(standing(&member), (EPOCH, 0, at(0, 0), at(0, 0), true));
    member.handle(SENDER, propose(1));
    assert_eq!(standing(&member), (EPOCH, 1, at(0, 0), at(0, 0), false));
    member.handle(SENDER, final_at(1, at(6, 2)));
    assert_eq!(standing(&member), (EPOCH, 6, at(6, 2), at(6, 1), true));
    for (watermark, stable) in [(at(6, 2), at(6, 2)), (at(5, 9), at(6, 2))] {
        member.handle(
            SENDER,
            ToMember::Stable {
                epoch: EPOCH,
                watermark,
            },
        );
        assert_eq!(standing(&member), (EPOCH, 6, at(6, 2), stable, true));
    }
}

/// Rule 6: what its owner applies later, a joiner holds; whoever keeps the message need not wait for its result.
#[test]
fn a_delivery_that_is_put_off_is_held_and_may_be_stable_before_it_is_applied() {
    let mut member = member(1);
    member.handle(SENDER, propose(1));
    assert_eq!(member.put_off(at(1, 1)), None, "it is not delivered");
    member.handle(SENDER, final_at(1, at(1, 1)));
    let held = FromMember::Holding {
        epoch: EPOCH,
        id: id(1),
    };
    assert_eq!(member.put_off(at(1, 1)), Some(send(SENDER, held.clone())));
    let again = member.handle(SENDER, final_at(1, at(1, 1)));
    assert_eq!(again, [send(SENDER, held)], "the first word may be lost");
    member.handle(
        SENDER,
        ToMember::Stable {
            epoch: EPOCH,
            watermark: at(1, 1),
        },
    );
    assert_eq!(member.put_off(at(1, 1)), None, "nobody waits for it any more");
    assert_eq!(member.delivered_with(at(1, 1), 9), []);
}

/// Rule 3: what is not applied yet is not acknowledged, however often the sender asks.
#[test]
fn a_delivery_is_acknowledged_only_with_its_result() {
    let mut member = member(1);
    member.handle(SENDER, propose(1));
    let deliver = MemberCommand::Deliver {
        id: id(1),
        timestamp: at(1, 1),
        payload: 1,
    };
    assert_eq!(member.handle(SENDER, final_at(1, at(1, 1))), [deliver]);
    assert_eq!(member.handle(SENDER, final_at(1, at(1, 1))), []);
    assert_eq!(member.delivered_with(at(1, 1), 40), [delivered(1, at(1, 1), 40)]);
    assert_eq!(
        member.handle(SENDER, final_at(1, at(1, 1))),
        [delivered(1, at(1, 1), 40)]
    );
    assert_eq!(member.delivered_with(at(2, 1), 41), []);
}

/// Each message names one counter that is too large, and nothing else that is wrong.
#[test]
fn a_counter_above_the_largest_changes_nothing_and_the_order_goes_on() {
    let beyond = [MAX_COUNTER + 1, u64::MAX].map(|counter| at(counter, 2));
    for timestamp in beyond {
        let mut member = member(1);
        member.handle(SENDER, propose(1));
        let final_below_a_huge_watermark = ToMember::Final {
            epoch: EPOCH,
            id: id(1),
            timestamp: at(1, 1),
            stable: timestamp,
        };
        let restate = ToMember::Restate {
            epoch: EPOCH,
            id: id(2),
            groups: vec![GroupId(1)],
            payload: 2,
            timestamp,
        };
        let stable = ToMember::Stable {
            epoch: EPOCH,
            watermark: timestamp,
        };
        for message in [
            final_at(1, timestamp),
            final_below_a_huge_watermark,
            restate,
            stable,
        ] {
            assert_eq!(member.handle(SENDER, message), []);
        }
        let standing = (member.clock(), member.delivered(), member.stable());
        assert_eq!(standing, (1, at(0, 0), at(0, 0)));
        assert_eq!(member.handle(SENDER, propose(2)), proposal(2, at(2, 1)));
        member.handle(SENDER, ToMember::Seal { epoch: Epoch(2) });
        let view = |clock| ToMember::View {
            epoch: Epoch(2),
            clock,
        };
        assert_eq!(member.handle(SENDER, view(timestamp.counter)), []);
        assert!(member.sealed, "it waits for a view that can be");
        member.handle(SENDER, view(2));
        assert!(!member.sealed);
    }
}

#[test]
fn the_largest_counter_is_still_taken() {
    let mut member = member(1);
    member.handle(SENDER, propose(1));
    let deliver = MemberCommand::Deliver {
        id: id(1),
        timestamp: at(MAX_COUNTER, 2),
        payload: 1,
    };
    assert_eq!(member.handle(SENDER, final_at(1, at(MAX_COUNTER, 2))), [deliver]);
    assert_eq!(member.clock(), MAX_COUNTER);
}

/// A node that was restored with clock 3 and watermark 9.2 must not offer a 4.
#[test]
fn a_restored_members_clock_is_at_least_its_watermark() {
    let restored = |clock| Member::<u64, u64>::restored(NodeId(3), at(9, 2), clock).clock();
    assert_eq!([restored(3), restored(9), restored(10)], [9, 9, 10]);
}

#[test]
fn each_defect_does_what_its_name_says() {
    let broken = |defect| member(3).with_defect(defect);

    let mut lagging = broken(Defect::NoClockBumpOnFinal);
    lagging.handle(SENDER, propose(1));
    lagging.handle(SENDER, final_at(1, at(9, 4)));
    assert_eq!(lagging.handle(SENDER, propose(2)), proposal(2, at(2, 3)));

    assert_eq!(
        broken(Defect::NoTieBreak).handle(SENDER, propose(1)),
        proposal(1, at(1, 0))
    );

    let mut hasty = broken(Defect::AcknowledgeOnReceipt);
    hasty.handle(SENDER, propose(1));
    hasty.handle(SENDER, propose(2));
    assert_eq!(
        hasty.handle(SENDER, final_at(2, at(2, 3))),
        [delivered(2, at(2, 3), 0)]
    );

    let mut careless = broken(Defect::NoEpochCheck);
    careless.handle(SENDER, ToMember::Seal { epoch: Epoch(2) });
    let answer = FromMember::Proposal {
        epoch: Epoch(2),
        id: id(1),
        timestamp: at(1, 3),
        is_final: false,
    };
    assert_eq!(careless.handle(SENDER, propose(1)), [send(SENDER, answer)]);
}

#[test]
fn a_member_waits_for_who_keeps_anything_here_until_a_view_change_takes_it_over() {
    let mut member = member(1);
    let other = Incarnation(8);
    assert!(!member.waits_for(SENDER));
    member.handle(SENDER, propose(1));
    assert_eq!(
        [SENDER, other].map(|keeper| member.waits_for(keeper)),
        [true, false]
    );
    member.handle(SENDER, final_at(1, at(1, 1)));
    assert!(member.waits_for(SENDER), "nobody else says when it is stable");
    let watermark = at(1, 1);
    member.handle(
        SENDER,
        ToMember::Stable {
            epoch: EPOCH,
            watermark,
        },
    );
    assert!(!member.waits_for(SENDER));
    member.handle(SENDER, propose(2));
    member.handle(other, ToMember::Seal { epoch: EPOCH.next() });
    assert!(!member.waits_for(SENDER));
}
