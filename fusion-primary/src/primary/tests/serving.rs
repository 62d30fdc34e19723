//! Clients: the output rule, refusals, queues and their limits.

use structures::op::Element;
use structures::query::Query;
use wire::message::membership::Role;

use super::*;
use multicast::fifo::MAX_UNSTABLE_BYTES;

use crate::life::{MAX_HELD_REPLIES, MAX_WAITING_WRITES};

#[test]
fn a_write_is_answered_when_every_active_server_has_applied_it() {
    let mut primary = founded(&[S, T]);
    assert_eq!(
        send_write(&mut primary, 1),
        [to(S, delta(1, 0)), to(T, delta(1, 0))]
    );
    assert_eq!(ack(&mut primary, T, 1), []);
    assert_eq!(ack(&mut primary, S, 1), [written(1)]);
}

#[test]
fn writes_are_pipelined_and_answered_in_order() {
    let mut primary = founded(&[S]);
    for number in 1..=3 {
        assert_eq!(send_write(&mut primary, number), [to(S, delta(number, 0))]);
    }
    assert_eq!(ack(&mut primary, S, 2), [written(1), written(2)]);
    assert_eq!(ack(&mut primary, S, 3), [written(3)]);
}

#[test]
fn a_read_shows_nothing_that_is_not_stable_and_waits_for_what_it_shows() {
    let mut primary = founded(&[S]);
    send_write(&mut primary, 1);
    send_write(&mut primary, 2);
    let get = RequestBody::Read {
        group: GROUP,
        query: Query::Get { key: vec![2] },
    };
    assert_eq!(ask(&mut primary, 8, get), []);
    assert_eq!(
        ask(
            &mut primary,
            9,
            RequestBody::Read {
                group: GROUP,
                query: Query::All
            }
        ),
        []
    );
    send_write(&mut primary, 3);
    let value = reply(8, ReplyBody::Value(Some(serde_bytes::ByteBuf::from([2; 8]))));
    let elements = vec![Element {
        key: vec![2],
        value: vec![2; 8],
    }];
    let all = reply(9, ReplyBody::Elements { elements, last: true });
    assert_eq!(ack(&mut primary, S, 1), [written(1)]);
    assert_eq!(
        ack(&mut primary, S, 2),
        [written(2), value, all],
        "as of the request, without write 3"
    );
}

#[test]
fn a_retry_is_applied_once_and_waits_for_what_it_repeats() {
    let mut primary = founded(&[S]);
    send_write(&mut primary, 1);
    send_write(&mut primary, 2);
    assert_eq!(send_write(&mut primary, 2), [], "no operation, and no answer yet");
    assert_eq!(ack(&mut primary, S, 2), [written(1), written(2), written(2)]);
    assert_eq!(send_write(&mut primary, 2), [written(2)], "all is stable");
}

#[test]
fn what_the_door_refuses_changes_nothing() {
    let mut primary = founded(&[S]);
    let op = Op::Delete { key: vec![0; 5] };
    let bad = Write {
        client: ClientId(1),
        seq: Seq(1),
        op,
    };
    let refusal = Refusal::KeyLength { limit: 4, actual: 5 };
    let refused = ask(
        &mut primary,
        1,
        RequestBody::Write {
            group: GROUP,
            write: bad,
        },
    );
    assert_eq!(refused, [reply(1, ReplyBody::Refused(refusal))]);
    let elsewhere = Refusal::NotServedHere { role: Role::Primary };
    assert_eq!(
        ask(&mut primary, 2, RequestBody::Members),
        [reply(2, ReplyBody::Refused(elsewhere))]
    );
    assert_eq!(primary.structure(), Some(&Structure::new(LIMITS)));
}

#[test]
fn before_it_lives_it_says_why_it_does_not_serve() {
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    assert_eq!(
        send_write(&mut primary, 1),
        [unavailable(1, "the primary has not entered yet")]
    );
    let missing = vec![NodeId(0), S];
    primary.handle(Event::Refused(EntryRefused::TooManyFaults {
        tolerated: 1,
        missing: missing.clone(),
    }));
    let refusal = Refusal::TooManyFaults {
        tolerated: 1,
        missing,
    };
    assert_eq!(
        send_write(&mut primary, 1),
        [reply(1, ReplyBody::Refused(refusal))]
    );
}

