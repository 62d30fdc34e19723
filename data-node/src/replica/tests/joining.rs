//! A node that votes before it has its state, and catches up.

use super::*;
use crate::limits::OVERHEAD_BYTES;

/// A node that was told to join, and votes in epoch 1.
fn joining() -> Replica {
    let mut replica = Replica::new(NodeId(2), LIMITS);
    assert_eq!(replica.handle_manager(MANAGER, join(1)), []);
    enter_epoch_1(&mut replica, 0);
    replica.handle_manager(
        MANAGER,
        ToNode::AwaitState {
            epoch: Epoch(1),
            transfer: 1,
            group: GROUP,
        },
    );
    replica
}

fn holding(seq: u64) -> Command {
    says(FromMember::Holding {
        epoch: Epoch(1),
        id: id(seq),
    })
}

#[test]
fn a_joiner_votes_and_holds_at_once_and_applies_what_its_state_does_not_include() {
    let mut donor = founded();
    let mut joiner = joining();
    let rounds = [
        vec![write(1, Op::OpenSession), insert(2, "a")],
        vec![insert(3, "b")],
        vec![insert(4, "c")],
    ];
    for (seq, writes) in (1..).zip(rounds[..2].iter().cloned()) {
        round(&mut donor, seq, writes.clone());
        assert_eq!(round(&mut joiner, seq, writes), [holding(seq)]);
    }
    let state = state_of(&mut donor);
    round(&mut donor, 3, rounds[2].clone());
    assert_eq!(round(&mut joiner, 3, rounds[2].clone()), [holding(3)]);
    assert_eq!(
        joiner.handle_request(CLIENT, &get("a")),
        refused("the node is joining its group")
    );

    assert_eq!(joiner.handle_arrived(arrived(1, state)), []);
    assert_eq!(
        joiner.handle_request(CLIENT, &get("a")),
        refused("the node is joining its group")
    );
    assert!(joiner.is_catching_up());
    let mut told = vec![delivered(3, 3, vec![Outcome::Inserted])];
    told.extend(caught_up(1));
    assert_eq!(joiner.catch_up(), told);
    assert!(!joiner.is_catching_up());
    assert_eq!(images_of(&joiner), images_of(&donor));
}

#[test]
fn what_is_delivered_behind_a_backlog_waits_for_its_turn_and_nobody_waits_for_it() {
    let mut donor = founded();
    let mut joiner = joining();
    round(&mut donor, 1, vec![write(1, Op::OpenSession)]);
    round(&mut joiner, 1, vec![write(1, Op::OpenSession)]);
    let state = state_of(&mut donor);
    for seq in 2..=20 {
        let writes = || vec![insert(seq, &format!("{seq}"))];
        round(&mut donor, seq, writes());
        round(&mut joiner, seq, writes());
    }
    joiner.handle_arrived(arrived(1, state));
    let first_turn = joiner.catch_up();
    assert_eq!(first_turn[0], delivered(2, 2, vec![Outcome::Inserted]));
    round(&mut donor, 21, vec![insert(21, "z")]);
    assert_eq!(round(&mut joiner, 21, vec![insert(21, "z")]), [holding(21)]);
    let mut told = Vec::new();
    while joiner.is_catching_up() {
        told.extend(joiner.catch_up());
    }
    let mut last = vec![delivered(21, 21, vec![Outcome::Inserted])];
    last.extend(caught_up(1));
    assert_eq!(told[told.len() - 2..], last);
    assert_eq!(images_of(&joiner), images_of(&donor));
}

#[test]
fn a_state_of_an_older_view_is_dropped_and_one_who_has_a_state_says_so_again() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession)]);
    let mut joiner = joining();
    let mut outdated = state_of(&mut donor);
    outdated.snapshot.epoch = Epoch(0);
    assert_eq!(joiner.handle_arrived(arrived(1, outdated)), []);
    assert!(joiner.structure().is_none());

    joiner.handle_manager(
        MANAGER,
        ToNode::AwaitState {
            epoch: Epoch(1),
            transfer: 2,
            group: GROUP,
        },
    );
    assert_eq!(joiner.handle_arrived(arrived(2, state_of(&mut donor))), []);
    assert_eq!(joiner.catch_up(), caught_up(2));
    assert_eq!(
        joiner.handle_manager(
            MANAGER,
            ToNode::AwaitState {
                epoch: Epoch(1),
                transfer: 3,
                group: GROUP
            }
        ),
        []
    );
    let (transfer_us, install_us) = (0, 0);
    let again = Command::ToEveryManager(FromNode::CaughtUp {
        transfer: 3,
        transfer_us,
        install_us,
    });
    assert_eq!(joiner.catch_up(), [again]);
}

#[test]
fn a_word_to_join_a_view_that_is_no_news_takes_no_state_away() {
    let mut replica = Replica::new(NodeId(2), LIMITS);
    replica.handle_manager(MANAGER, found(1));
    enter_epoch_1(&mut replica, 0);
    assert_eq!(replica.handle_manager(MANAGER, join(1)), []);
    assert!(replica.structure().is_some());
    replica.handle_manager(MANAGER, join(2));
    assert!(replica.structure().is_none());
}

