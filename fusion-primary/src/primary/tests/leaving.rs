//! The end of a primary on purpose, and of what it held when its group began anew.

use structures::query::Query;

use super::*;

fn leave(primary: &mut Primary) -> Vec<Command> {
    order(primary, ToPrimary::Leave { since: Epoch(1) })
}

fn cleared() -> Command {
    Command::ToManager(FromPrimary::Cleared { since: Epoch(1) })
}

/// What S holds of this primary after these commands.
fn apply(copy: &mut structures::arena::Arena, commands: &[Command]) -> u64 {
    let mut last = 0;
    for command in commands {
        if let Command::ToServer {
            server: S,
            frame: DeltaFrame::Delta { seq, delta, .. },
        } = command
        {
            copy.apply(delta).expect("a primary's deltas fit");
            last = seq.0;
        }
    }
    last
}

#[test]
fn a_primary_that_leaves_takes_everything_out_and_says_so_when_that_is_stable() {
    let mut primary = founded(&[S, T]);
    let mut copy = structures::arena::Arena::new();
    for number in 1..=3 {
        apply(&mut copy, &send_write(&mut primary, number));
    }
    let commands = leave(&mut primary);
    let last = apply(&mut copy, &commands);
    assert_eq!((copy.lengths(), last), ([0; REGIONS], 6));
    // Whoever wrote before is answered; whoever comes now is not served.
    let closed = |request| reply(request, ReplyBody::Refused(Refusal::Closed { group: GROUP }));
    assert_eq!(send_write(&mut primary, 4), [closed(4)]);
    let query = Query::Len;
    let read = RequestBody::Read { group: GROUP, query };
    assert_eq!(ask(&mut primary, 5, read), [closed(5)]);
    assert_eq!(ack(&mut primary, S, last), []);
    assert_eq!(
        ack(&mut primary, T, last),
        [written(1), written(2), written(3), cleared()]
    );
    assert_eq!(
        leave(&mut primary),
        [cleared()],
        "the manager may not have heard it"
    );
}

#[test]
fn an_empty_primary_leaves_at_once() {
    let mut primary = founded(&[S]);
    assert_eq!(leave(&mut primary), [cleared()]);
}

#[test]
fn an_order_to_leave_for_another_life_changes_nothing() {
    let mut primary = founded(&[S]);
    assert_eq!(order(&mut primary, ToPrimary::Leave { since: Epoch(2) }), []);
    assert_eq!(send_write(&mut primary, 1), [to(S, delta(1, 0))]);
}

/// The group's data was discarded and the group founded anew, while this process was not there to hear it.
#[test]
fn what_was_held_before_the_group_was_founded_anew_is_dropped() {
    let life = GroupLife {
        group: GROUP,
        began: Epoch(9),
    };
    let since = Epoch(9);
    let words = [
        ToPrimary::Found { since, life },
        ToPrimary::Resume { since, life },
    ];
    for (word, begins) in words.into_iter().zip([true, false]) {
        let mut primary = founded(&[S]);
        send_write(&mut primary, 1);
        let commands = order(&mut primary, word);
        assert!(
            commands.contains(&Command::HangUp { caller: caller(1) }),
            "{commands:?}"
        );
        assert!(
            commands.contains(&Command::Disconnect { server: S }),
            "{commands:?}"
        );
        let empty = Structure::new(LIMITS);
        assert_eq!(primary.structure(), begins.then_some(&empty));
    }
}

/// Nobody's data is protected by what is taken off: it waits for no second server.
#[test]
fn a_primary_leaves_while_fewer_than_min_backups_are_active() {
    let mut primary = founded(&[S]);
    let mut copy = structures::arena::Arena::new();
    apply(&mut copy, &send_write(&mut primary, 1));
    let too_few = ToPrimary::View {
        epoch: Epoch(2),
        since: Epoch(1),
        servers: vec![seat(S, 1, true)],
        min_backups: 2,
    };
    assert_eq!(order(&mut primary, too_few), [viewed(2)]);
    assert_eq!(
        send_write(&mut primary, 2),
        [],
        "clients' writes wait for a second one"
    );
    let commands = leave(&mut primary);
    let refusal = Refusal::Closed { group: GROUP };
    assert_eq!(commands[0], reply(2, ReplyBody::Refused(refusal)));
    let last = apply(&mut copy, &commands);
    assert_eq!(copy.lengths(), [0; REGIONS]);
    assert_eq!(ack(&mut primary, S, last), [written(1), cleared()]);
}

/// A manager that was paused before the group was founded anew wakes up.
#[test]
fn a_late_order_about_a_life_that_is_over_changes_nothing() {
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    let began = |group, began| GroupLife {
        group,
        began: Epoch(began),
    };
    let (since, life) = (Epoch(9), began(GROUP, 9));
    order(&mut primary, ToPrimary::Found { since, life });
    let life = began(GroupId(7), 1);
    let (recovery, losses, rows, leaving) = (1, vec![], vec![], false);
    for late in [
        ToPrimary::Found { since, life },
        ToPrimary::Resume {
            since: Epoch(10),
            life,
        },
        ToPrimary::Recover {
            recovery,
            losses,
            rows,
            life,
            leaving,
        },
    ] {
        assert_eq!(order(&mut primary, late), []);
    }
    assert_eq!(
        send_write(&mut primary, 1),
        [written(1)],
        "its group is the one that it serves"
    );
}
