//! What makes a scrub impossible, and what ends one without a verdict.

use super::*;

#[test]
fn one_scrub_at_a_time_and_the_end_of_its_client_ends_it() {
    let mut backup = with_two_values(0, Layout::Linked);
    scrub_values(&mut backup);
    let second = scrub(&mut backup, window(RegionId::VALUES, 1));
    assert_eq!(second, [unavailable("another scrub is under way")]);
    let other = ASKER.connection + 1;
    assert_eq!(backup.handle(Event::ClientEnded { connection: other }), []);
    let second = scrub(&mut backup, window(RegionId::VALUES, 1));
    assert_eq!(second, [unavailable("another scrub is under way")]);
    let connection = ASKER.connection;
    assert_eq!(backup.handle(Event::ClientEnded { connection }), []);
    // What answers the first one is not taken for the second one's.
    let wanted = [LINE_P, LINE_Q].map(|line| want(line, 2, window(RegionId::VALUES, 1)));
    assert_eq!(scrub(&mut backup, window(RegionId::VALUES, 1)), wanted);
    assert_eq!(say(&mut backup, LINE_P, signed(1, 1, &[0, 0])), []);
    assert_eq!(say(&mut backup, LINE_P, signed(2, 1, &[1, 2])), []);
    assert_eq!(say(&mut backup, LINE_P, signed(2, 1, &[1, 2])), [], "repeated");
    let last = say(&mut backup, LINE_Q, signed(2, 1, &[16, 32]));
    assert_eq!(last, [scrubbed(2, vec![])]);
}

#[test]
fn a_primary_that_is_not_connected_or_not_wholly_held_makes_a_scrub_impossible() {
    let mut backup = with_two_values(0, Layout::Linked);
    backup.handle(Event::Ended { connection: LINE_Q });
    let refused = scrub(&mut backup, window(RegionId::VALUES, 1));
    assert_eq!(refused, [unavailable("node 2 is not connected")]);
    let primaries = vec![seat(P, 1), seat(Q, 1)];
    let epoch = Epoch(3);
    order(
        &mut backup,
        ToServer::Rebuild {
            epoch,
            row: 0,
            primaries,
        },
    );
    let refused = scrub(&mut backup, window(RegionId::VALUES, 1));
    assert_eq!(refused, [unavailable("node 1 is not wholly held")]);
}

#[test]
fn a_lost_connection_ends_a_scrub_that_awaits_its_primary_and_no_other() {
    let mut backup = with_two_values(0, Layout::Linked);
    scrub_values(&mut backup);
    say(&mut backup, LINE_P, signed(1, 1, &[1, 2]));
    assert_eq!(backup.handle(Event::Ended { connection: LINE_P }), []);
    let ended = backup.handle(Event::Ended { connection: LINE_Q });
    assert_eq!(ended, [unavailable("the connection of node 2 ended")]);
    let refused = scrub(&mut backup, window(RegionId::VALUES, 1));
    assert_eq!(refused, [unavailable("node 1 is not connected")]);
}

#[test]
fn every_order_of_the_manager_ends_a_scrub_but_a_heartbeat_does_not() {
    let (recovery, epoch, primaries) = (4, Epoch(2), vec![Q]);
    let orders = [
        ToServer::Fence { epoch, primaries },
        ToServer::Cut {
            recovery,
            cuts: vec![],
        },
        ToServer::Residual {
            recovery,
            losses: vec![],
            rows: vec![0],
            live: vec![],
            with_auxiliary: false,
        },
        ToServer::Abandon { recovery },
        ToServer::Admit { seat: seat(P, 1) },
        ToServer::Rebuild {
            epoch,
            row: 0,
            primaries: vec![],
        },
    ];
    for disturbance in orders {
        let mut backup = with_two_values(0, Layout::Linked);
        scrub_values(&mut backup);
        assert_eq!(order(&mut backup, ToServer::Heartbeat), []);
        let ended = unavailable("the manager changes who is a member");
        assert_eq!(order(&mut backup, disturbance).first(), Some(&ended));
        assert_eq!(say(&mut backup, LINE_P, signed(1, 1, &[1, 2])), []);
    }
}

#[test]
fn no_scrub_begins_while_a_primary_is_recovered() {
    let mut backup = with_two_values(0, Layout::Linked);
    let loss = wire::message::fusion::Loss {
        primary: P,
        column: column(P),
        cut: Seq(1),
        replacement: Some(std::net::SocketAddr::from(([127, 0, 0, 1], 7))),
    };
    let residual = ToServer::Residual {
        recovery: 4,
        losses: vec![loss],
        rows: vec![0],
        live: vec![Q],
        with_auxiliary: false,
    };
    order(&mut backup, residual);
    let refused = scrub(&mut backup, window(RegionId::VALUES, 1));
    assert_eq!(refused, [unavailable("a primary is being recovered")]);
}

#[test]
fn signatures_of_another_moment_than_that_of_our_copy_end_the_scrub_without_a_verdict() {
    let mut backup = with_two_values(0, Layout::Linked);
    scrub_values(&mut backup);
    let ended = say(&mut backup, LINE_P, signed(1, 2, &[1, 2]));
    assert_eq!(
        ended,
        [unavailable("node 1 signed up to seq 2, seq 1 is applied here")]
    );
}

#[test]
fn too_few_signatures_or_too_many_cost_the_primary_its_connection() {
    for count in [0, 2] {
        let mut backup = with_two_values(0, Layout::Linked);
        scrub_values(&mut backup);
        let frame = DeltaFrame::Signatures {
            scrub: 1,
            last: Seq(1),
            signatures: vec![Signature::ZERO; count],
        };
        let expected = [
            Command::Close { connection: LINE_P },
            unavailable("the connection of node 1 ended"),
        ];
        assert_eq!(say(&mut backup, LINE_P, frame), expected);
    }
}