#[test]
fn a_joiner_that_would_hold_more_than_its_limit_gives_its_join_up_and_may_join_again() {
    let payload = || batch(vec![insert(1, "a")]);
    let bytes = payload().len() as u64 + OVERHEAD_BYTES;
    let mut joiner = joining();
    joiner.held_limit = 2 * bytes;
    for seq in 1..=2 {
        assert_ne!(joiner.handle_manager(MANAGER, propose(seq, payload())), []);
    }
    assert_eq!(
        joiner.handle_manager(MANAGER, propose(3, payload())),
        [Command::EnterAnew]
    );
    assert_eq!(joiner.handle_manager(MANAGER, propose(4, payload())), []);
    joiner.handle_manager(MANAGER, join(2));
    let seal = ToNode::Multicast(ToMember::Seal { epoch: Epoch(2) });
    let nothing = FromMember::Sealed {
        epoch: Epoch(2),
        clock: 0,
        delivered: Timestamp::default(),
        held: vec![],
    };
    assert_eq!(joiner.handle_manager(MANAGER, seal), [says(nothing)]);
}

#[test]
fn what_a_joiner_has_applied_counts_no_more_towards_its_limit() {
    let writes = |seq: u64| vec![insert(seq, &format!("{seq:03}"))];
    let (mut donor, mut joiner) = (founded(), joining());
    joiner.held_limit = 20 * (batch(writes(1_000)).len() as u64 + OVERHEAD_BYTES);
    for replica in [&mut donor, &mut joiner] {
        round(replica, 1, vec![write(1, Op::OpenSession)]);
    }
    let state = state_of(&mut donor);
    let mut come = |joiner: &mut Replica, seqs: std::ops::RangeInclusive<u64>| {
        for seq in seqs {
            round(&mut donor, seq, writes(seq));
            assert_eq!(round(joiner, seq, writes(seq)), [holding(seq)]);
        }
    };
    come(&mut joiner, 2..=20);
    joiner.handle_arrived(arrived(1, state));
    for turn in 0..10 {
        assert_eq!(joiner.catch_up().len(), 8);
        come(&mut joiner, 21 + 8 * turn..=28 + 8 * turn);
    }
    while joiner.is_catching_up() {
        joiner.catch_up();
    }
    assert_eq!(images_of(&joiner), images_of(&donor));
}

#[test]
fn what_is_part_of_the_state_counts_no_more_towards_a_joiners_limit() {
    let writes = || vec![insert(1, "a")];
    let (mut donor, mut joiner) = (founded(), joining());
    joiner.held_limit = 3 * (batch(writes()).len() as u64 + OVERHEAD_BYTES);
    for seq in 1..=2 {
        round(&mut donor, seq, writes());
        round(&mut joiner, seq, writes());
    }
    assert_eq!(round(&mut joiner, 3, writes()), [holding(3)]);
    joiner.handle_arrived(arrived(1, state_of(&mut donor)));
    assert_eq!(round(&mut joiner, 4, writes()), [holding(4)]);
    assert_eq!(round(&mut joiner, 5, writes()), [holding(5)]);
    let more = propose(6, batch(writes()));
    assert_eq!(joiner.handle_manager(MANAGER, more), [Command::EnterAnew]);
}

/// A view's owner states again what it finishes; it is held once.
#[test]
fn a_message_that_comes_again_counts_once_towards_a_joiners_limit() {
    let payload = || batch(vec![insert(1, "a")]);
    let mut joiner = joining();
    joiner.held_limit = payload().len() as u64 + OVERHEAD_BYTES;
    for _ in 0..2 {
        let said = joiner.handle_manager(MANAGER, propose(1, payload()));
        assert!(matches!(said[..], [Command::ToManager { .. }]), "{said:?}");
    }
    let more = joiner.handle_manager(MANAGER, propose(2, payload()));
    assert_eq!(more, [Command::EnterAnew]);
}

#[test]
fn a_word_that_a_message_is_held_behind_a_backlog_is_repeated() {
    let mut joiner = joining();
    round(&mut joiner, 1, vec![write(1, Op::OpenSession)]);
    joiner.handle_arrived(arrived(1, state_of(&mut founded())));
    assert_eq!(round(&mut joiner, 2, vec![insert(2, "a")]), [holding(2)]);
    for seq in 1..=2 {
        assert_eq!(joiner.handle_manager(MANAGER, finalize(seq, seq)), [holding(seq)]);
    }
}

#[test]
fn what_a_sequencer_orders_counts_towards_a_joiners_limit_too() {
    let payload = || batch(vec![insert(1, "a")]);
    let order = |seq: u64| {
        ToNode::Multicast(ToMember::Order {
            epoch: Epoch(1),
            id: id(seq),
            groups: vec![GROUP],
            payload: payload(),
            timestamp: at(seq),
            after: if seq == 1 {
                Timestamp::default()
            } else {
                at(seq - 1)
            },
            stable: Timestamp::default(),
        })
    };
    let mut joiner = joining();
    joiner.held_limit = 2 * (payload().len() as u64 + OVERHEAD_BYTES);
    for seq in 1..=2 {
        assert_eq!(joiner.handle_manager(MANAGER, order(seq)), [holding(seq)]);
    }
    assert_eq!(joiner.handle_manager(MANAGER, order(3)), [Command::EnterAnew]);
}

#[test]
fn who_has_caught_up_holds_nothing_and_has_no_limit() {
    let mut joiner = joining();
    joiner.held_limit = 0;
    joiner.handle_arrived(arrived(1, state_of(&mut founded())));
    assert_eq!(joiner.catch_up(), caught_up(1));
    let opened = round(&mut joiner, 1, vec![write(1, Op::OpenSession)]);
    assert_eq!(opened.len(), 1);
}
