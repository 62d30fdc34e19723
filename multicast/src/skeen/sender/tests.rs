//! Claims about a sender that need its insides or many cases; the rules are in `tests/scenarios`.

use proptest::prelude::*;

use super::*;
use crate::skeen::message::{Held, Standing, ToMember};

const EPOCH: Epoch = Epoch(1);
const GROUP: GroupId = GroupId(1);

fn at(counter: u64, node: u32) -> Timestamp {
    Timestamp {
        counter,
        node: NodeId(node),
    }
}

fn view<const N: usize>(groups: [(GroupId, BTreeSet<NodeId>); N]) -> View {
    View::of(BTreeMap::from(groups))
}

fn sealed(epoch: Epoch) -> FromMember<u64, u64> {
    FromMember::Sealed {
        epoch,
        clock: 0,
        delivered: Timestamp::default(),
        held: Vec::new(),
    }
}

/// A sender whose first view is one group of nodes 1 to this many.
fn sender(size: u32) -> Sender<u64, u64> {
    let mut sender = Sender::new(Incarnation(7), OrderedBy::Skeen);
    sender.seal(EPOCH, view([(GROUP, (1..=size).map(NodeId).collect())]));
    for node in 1..=size {
        sender.handle(NodeId(node), sealed(EPOCH));
    }
    sender
}

fn id(seq: u64) -> MessageId {
    MessageId {
        sender: Incarnation(7),
        seq: Seq(seq),
    }
}

#[test]
fn message_ids_rise_by_one_also_while_sealing() {
    let mut sender = sender(1);
    assert_eq!(sender.multicast(vec![GROUP], 1).0, id(1));
    sender.seal(Epoch(2), view([(GROUP, BTreeSet::from([NodeId(1)]))]));
    assert_eq!(sender.multicast(vec![GROUP], 2), (id(2), Vec::new()));
    sender.handle(NodeId(1), sealed(Epoch(2)));
    assert_eq!(sender.multicast(vec![GROUP], 3).0, id(3));
}

/// A view change that was given up has no effect on the one that replaced it.
#[test]
fn the_epoch_is_in_force_when_the_last_member_reported() {
    let both = view([(GROUP, BTreeSet::from([NodeId(1), NodeId(2)]))]);
    let mut sender = sender(2);
    sender.seal(Epoch(2), both.clone());
    sender.seal(Epoch(3), both);
    let mut standings = Vec::new();
    for (node, epoch) in [(1, 2), (2, 2), (1, 3), (2, 3)] {
        sender.handle(NodeId(node), sealed(Epoch(epoch)));
        standings.push((sender.epoch(), sender.is_sealing()));
    }
    let old = (EPOCH, true);
    assert_eq!(standings, [old, old, old, (Epoch(3), false)]);
}

/// A final timestamp that no member may take would block its group, and a clock that cannot rise its order.
#[test]
fn a_members_counter_is_believed_up_to_the_largest_and_no_further() {
    let offer = |counter, is_final| FromMember::Proposal {
        epoch: EPOCH,
        id: id(1),
        timestamp: at(counter, 1),
        is_final,
    };
    let mut sender = sender(1);
    sender.multicast(vec![GROUP], 1);
    for counter in [MAX_COUNTER + 1, u64::MAX] {
        assert_eq!(sender.handle(NodeId(1), offer(counter, false)), []);
        assert_eq!(sender.handle(NodeId(1), offer(counter, true)), []);
    }
    let final_at_the_largest = ToMember::Final {
        epoch: EPOCH,
        id: id(1),
        timestamp: at(MAX_COUNTER, 1),
        stable: Timestamp::default(),
    };
    let send = SenderCommand::Send {
        to: NodeId(1),
        message: final_at_the_largest,
    };
    assert_eq!(sender.handle(NodeId(1), offer(MAX_COUNTER, false)), [send]);
}

#[test]
fn a_report_with_a_counter_above_the_largest_is_none() {
    let held = |standing| Held {
        id: id(9),
        groups: vec![GROUP],
        payload: 9,
        standing,
    };
    let report = |clock, delivered, held| FromMember::Sealed {
        epoch: Epoch(2),
        clock,
        delivered,
        held,
    };
    let beyond = at(u64::MAX, 1);
    let reports = [
        report(u64::MAX, at(0, 0), vec![]),
        report(0, beyond, vec![]),
        report(0, at(0, 0), vec![held(Standing::Tentative(beyond))]),
        report(0, at(0, 0), vec![held(Standing::Final(beyond))]),
        report(0, at(0, 0), vec![held(Standing::Delivered(beyond))]),
    ];
    let mut sender = sender(1);
    sender.seal(Epoch(2), view([(GROUP, BTreeSet::from([NodeId(1)]))]));
    for report in reports {
        assert_eq!(sender.handle(NodeId(1), report), []);
        assert!(sender.is_sealing());
    }
    sender.handle(NodeId(1), sealed(Epoch(2)));
    assert_eq!((sender.epoch(), sender.is_sealing()), (Epoch(2), false));
}

