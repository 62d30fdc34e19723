//! Reads: what they wait for, what they show, and when they are refused.

use super::*;
use crate::limits::OVERHEAD_BYTES;

#[test]
fn a_read_waits_until_all_that_was_delivered_before_it_is_stable() {
    let mut replica = founded();
    assert_eq!(
        replica.handle_request(CLIENT, &get("a")),
        [reply(ReplyBody::Value(None))]
    );
    round(&mut replica, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [want_stable()]);
    let token = ToNode::Read {
        token: 8,
        query: Query::Get { key: b"a".to_vec() },
    };
    assert_eq!(replica.handle_manager(MANAGER, token), [want_stable()]);
    let value = ReplyBody::Value(Some(b"v".to_vec().into()));
    let to_manager = Command::ToManager {
        to: MANAGER,
        message: FromNode::ReadReply {
            token: 8,
            reply: value,
        },
    };
    assert_eq!(
        replica.handle_manager(MANAGER, stable(1)),
        [found_value(), to_manager]
    );
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [found_value()]);
}

#[test]
fn a_read_that_waited_shows_nothing_that_was_delivered_meanwhile() {
    let mut replica = founded();
    round(&mut replica, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    assert_eq!(
        replica.handle_request(
            CLIENT,
            &RequestBody::Read {
                group: GROUP,
                query: Query::All
            }
        ),
        [want_stable()]
    );
    round(&mut replica, 2, vec![insert(3, "b")]);
    let elements = vec![Element {
        key: b"a".to_vec(),
        value: b"v".to_vec(),
    }];
    assert_eq!(
        replica.handle_manager(MANAGER, stable(1)),
        [reply(ReplyBody::Elements { elements, last: true })]
    );
}

#[test]
fn nothing_is_served_before_a_state_is_installed_and_after_await_state() {
    let mut replica = Replica::new(NODE, LIMITS);
    replica.handle_manager(MANAGER, ToNode::Heartbeat);
    assert_eq!(
        replica.handle_request(CLIENT, &get("a")),
        refused("the node holds no state yet")
    );
    assert_eq!(replica.handle_manager(MANAGER, propose(1, batch(vec![]))), []);

    let mut member = founded();
    round(&mut member, 1, vec![write(1, Op::OpenSession)]);
    assert_eq!(member.handle_request(CLIENT, &get("a")), [want_stable()]);
    let waiting = member.handle_manager(
        MANAGER,
        ToNode::AwaitState {
            epoch: Epoch(2),
            transfer: 1,
            group: GROUP,
        },
    );
    assert_eq!(waiting, refused("the node is joining its group again"));
    assert_eq!(
        member.handle_request(CLIENT, &get("a")),
        refused("the node holds no state yet")
    );
}

#[test]
fn reads_are_refused_while_no_manager_is_in_touch() {
    let mut replica = founded();
    round(&mut replica, 1, vec![write(1, Op::OpenSession)]);
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [want_stable()]);
    assert_eq!(replica.handle_manager_lost(), refused("no manager is in touch"));
    assert_eq!(
        replica.handle_request(CLIENT, &get("a")),
        refused("no manager is in touch")
    );
    replica.handle_manager(MANAGER, ToNode::Heartbeat);
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [want_stable()]);
}

#[test]
fn reads_of_other_groups_and_other_requests_are_refused() {
    let mut replica = founded();
    let group = GroupId(9);
    let unknown = reply(ReplyBody::Refused(Refusal::UnknownGroup { group }));
    assert_eq!(
        replica.handle_request(
            CLIENT,
            &RequestBody::Read {
                group,
                query: Query::All
            }
        ),
        [unknown]
    );
    let not_here = reply(ReplyBody::Refused(Refusal::NotServedHere {
        role: Role::DataNode,
    }));
    let write = RequestBody::Write {
        group: GROUP,
        write: insert(1, "a"),
    };
    assert_eq!(replica.handle_request(CLIENT, &write), [not_here]);
}

#[test]
fn answers_that_wait_fill_their_limit_and_not_one_byte_more() {
    let most = OVERHEAD_BYTES + 8 + 16;
    let mut replica = founded();
    replica.waiting.limit = 2 * most;
    round(&mut replica, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    for _ in 0..2 {
        assert_eq!(replica.handle_request(CLIENT, &get("a")), [want_stable()]);
    }
    let limit = 2 * most;
    let refused = reply(ReplyBody::Refused(Refusal::ReadsWait { limit }));
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [refused]);
    assert_eq!(
        replica.handle_manager(MANAGER, stable(1)),
        [found_value(), found_value()]
    );
    round(&mut replica, 2, vec![insert(3, "b")]);
    replica.waiting.limit = most - 1;
    let limit = most - 1;
    let refused = reply(ReplyBody::Refused(Refusal::ReadsWait { limit }));
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [refused]);
    replica.waiting.limit = most;
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [want_stable()]);
}
