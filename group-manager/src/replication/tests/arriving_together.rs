//! Requests that arrive together go on together.

use multicast::{
    id::{ClientId, GroupId, Incarnation, NodeId, Seq},
    skeen::message::ToMember,
};
use structures::op::{Op, Write};
use wire::message::{
    client::{Refusal, ReplyBody, RequestBody},
    replication::{Entry, Parts, ToNode},
};

use super::world::{LIMITS, World};
use crate::coordinator::{Caller, Command};

const GROUPS: [GroupId; 2] = [GroupId(0), GroupId(1)];

fn insert(seq: u64, key_bytes: usize) -> Write {
    Write {
        client: ClientId(1),
        seq: Seq(seq),
        op: Op::Insert {
            key: vec![b'k'; key_bytes],
            value: vec![],
        },
    }
}

/// Who is sent which batch.
fn proposed(command: &Command) -> Option<(NodeId, Parts)> {
    let Command::ToNode(node, ToNode::Multicast(ToMember::Propose { payload, .. })) = command else {
        return None;
    };
    Some((*node, wire::codec::decode(payload).unwrap()))
}

#[test]
fn they_share_one_round_of_each_group_and_a_refused_one_is_refused_alone() {
    let mut world = World::new(2, 0, 0);
    let nodes = [NodeId(1), NodeId(2)];
    for node in nodes {
        world.enter(node, Incarnation(1));
    }
    world.settle();
    let too_long = usize::from(LIMITS.limits.key_bytes) + 1;
    let writes = [
        (GROUPS[0], insert(1, 1)),
        (GROUPS[1], insert(2, 1)),
        (GROUPS[0], insert(3, too_long)),
        (GROUPS[0], insert(4, 2)),
    ];
    let bodies = writes
        .clone()
        .map(|(group, write)| RequestBody::Write { group, write });
    let commands = world.ask_together(bodies);
    let refused = Refusal::KeyLength {
        limit: too_long - 1,
        actual: too_long,
    };
    let caller = Caller {
        connection: 1,
        request: 3,
    };
    assert_eq!(commands[0], Command::Reply(caller, ReplyBody::Refused(refused)));
    let [first, second, _, fourth] = writes.map(|(_, write)| Entry::Write(write));
    let sent: Vec<_> = commands[1..].iter().map(proposed).collect();
    let expected = [
        Some((nodes[0], vec![(GROUPS[0], vec![first, fourth])])),
        Some((nodes[1], vec![(GROUPS[1], vec![second])])),
    ];
    assert_eq!(sent, expected);
}
