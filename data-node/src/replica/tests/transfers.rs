//! A state's way from a donor to a node that is frozen in, and everything that can be wrong with it.

use super::*;

#[test]
fn a_state_is_installed_whether_it_comes_before_or_after_its_announcement() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    let state = state_of(&mut donor);
    let announce = |transfer| ToNode::AwaitState {
        epoch: Epoch(1),
        transfer,
        group: GROUP,
    };

    let mut after = Replica::new(NODE, LIMITS);
    assert_eq!(after.handle_manager(MANAGER, announce(5)), []);
    assert_eq!(after.handle_arrived(arrived(5, state.clone())), caught_up(5));

    let mut before = Replica::new(NODE, LIMITS);
    assert_eq!(before.handle_arrived(arrived(5, state.clone())), []);
    assert_eq!(before.handle_manager(MANAGER, announce(5)), caught_up(5));

    let mut other = Replica::new(NODE, LIMITS);
    assert_eq!(other.handle_arrived(arrived(4, state.clone())), []);
    assert_eq!(
        other.handle_manager(MANAGER, announce(5)),
        [],
        "a state of another transfer is not taken"
    );
    assert_eq!(other.handle_manager(MANAGER, announce(4)), [], "and is forgotten");
    for replica in [&mut after, &mut before] {
        assert_eq!(
            replica.structure().map(Structure::elements),
            donor.structure().map(Structure::elements)
        );
        assert_eq!(
            images_of(replica).as_ref(),
            Some(&state.images),
            "byte for byte what the donor had"
        );
    }
}

#[test]
fn a_corrupted_image_is_reported_and_nothing_of_it_is_held() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    let sound = state_of(&mut donor);
    for region in 0..REGIONS {
        let mut state = sound.clone();
        state.images[region].push(1);
        let reason = state
            .clone()
            .into_structure(LIMITS)
            .map(|_| ())
            .expect_err("a byte too many")
            .to_string();
        let mut joiner = Replica::new(NODE, LIMITS);
        joiner.handle_manager(
            MANAGER,
            ToNode::AwaitState {
                epoch: Epoch(1),
                transfer: 5,
                group: GROUP,
            },
        );
        let failed = Command::ToEveryManager(FromNode::TransferFailed { transfer: 5, reason });
        assert_eq!(joiner.handle_arrived(arrived(5, state)), [failed]);
        assert!(joiner.structure().is_none());
    }
}

#[test]
fn a_broken_stream_is_reported_under_the_number_it_had_or_the_one_awaited() {
    let failed = |transfer| {
        let reason = "torn".to_owned();
        vec![Command::ToEveryManager(FromNode::TransferFailed {
            transfer,
            reason,
        })]
    };
    let mut replica = Replica::new(NODE, LIMITS);
    assert_eq!(replica.handle_broken(None, "torn".to_owned()), []);
    assert_eq!(replica.handle_broken(Some(4), "torn".to_owned()), failed(4));
    replica.handle_manager(
        MANAGER,
        ToNode::AwaitState {
            epoch: Epoch(1),
            transfer: 5,
            group: GROUP,
        },
    );
    assert_eq!(replica.handle_broken(None, "torn".to_owned()), failed(5));
}

#[test]
fn a_donor_without_a_state_says_so() {
    let mut replica = Replica::new(NODE, LIMITS);
    let to = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let reason = "node 1 holds no state".to_owned();
    let failed = Command::ToEveryManager(FromNode::TransferFailed { transfer: 2, reason });
    assert_eq!(
        replica.handle_manager(
            MANAGER,
            ToNode::SendState {
                epoch: Epoch(1),
                transfer: 2,
                to
            }
        ),
        [failed]
    );
}

#[test]
fn a_restarted_nodes_clock_goes_on_from_the_donors() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession)]);
    donor.handle_manager(MANAGER, finalize(9, 40)); // unknown here: no effect
    donor.handle_manager(MANAGER, propose(2, batch(vec![])));
    let state = state_of(&mut donor);
    assert_eq!((state.snapshot.watermark, state.snapshot.clock), (at(1), 2));
    let mut joiner = Replica::new(NODE, LIMITS);
    joiner.handle_manager(
        MANAGER,
        ToNode::AwaitState {
            epoch: Epoch(1),
            transfer: 1,
            group: GROUP,
        },
    );
    joiner.handle_arrived(arrived(1, state));
    let sealed = FromMember::Sealed {
        epoch: Epoch(1),
        clock: 2,
        delivered: at(1),
        held: vec![],
    };
    let seal = ToNode::Multicast(ToMember::Seal { epoch: Epoch(1) });
    assert_eq!(joiner.handle_manager(MANAGER, seal), [says(sealed)]);
    joiner.handle_manager(
        MANAGER,
        ToNode::Multicast(ToMember::View {
            epoch: Epoch(1),
            clock: 2,
        }),
    );
    let proposal = FromMember::Proposal {
        epoch: Epoch(1),
        id: id(3),
        timestamp: at(3),
        is_final: false,
    };
    assert_eq!(
        joiner.handle_manager(MANAGER, propose(3, batch(vec![]))),
        [says(proposal)]
    );
}

/// A manager that slept through another one's taking over says what it meant to say long ago.
#[test]
fn a_late_word_to_await_a_state_takes_no_state_away() {
    let late = |epoch, transfer| ToNode::AwaitState {
        epoch: Epoch(epoch),
        transfer,
        group: GROUP,
    };
    let mut member = founded();
    assert_eq!(member.handle_manager(MANAGER, late(1, 5)), []);
    assert!(
        member.structure().is_some(),
        "who takes part in a view holds on to its state"
    );

    let mut frozen_in = Replica::new(NODE, LIMITS);
    frozen_in.handle_manager(MANAGER, late(3, 5));
    frozen_in.handle_arrived(arrived(5, state_of(&mut founded())));
    assert_eq!(frozen_in.handle_manager(MANAGER, late(2, 4)), []);
    assert!(
        frozen_in.structure().is_some(),
        "who got its state in a later view, too"
    );
    frozen_in.handle_manager(MANAGER, late(3, 6));
    assert!(
        frozen_in.structure().is_none(),
        "the manager that let it in may begin anew"
    );
}

#[test]
fn a_late_word_to_send_a_state_does_not_break_off_the_one_that_leaves() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    let to = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let send = |epoch, transfer| ToNode::SendState {
        epoch: Epoch(epoch),
        transfer,
        to,
    };
    donor.handle_manager(MANAGER, send(1, 7));
    let reason = "node 1 is in epoch 1, not in epoch 0".to_owned();
    let failed = Command::ToEveryManager(FromNode::TransferFailed { transfer: 6, reason });
    assert_eq!(donor.handle_manager(MANAGER, send(0, 6)), [failed]);
    assert!(donor.next_piece(7).is_some());
}
