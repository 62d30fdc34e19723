//! Reads: in chunks, no more of them waiting than memory allows, and none from a life that may be over.

use structures::op::Element;
use structures::query::Query;

use super::*;
use crate::life::MAX_HELD_BYTES;

#[test]
fn a_long_read_comes_in_chunks_and_the_last_is_marked() {
    let spec = StructureSpec::linked_list(4, 40_000);
    let mut primary = Primary::new(NodeId(0), Door { spec, ..DOOR }, Layout::Linked);
    view(&mut primary, 1, vec![]);
    order(&mut primary, found(1));
    send_write(&mut primary, 1);
    let element = |number: u8| Element {
        key: vec![number],
        value: vec![number; 40_000],
    };
    for number in 2..=4 {
        let Element { key, value } = element(number as u8);
        let write = Write {
            client: ClientId(1),
            seq: Seq(number),
            op: Op::Insert { key, value },
        };
        ask(&mut primary, number, RequestBody::Write { group: GROUP, write });
    }
    let chunk = |number, last| {
        reply(
            9,
            ReplyBody::Elements {
                elements: vec![element(number)],
                last,
            },
        )
    };
    let read = ask(
        &mut primary,
        9,
        RequestBody::Read {
            group: GROUP,
            query: Query::All,
        },
    );
    assert_eq!(read, [chunk(2, false), chunk(3, false), chunk(4, true)]);
    let mut empty = founded(&[]);
    let nothing = reply(
        9,
        ReplyBody::Elements {
            elements: vec![],
            last: true,
        },
    );
    assert_eq!(
        ask(
            &mut empty,
            9,
            RequestBody::Read {
                group: GROUP,
                query: Query::All
            }
        ),
        [nothing]
    );
}

/// A read that would wait is copied: so many bytes may wait, and the read that gets there is the last.
#[test]
fn reads_wait_until_their_bytes_reach_the_limit_and_go_on_when_they_left() {
    let spec = StructureSpec::linked_list(4, u16::MAX);
    let mut primary =
        Primary::new(NodeId(0), Door { spec, ..DOOR }, Layout::Linked).with_lease(Lease::within(BELIEVED));
    view(&mut primary, 1, vec![seat(S, 1, true)]);
    order(&mut primary, found(1));
    lease(&mut primary, 0);
    let group = GROUP;
    send_write(&mut primary, 1);
    let (key, value) = (vec![2], vec![7; usize::from(u16::MAX)]);
    let op = Op::Insert { key, value };
    let (client, seq) = (ClientId(1), Seq(2));
    let write = Write { client, seq, op };
    ask(&mut primary, 2, RequestBody::Write { group, write });
    let read_bytes = Element::OVERHEAD_BYTES + 1 + usize::from(u16::MAX);
    let reads = MAX_HELD_BYTES.div_ceil(read_bytes);
    for read in 0..reads {
        assert_eq!(
            ask(
                &mut primary,
                9,
                RequestBody::Read {
                    group,
                    query: Query::All
                }
            ),
            [],
            "{read}"
        );
    }
    // Two writes wait as well.
    let limit = reads + 2;
    let overloaded = [reply(10, ReplyBody::Refused(Refusal::Overloaded { limit }))];
    assert_eq!(
        ask(
            &mut primary,
            10,
            RequestBody::Read {
                group,
                query: Query::All
            }
        ),
        overloaded
    );
    let key = vec![2];
    assert_eq!(
        ask(
            &mut primary,
            10,
            RequestBody::Read {
                group,
                query: Query::Get { key }
            }
        ),
        overloaded
    );
    primary.handle(Event::ServerLinked { server: S });
    let released = hear(&mut primary, S, AckFrame::Opened { applied: Seq(2) });
    assert_eq!(released.len(), reads + 2);
    let again = ask(
        &mut primary,
        10,
        RequestBody::Read {
            group,
            query: Query::All,
        },
    );
    assert_eq!(again.len(), 1, "nothing is held any more");
    assert_ne!(again, overloaded);
}

#[test]
fn whoever_may_have_been_replaced_without_hearing_of_it_serves_nobody() {
    let mut primary = founded(&[S]);
    let joining = || vec![seat(S, 1, true), seat(T, 2, false)];
    assert_eq!(view(&mut primary, 2, joining()), [dial(T, 0), viewed(2)]);
    primary.handle(Event::ServerLinked { server: T });
    hear(&mut primary, T, AckFrame::Opened { applied: Seq(0) });
    let read = |primary: &mut Primary| {
        let key = vec![2];
        let group = GROUP;
        ask(
            primary,
            8,
            RequestBody::Read {
                group,
                query: Query::Get { key },
            },
        )
    };
    let nothing = || vec![reply(8, ReplyBody::Value(None))];
    let asked = |round| vec![confirm(S, round), confirm(T, round)];
    let confirmed = |primary: &mut Primary, round| {
        assert_eq!(hear(primary, T, AckFrame::Confirmed { round }), []);
        hear(primary, S, AckFrame::Confirmed { round })
    };
    let cut_off = |request| {
        let reason = "the primary reaches neither the manager nor an active fused server";
        vec![unavailable(request, reason)]
    };
    assert_eq!(primary.handle(Event::ManagerLost), []);
    assert_eq!(read(&mut primary), asked(1), "an active server would fence it");
    assert_eq!(confirmed(&mut primary, 1), nothing());
    primary.handle(Event::ServerLost { server: S });
    assert_eq!(read(&mut primary), cut_off(8), "the one being rebuilt would not");
    assert_eq!(send_write(&mut primary, 1), cut_off(1));
    primary.handle(Event::ServerLinked { server: S });
    assert_eq!(
        read(&mut primary),
        cut_off(8),
        "it has not said that this life is admitted"
    );
    hear(&mut primary, S, AckFrame::Opened { applied: Seq(0) });
    assert_eq!(read(&mut primary), asked(2));
    assert_eq!(confirmed(&mut primary, 2), nothing());
    primary.handle(Event::ServerLost { server: S });
    assert_eq!(read(&mut primary), cut_off(8));
    assert_eq!(order(&mut primary, ToPrimary::Heartbeat), []);
    lease(&mut primary, 0);
    assert_eq!(read(&mut primary), nothing(), "the manager is back");
}
