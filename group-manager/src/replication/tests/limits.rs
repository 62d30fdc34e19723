//! What the door refuses, at each limit and one past it.

use multicast::id::{GroupId, Incarnation, NodeId};
use structures::op::Op;
use structures::query::Query;
use wire::message::client::{Refusal, ReplyBody, RequestBody};
use wire::message::membership::Role;
use wire::message::roster::ChangeRefused;

use super::world::{LIMITS, World};
use crate::{
    coordinator::{Caller, Command},
    limits::{MAX_ROUNDS, MAX_WAITING_WRITES},
};

const GROUP: GroupId = GroupId(0);

fn founded() -> World {
    let mut world = World::new(1, 0, 0);
    world.enter(NodeId(1), Incarnation(1));
    world.settle();
    world.write(GROUP, Op::OpenSession);
    world.settle();
    world
}

/// The refusal of the last request, or nothing if it is on its way to the node.
fn refusal(world: &World, commands: Vec<Command>) -> Option<Refusal> {
    let own = Caller {
        connection: 1,
        request: world.last_request(),
    };
    commands.into_iter().find_map(|command| match command {
        Command::Reply(caller, ReplyBody::Refused(refusal)) if caller == own => Some(refusal),
        _ => None,
    })
}

#[test]
fn keys_and_values_are_taken_up_to_their_limits_and_refused_one_past_them() {
    let (key_limit, value_limit) = (
        usize::from(LIMITS.limits.key_bytes),
        usize::from(LIMITS.limits.element_bytes),
    );
    let key_length = |actual| {
        Some(Refusal::KeyLength {
            limit: key_limit,
            actual,
        })
    };
    let too_long = Some(Refusal::ValueLength {
        limit: value_limit,
        actual: value_limit + 1,
    });
    let (key, value) = (|length| vec![b'k'; length], |length| vec![b'v'; length]);
    let cases = [
        (
            Op::Insert {
                key: key(key_limit),
                value: value(value_limit),
            },
            None,
        ),
        (
            Op::Insert {
                key: key(1),
                value: value(0),
            },
            None,
        ),
        (
            Op::Insert {
                key: key(key_limit + 1),
                value: value(0),
            },
            key_length(key_limit + 1),
        ),
        (
            Op::Insert {
                key: key(0),
                value: value(0),
            },
            key_length(0),
        ),
        (
            Op::Insert {
                key: key(1),
                value: value(value_limit + 1),
            },
            too_long.clone(),
        ),
        (
            Op::Update {
                key: key(1),
                value: value(value_limit + 1),
            },
            too_long,
        ),
        (
            Op::Update {
                key: key(1),
                value: value(value_limit),
            },
            None,
        ),
        (Op::Delete { key: key(key_limit) }, None),
        (
            Op::Delete {
                key: key(key_limit + 1),
            },
            key_length(key_limit + 1),
        ),
        (Op::Delete { key: key(0) }, key_length(0)),
    ];
    for (op, expected) in cases {
        let mut world = founded();
        let commands = world.write(GROUP, op.clone());
        assert_eq!(refusal(&world, commands), expected, "{op:?}");
    }
}

#[test]
fn an_unknown_group_is_refused_for_writes_and_reads() {
    let mut world = founded();
    let group = GroupId(1);
    let unknown = Some(Refusal::UnknownGroup { group });
    let commands = world.write(group, Op::OpenSession);
    assert_eq!(refusal(&world, commands), unknown);
    let commands = world.ask(RequestBody::Read {
        group,
        query: Query::All,
    });
    assert_eq!(refusal(&world, commands), unknown);
    let commands = world.ask(RequestBody::Sizes);
    assert_eq!(
        refusal(&world, commands),
        Some(Refusal::NotServedHere {
            role: Role::GroupManager
        })
    );
}

#[test]
fn a_door_overflows_one_write_past_its_limit_and_answers_all_it_took() {
    let mut world = founded();
    let insert = || Op::Insert {
        key: b"k".to_vec(),
        value: b"v".to_vec(),
    };
    // Each of the first rounds takes one write; what comes while they are under way waits.
    for _ in 0..MAX_ROUNDS + MAX_WAITING_WRITES {
        let commands = world.write(GROUP, insert());
        assert_eq!(refusal(&world, commands), None);
    }
    let commands = world.write(GROUP, insert());
    assert_eq!(
        refusal(&world, commands),
        Some(Refusal::Overloaded {
            limit: MAX_WAITING_WRITES
        })
    );
    world.replies.clear();
    world.settle();
    assert_eq!(world.replies.len(), MAX_ROUNDS + MAX_WAITING_WRITES);
}

#[test]
fn a_group_takes_nodes_up_to_the_limit_and_not_one_past_it() {
    let limit = *settings::REPLICATION_FAULTS.end() as usize + 1;
    let mut world = World::new(1, limit as u32 - 2, 0);
    let asked = world.change("add", &[100, 0]);
    assert_eq!(refusal(&world, asked), None);
    world.settle();
    let asked = world.change("add", &[101, 0]);
    let of = "data nodes of group #0".to_owned();
    let full = ChangeRefused::Full { limit, of };
    assert_eq!(refusal(&world, asked), Some(Refusal::Change(full)));
}