#[test]
fn writes_wait_while_fewer_than_min_backups_are_active_and_no_more_than_the_limit() {
    let mut primary = founded(&[S]);
    let min_backups = 1;
    let bare = ToPrimary::View {
        epoch: Epoch(2),
        since: Epoch(1),
        servers: vec![],
        min_backups,
    };
    assert_eq!(
        order(&mut primary, bare),
        [Command::Disconnect { server: S }, viewed(2)]
    );
    for number in 1..=MAX_WAITING_WRITES as u64 {
        assert_eq!(send_write(&mut primary, number), [], "{number}");
    }
    let overloaded = Refusal::Overloaded {
        limit: MAX_WAITING_WRITES,
    };
    assert_eq!(
        send_write(&mut primary, 9999),
        [reply(9999, ReplyBody::Refused(overloaded))]
    );
    let back = ToPrimary::View {
        epoch: Epoch(3),
        since: Epoch(1),
        servers: vec![seat(T, 3, true)],
        min_backups,
    };
    let commands = order(&mut primary, back);
    assert_eq!(
        commands,
        [dial(T, 0), viewed(3)],
        "they are applied now, and wait for the server"
    );
    let (since, rebuild) = (1, 3);
    assert_eq!(
        primary.handle(Event::ServerLinked { server: T }),
        [to(T, open(since, rebuild, 0, false))]
    );
    let resent = hear(&mut primary, T, AckFrame::Opened { applied: Seq(0) });
    assert_eq!(resent.len(), multicast::fifo::MAX_UNSTABLE);
    assert_eq!(resent[..2], [to(T, delta(1, 0)), to(T, delta(2, 0))]);
    let commands = ack(&mut primary, T, 2);
    assert_eq!(commands[..2], [written(1), written(2)]);
    assert_eq!(commands.len(), 4, "room for two more");
}

#[test]
fn as_many_replies_are_held_as_the_limit_says_and_not_one_more() {
    let mut primary = founded(&[S]);
    send_write(&mut primary, 1);
    let get = || RequestBody::Read {
        group: GROUP,
        query: Query::Get { key: vec![2] },
    };
    for request in 2..=MAX_HELD_REPLIES as u64 {
        assert_eq!(ask(&mut primary, request, get()), []);
    }
    let overloaded = Refusal::Overloaded {
        limit: MAX_HELD_REPLIES,
    };
    assert_eq!(
        ask(&mut primary, 9999, get()),
        [reply(9999, ReplyBody::Refused(overloaded))]
    );
    assert_eq!(ack(&mut primary, S, 1).len(), MAX_HELD_REPLIES);
}

fn stable(server: NodeId, stable: u64) -> Command {
    to(server, DeltaFrame::Stable { stable: Seq(stable) })
}

#[test]
fn an_idle_primary_tells_every_open_server_once_what_is_stable() {
    let mut primary = founded(&[S, T]);
    assert_eq!(tick(&mut primary), [], "there is nothing to tell");
    send_write(&mut primary, 1);
    ack(&mut primary, S, 1);
    assert_eq!(ack(&mut primary, T, 1), [written(1)]);
    assert_eq!(tick(&mut primary), [], "something happened since the last tick");
    assert_eq!(tick(&mut primary), [stable(S, 1), stable(T, 1)]);
    assert_eq!(tick(&mut primary), [], "they know");
}

#[test]
fn a_write_that_tells_it_spares_the_word_and_a_new_channel_hears_it_again() {
    let mut primary = founded(&[S]);
    send_write(&mut primary, 1);
    ack(&mut primary, S, 1);
    assert_eq!(send_write(&mut primary, 2), [to(S, delta(2, 1))]);
    assert_eq!(tick(&mut primary), [], "something happened since the last tick");
    assert_eq!(
        tick(&mut primary),
        [],
        "the write said that 1 is stable, and 2 is not"
    );
    ack(&mut primary, S, 2);
    assert_eq!(tick(&mut primary), [stable(S, 2)]);
    primary.handle(Event::ServerLost { server: S });
    assert_eq!(tick(&mut primary), [], "nobody hears");
    primary.handle(Event::ServerLinked { server: S });
    hear(&mut primary, S, AckFrame::Opened { applied: Seq(2) });
    assert_eq!(tick(&mut primary), [stable(S, 2)]);
}

/// What the servers must be able to undo is bounded, in bytes too: nothing is dropped, writers wait.
#[test]
fn writers_wait_once_the_unstable_operations_reach_their_bytes_and_go_on_with_the_acknowledgement() {
    let spec = StructureSpec::linked_list(4, u16::MAX);
    let mut primary = Primary::new(NodeId(0), Door { spec, ..DOOR }, Layout::Linked);
    view(&mut primary, 1, vec![seat(S, 1, true)]);
    order(&mut primary, found(1));
    primary.handle(Event::ServerLinked { server: S });
    hear(&mut primary, S, AckFrame::Opened { applied: Seq(0) });
    send_write(&mut primary, 1);
    let send = |primary: &mut Primary, number: u64| {
        let (client, seq, group) = (ClientId(1), Seq(number), GROUP);
        let (key, value) = (number.to_be_bytes()[4..].to_vec(), vec![7; usize::from(u16::MAX)]);
        let op = Op::Insert { key, value };
        let write = Write { client, seq, op };
        ask(primary, number, RequestBody::Write { group, write }).len()
    };
    let mut last = 2;
    while send(&mut primary, last) == 1 {
        last += 1;
    }
    let operation_bytes = MAX_UNSTABLE_BYTES / (last as usize - 2);
    assert_eq!(operation_bytes >> 16, 1, "each is a little longer than its value");
    let mut waiting = primary.clone();
    assert_eq!(send(&mut waiting, last + 1), 0);
    assert_eq!(ack(&mut waiting, S, 1), [written(1)], "the first one is small");
    let freed = ack(&mut waiting, S, 2);
    assert_eq!(freed.len(), 2, "an answer, and one of those that waited");
}