/// Offers of an old epoch do not count in the new one: a member that has not offered anew may not hold the
/// message at all.
#[test]
fn offers_of_an_old_epoch_are_forgotten() {
    let mut sender = sender(2);
    let offer = |epoch, counter, node| {
        let timestamp = at(counter, node);
        FromMember::Proposal {
            epoch,
            id: id(1),
            timestamp,
            is_final: false,
        }
    };
    sender.multicast(vec![GROUP], 1);
    sender.handle(NodeId(1), offer(EPOCH, 1, 1));
    sender.seal(Epoch(2), view([(GROUP, BTreeSet::from([NodeId(1), NodeId(2)]))]));
    sender.handle(NodeId(1), sealed(Epoch(2)));
    sender.handle(NodeId(2), sealed(Epoch(2)));
    assert_eq!(sender.handle(NodeId(2), offer(Epoch(2), 4, 2)), []);
    let commands = sender.handle(NodeId(1), offer(Epoch(2), 3, 1));
    let message = ToMember::Final {
        epoch: Epoch(2),
        id: id(1),
        timestamp: at(4, 2),
        stable: at(0, 0),
    };
    let to = |node| SenderCommand::Send {
        to: NodeId(node),
        message: message.clone(),
    };
    assert_eq!(commands, [to(1), to(2)]);
}

/// A member's watermark is the largest it told of, in whatever order it is heard.
#[test]
fn a_late_delivery_does_not_lower_the_stable_watermark() {
    let mut sender = sender(1);
    for seq in 1..=2 {
        sender.multicast(vec![GROUP], seq);
        let proposal = FromMember::Proposal {
            epoch: EPOCH,
            id: id(seq),
            timestamp: at(seq, 1),
            is_final: false,
        };
        sender.handle(NodeId(1), proposal);
    }
    let delivered = |seq| FromMember::Delivered {
        epoch: EPOCH,
        id: id(seq),
        timestamp: at(seq, 1),
        result: 0,
    };
    sender.handle(NodeId(1), delivered(2));
    // Its own word for message 1 is outstanding.
    assert_eq!(sender.stable(GROUP), at(1, 0));
    sender.handle(NodeId(1), delivered(1));
    assert_eq!(sender.stable(GROUP), at(2, 1));
}

proptest! {
    /// Rule 2, for every size of a group and every order of the answers.
    #[test]
    fn the_final_timestamp_is_the_largest_offer_and_comes_with_the_last(
        counters in prop::collection::vec(1_u64..20, 1..6),
        first in 0_usize..6,
    ) {
        let size = counters.len() as u32;
        let mut sender = sender(size);
        sender.multicast(vec![GROUP], 1);
        let mut offers: Vec<Timestamp> = counters.iter().zip(1..).map(|(counter, node)| at(*counter, node)).collect();
        let largest = offers.iter().max().copied();
        offers.rotate_left(first % counters.len());
        let mut finals = Vec::new();
        for (place, timestamp) in offers.iter().enumerate() {
            let proposal = FromMember::Proposal { epoch: EPOCH, id: id(1), timestamp: *timestamp, is_final: false };
            for command in sender.handle(timestamp.node, proposal) {
                if let SenderCommand::Send { to, message: ToMember::Final { timestamp, .. } } = command {
                    finals.push((place, to, timestamp));
                }
            }
        }
        let last = offers.len() - 1;
        let expected: Vec<_> = (1..=size).filter_map(|node| Some((last, NodeId(node), largest?))).collect();
        prop_assert_eq!(finals, expected);
    }
}

/// Of what a member may have heard somebody else decides.
#[test]
fn what_waits_for_members_may_be_taken_back_and_what_is_proposed_may_not() {
    let mut sender = Sender::<u64, u64>::new(Incarnation(7), OrderedBy::Skeen);
    sender.follow(EPOCH, view([(GROUP, BTreeSet::from([NodeId(1)]))]));
    assert_eq!(sender.multicast(vec![GROUP], 1), (id(1), vec![]));
    assert_eq!([sender.withdraw(id(1)), sender.withdraw(id(1))], [true, false]);
    assert_eq!(sender.multicast(vec![GROUP], 2), (id(2), vec![]));
    let proposed = SenderCommand::Send {
        to: NodeId(1),
        message: ToMember::Propose {
            epoch: EPOCH,
            id: id(2),
            groups: vec![GROUP],
            payload: 2,
            stable: Timestamp::default(),
        },
    };
    let in_view = FromMember::InView { epoch: EPOCH };
    assert_eq!(sender.handle(NodeId(1), in_view), [proposed]);
    assert!(!sender.withdraw(id(2)));
}

/// A group that was away as a whole is back, and knows of a message that another group passed without it: of that one
/// nobody gets it, or its members would differ.
#[test]
fn what_one_member_of_a_group_passed_no_other_one_gets() {
    let (other, epoch) = (GroupId(2), Epoch(3));
    let [one, two, back] = [1, 2, 3].map(NodeId);
    let mut sender = Sender::<u64, u64>::new(Incarnation(7), OrderedBy::Sequencer);
    sender.seal(
        epoch,
        view([
            (GROUP, BTreeSet::from([one, two])),
            (other, BTreeSet::from([back])),
        ]),
    );
    let held = |seq, groups: &[GroupId], timestamp| Held {
        id: id(seq),
        groups: groups.to_vec(),
        payload: seq,
        standing: Standing::Delivered(timestamp),
    };
    let sealed = |delivered, held| FromMember::Sealed {
        epoch,
        clock: 8,
        delivered,
        held,
    };
    // Number 8 was given out in epoch 1, and again in epoch 2, whose view had never heard of it.
    let missed = held(1, &[GROUP, other], at(8, 1));
    let passed = held(2, &[GROUP], at(8, 2));
    sender.handle(one, sealed(at(8, 2), vec![passed]));
    sender.handle(two, sealed(at(7, 1), vec![]));
    let commands = sender.handle(back, sealed(at(8, 1), vec![missed]));
    let restated = commands.iter().filter_map(|command| match command {
        SenderCommand::Send {
            to,
            message: ToMember::Restate { id, .. },
        } => Some((*to, *id)),
        _ => None,
    });
    assert_eq!(restated.collect::<Vec<_>>(), [(two, id(2))]);
}
