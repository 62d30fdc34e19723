//! Commands and memberships as short lines of text. A life is written `node.life`, an epoch `@n`, a message `#n`.

use multicast::{id::NodeId, skeen::message::ToMember};
use structures::op::{Answer, Op};
use structures::query::Query;
use wire::message::{
    client::ReplyBody,
    entry::EnterReply,
    membership::{Member, Membership, Standing},
    replication::{Batch, Entry, Parts, ToNode},
};

use crate::coordinator::Command;

/// One line for a command. `stored` is what the store holds: a swap is shown by its differences.
pub(super) fn command(stored: &Membership, command: &Command) -> String {
    match command {
        Command::Answer(ticket, EnterReply::Accepted) => format!("answer {}: accepted", ticket.0),
        Command::Answer(ticket, EnterReply::Refused(refused)) => format!("answer {}: {refused}", ticket.0),
        Command::Dial {
            node, incarnation, ..
        } => format!("dial {}.{}", node.0, incarnation.0),
        Command::Unlink(node) => format!("unlink {}", node.0),
        Command::Store { expected, next } => {
            assert_eq!(*expected, stored.epoch, "swapped from what is stored");
            let changed = next
                .members
                .iter()
                .filter(|(node, member)| stored.members.get(node) != Some(member));
            let mut changes: Vec<String> = changed.map(|(node, member)| standing(*node, member)).collect();
            let founded = next
                .founded
                .iter()
                .filter(|group| !stored.founded.contains(group));
            changes.extend(founded.map(|group| format!("group {} founded", group.0)));
            let gone = stored
                .members
                .keys()
                .filter(|node| !next.members.contains_key(node));
            changes.extend(gone.map(|node| format!("{} left", node.0)));
            let lost = stored
                .founded
                .iter()
                .filter(|group| !next.founded.contains(group));
            changes.extend(lost.map(|group| format!("group {} forgotten", group.0)));
            // The first owner, and a later life of it, go without saying.
            let owner = next
                .owner
                .filter(|owner| stored.owner.is_some_and(|before| before.node != owner.node));
            changes.extend(owner.map(|owner| format!("owned by {}.{}", owner.node.0, owner.incarnation.0)));
            let changes = if changes.is_empty() {
                "as it is".to_owned()
            } else {
                changes.join(", ")
            };
            format!("store @{}: {changes}", next.epoch.0)
        }
        Command::AskToSeal(epoch) => format!("ask to seal @{}", epoch.0),
        Command::Reply(caller, body) => {
            format!("reply {}.{}: {}", caller.connection, caller.request, reply(body))
        }
        Command::ToNode(node, message) => format!("to {}: {}", node.0, to_node(message)),
        Command::ToServer(..) | Command::ToPrimary(..) => panic!("a replicated cluster has only data nodes"),
    }
}

/// Everyone's standing.
pub(super) fn members(membership: &Membership) -> String {
    let standings: Vec<String> = membership
        .members
        .iter()
        .map(|(node, member)| standing(*node, member))
        .collect();
    format!("@{}: {}", membership.epoch.0, standings.join(", "))
}

fn standing(node: NodeId, member: &Member) -> String {
    let word = match member.standing {
        Standing::Absent => "absent",
        Standing::Joining => "joining",
        Standing::Active => "active",
        Standing::Removed => "removed",
    };
    format!("{}.{} {word}", node.0, member.incarnation.0)
}

fn reply(body: &ReplyBody) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match body {
        ReplyBody::Written(answer) => format!("{:?}", answer.outcome),
        ReplyBody::WrittenTogether(parts) => {
            let part = |answers: &Vec<Answer>| {
                let outcomes: Vec<String> = answers
                    .iter()
                    .map(|answer| format!("{:?}", answer.outcome))
                    .collect();
                format!("[{}]", outcomes.join(" "))
            };
            parts.iter().map(part).collect::<Vec<_>>().join(" ")
        }
        ReplyBody::Changed { epoch } => format!("changed @{}", epoch.0),
        ReplyBody::Len(count) => count.to_string(),
        ReplyBody::Refused(refusal) => refusal.to_string(),
        ReplyBody::Value(value) => value.as_ref().map_or("no value".to_owned(), |value| text(value)),
        ReplyBody::Elements { elements, last } => {
            let elements: Vec<String> = elements
                .iter()
                .map(|e| format!("{}={}", text(&e.key), text(&e.value)))
                .collect();
            format!("[{}]{}", elements.join(" "), if *last { "" } else { " and more" })
        }
        other => panic!("no answer to what the scripts ask: {other:?}"),
    }
}

fn to_node(message: &ToNode) -> String {
    match message {
        ToNode::Multicast(message) => multicast(message),
        ToNode::Read {
            token,
            query: Query::Get { key },
        } => {
            format!("read {token}: {}", String::from_utf8_lossy(key))
        }
        ToNode::Read { token, .. } => format!("read {token}: all"),
        ToNode::SendState { transfer, to, .. } => format!("send state {transfer} to {}", to.port()),
        ToNode::AwaitState { transfer, .. } => format!("await state {transfer}"),
        ToNode::Join { .. } => "join".to_owned(),
        ToNode::Found { epoch, .. } => format!("found @{}", epoch.0),
        ToNode::Heartbeat => panic!("heartbeats are the shell's"),
    }
}

fn multicast(message: &ToMember<Batch>) -> String {
    match message {
        ToMember::Propose {
            epoch,
            id,
            payload,
            stable,
            ..
        } => {
            format!(
                "propose @{} #{} {} (stable {stable})",
                epoch.0,
                id.seq.0,
                batch(payload)
            )
        }
        ToMember::Final {
            epoch,
            id,
            timestamp,
            stable,
        } => {
            format!("final @{} #{} {timestamp} (stable {stable})", epoch.0, id.seq.0)
        }
        ToMember::Restate {
            epoch,
            id,
            payload,
            timestamp,
            ..
        } => {
            format!(
                "restate @{} #{} {timestamp} {}",
                epoch.0,
                id.seq.0,
                batch(payload)
            )
        }
        ToMember::Stable { epoch, watermark } => format!("stable @{} {watermark}", epoch.0),
        ToMember::Seal { epoch } => format!("seal @{}", epoch.0),
        ToMember::View { epoch, clock } => format!("view @{} clock {clock}", epoch.0),
        ToMember::Order {
            epoch,
            id,
            payload,
            timestamp,
            after,
            stable,
            ..
        } => format!(
            "order @{} #{} {timestamp} after {after} {} (stable {stable})",
            epoch.0,
            id.seq.0,
            batch(payload)
        ),
    }
}

/// One group's entries, or those of several with their groups.
fn batch(payload: &Batch) -> String {
    let parts: Parts = wire::codec::decode(payload).expect("our own batch");
    match parts.as_slice() {
        [(_, entries)] => part(entries),
        parts => {
            let parts = parts
                .iter()
                .map(|(group, entries)| format!("{}:{}", group.0, part(entries)));
            parts.collect::<Vec<_>>().join(" ")
        }
    }
}

fn part(entries: &[Entry]) -> String {
    format!("[{}]", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
}

fn entry(entry: &Entry) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match entry {
        Entry::Read(Query::Get { key }) => format!("{}?", text(key)),
        Entry::Read(query) => format!("{query:?}?"),
        Entry::Write(write) => match &write.op {
            Op::OpenSession => "open".to_owned(),
            Op::Insert { key, value } | Op::Update { key, value } => format!("{}={}", text(key), text(value)),
            Op::Delete { key } => format!("-{}", text(key)),
            other => format!("{other:?}"),
        },
    }
}
