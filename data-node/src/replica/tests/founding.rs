//! The word to found: when a node begins empty, and when it keeps what it holds.

use super::*;

#[test]
fn the_word_to_found_does_nothing_to_a_node_that_holds_a_state() {
    let mut replica = founded();
    let payload = batch(vec![write(1, Op::OpenSession), insert(2, "a")]);
    round(&mut replica, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    assert_eq!(replica.handle_manager(MANAGER, found(1)), []);
    let standing = Standing::Delivered(at(1));
    let held = vec![HeldMessage {
        id: id(1),
        groups: vec![GROUP],
        payload,
        standing,
    }];
    let sealed = FromMember::Sealed {
        epoch: Epoch(2),
        clock: 1,
        delivered: at(1),
        held,
    };
    let seal = ToNode::Multicast(ToMember::Seal { epoch: Epoch(2) });
    assert_eq!(replica.handle_manager(MANAGER, seal), [says(sealed)]);
}

#[test]
fn what_was_discarded_is_not_what_a_group_is_founded_with() {
    let mut replica = founded();
    round(&mut replica, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    let elements = |replica: &Replica| replica.structure().map(Structure::len);
    replica.handle_manager(MANAGER, found(1));
    assert_eq!(elements(&replica), Some(1));
    replica.handle_manager(MANAGER, found(2));
    assert_eq!((elements(&replica), replica.epoch()), (Some(0), Epoch(0)));
}

/// A state that was frozen in names no epoch by itself; the word to await it did.
#[test]
fn a_state_that_came_after_the_group_was_founded_is_kept_when_the_word_is_said_again() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    let mut replica = Replica::new(NodeId(2), LIMITS);
    let (epoch, transfer) = (Epoch(1), 1);
    replica.handle_manager(
        MANAGER,
        ToNode::AwaitState {
            epoch,
            transfer,
            group: GROUP,
        },
    );
    replica.handle_arrived(arrived(1, state_of(&mut donor)));
    replica.handle_manager(MANAGER, found(1));
    assert_eq!(replica.structure().map(Structure::len), Some(1));
}

/// A former owner that was paused says the words of its epoch, with the number that it knew.
#[test]
fn a_late_word_to_begin_changes_the_group_of_no_node() {
    let mut replica = Replica::new(NodeId(2), LIMITS);
    replica.handle_manager(MANAGER, join(5));
    let (epoch, transfer, group) = (Epoch(4), 1, GroupId(7));
    for late in [
        ToNode::Found { epoch, group },
        ToNode::Join { epoch, group },
        ToNode::AwaitState {
            epoch,
            transfer,
            group,
        },
    ] {
        assert_eq!(replica.handle_manager(MANAGER, late), []);
        assert_eq!(replica.group, Some(GROUP));
    }
}
