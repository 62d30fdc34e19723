//! Between the manager and data nodes, and between a donor and a joiner.

use multicast::skeen::{
    message::{FromMember, Held, Standing, ToMember},
    snapshot::{Recent, Snapshot},
};
use structures::op::{Answer, Op, Outcome, Write};
use structures::query::Query;

use super::{Fields, Kind, structure, variants};
use crate::message::{
    client::ReplyBody,
    replication::{Answers, Batch, Entry, EntryAnswer, FromNode, StateFrame, ToNode},
};

pub(super) fn kinds(f: &Fields) -> Vec<Kind> {
    vec![
        variants("ToNode", to_node(f)),
        variants("ToMember", to_member(f)),
        variants("FromNode", from_node(f)),
        variants("FromMember", from_member(f)),
        variants("Standing (of a message)", standings(f)),
        variants("StateFrame", state_frames(f)),
        variants("Entry", entries(f)),
        variants(
            "EntryAnswer",
            vec![EntryAnswer::Written(Outcome::Deleted.into()), found(f)],
        ),
        structure("Write", write(f, Op::OpenSession)),
        variants("Op", ops(f)),
        variants("Outcome", outcomes()),
        structure("Answer", Answer::removed(f.bytes.clone())),
        variants("Query", queries(f)),
    ]
}

fn to_node(f: &Fields) -> Vec<ToNode> {
    vec![
        ToNode::Multicast(ToMember::Seal { epoch: f.epoch() }),
        ToNode::Read {
            token: f.long,
            query: Query::All,
        },
        ToNode::SendState {
            epoch: f.epoch(),
            transfer: f.long,
            to: f.address,
        },
        ToNode::AwaitState {
            epoch: f.epoch(),
            transfer: f.long,
            group: f.group(),
        },
        ToNode::Join {
            epoch: f.epoch(),
            group: f.group(),
        },
        ToNode::Found {
            epoch: f.epoch(),
            group: f.group(),
        },
        ToNode::Heartbeat,
    ]
}

fn to_member(f: &Fields) -> Vec<ToMember<Batch>> {
    let (epoch, id, groups) = (f.epoch(), f.message_id(), vec![f.group(); 2]);
    vec![
        ToMember::Propose {
            epoch,
            id,
            groups: groups.clone(),
            payload: f.blob(),
            stable: f.timestamp(),
        },
        ToMember::Final {
            epoch,
            id,
            timestamp: f.timestamp(),
            stable: f.timestamp(),
        },
        ToMember::Restate {
            epoch,
            id,
            groups: groups.clone(),
            payload: f.blob(),
            timestamp: f.timestamp(),
        },
        ToMember::Stable {
            epoch,
            watermark: f.timestamp(),
        },
        ToMember::Seal { epoch },
        ToMember::View {
            epoch,
            clock: f.other_long,
        },
        ToMember::Order {
            epoch,
            id,
            groups,
            payload: f.blob(),
            timestamp: f.timestamp(),
            after: f.timestamp(),
            stable: f.timestamp(),
        },
    ]
}

fn from_node(f: &Fields) -> Vec<FromNode> {
    vec![
        FromNode::Multicast(FromMember::WantStable { epoch: f.epoch() }),
        FromNode::ReadReply {
            token: f.long,
            reply: ReplyBody::Written(Outcome::Inserted.into()),
        },
        FromNode::CaughtUp {
            transfer: f.long,
            transfer_us: f.other_long,
            install_us: f.long,
        },
        FromNode::TransferFailed {
            transfer: f.long,
            reason: f.text.clone(),
        },
        FromNode::Heartbeat,
        FromNode::KeeperLost {
            epoch: f.epoch(),
            keeper: f.incarnation(),
        },
        FromNode::KeeperBack {
            epoch: f.epoch(),
            keeper: f.incarnation(),
        },
    ]
}

fn from_member(f: &Fields) -> Vec<FromMember<Batch, Answers>> {
    let (epoch, id, timestamp) = (f.epoch(), f.message_id(), f.timestamp());
    let held = |standing| Held {
        id,
        groups: vec![f.group()],
        payload: f.blob(),
        standing,
    };
    vec![
        FromMember::Proposal {
            epoch,
            id,
            timestamp,
            is_final: f.flag,
        },
        FromMember::Delivered {
            epoch,
            id,
            timestamp,
            result: answers(f),
        },
        FromMember::Sealed {
            epoch,
            clock: f.other_long,
            delivered: timestamp,
            held: standings(f).into_iter().map(held).collect(),
        },
        FromMember::WrongEpoch {
            offered: epoch,
            own: epoch,
        },
        FromMember::Unknown { epoch, id },
        FromMember::WantStable { epoch },
        FromMember::Holding { epoch, id },
        FromMember::InView { epoch },
    ]
}

fn standings(f: &Fields) -> Vec<Standing> {
    vec![
        Standing::Tentative(f.timestamp()),
        Standing::Final(f.timestamp()),
        Standing::Delivered(f.timestamp()),
    ]
}

fn recent(f: &Fields) -> Recent<Batch> {
    Recent {
        id: f.message_id(),
        groups: vec![f.group(); 2],
        payload: f.blob(),
        timestamp: f.timestamp(),
        keeper: f.incarnation(),
    }
}

fn state_frames(f: &Fields) -> Vec<StateFrame> {
    vec![
        StateFrame::Begin {
            transfer: f.long,
            donor: f.node(),
            snapshot: Snapshot {
                epoch: f.epoch(),
                watermark: f.timestamp(),
                clock: f.other_long,
                recent: vec![recent(f)],
            },
            lengths: f.lengths(),
        },
        StateFrame::Chunk {
            region: f.region(),
            bytes: f.blob(),
        },
        StateFrame::End,
    ]
}

pub(super) fn write(f: &Fields, op: Op) -> Write {
    Write {
        client: f.client(),
        seq: f.seq(),
        op,
    }
}

fn ops(f: &Fields) -> Vec<Op> {
    let (key, value) = (f.bytes.clone(), vec![f.byte; 2]);
    vec![
        Op::OpenSession,
        Op::Insert {
            key: key.clone(),
            value: value.clone(),
        },
        Op::Update {
            key: key.clone(),
            value: value.clone(),
        },
        Op::Delete { key: key.clone() },
        Op::Remove { key },
        Op::PushFront { value: value.clone() },
        Op::PushBack { value: value.clone() },
        Op::PopFront,
        Op::PopBack,
        Op::InsertAt {
            index: f.long,
            value: value.clone(),
        },
        Op::SetAt {
            index: f.long,
            value: value.clone(),
        },
        Op::RemoveAt { index: f.long },
        Op::PushRanked {
            priority: f.other_long,
            value,
        },
    ]
}

fn queries(f: &Fields) -> Vec<Query> {
    vec![
        Query::Len,
        Query::All,
        Query::Get { key: f.bytes.clone() },
        Query::At { index: f.long },
        Query::Last,
        Query::Range {
            from: f.long,
            count: f.other_long,
        },
        Query::FromKey {
            key: f.bytes.clone(),
            after: f.flag,
            count: f.long,
        },
    ]
}

fn answers(f: &Fields) -> Answers {
    vec![
        EntryAnswer::Written(Outcome::Inserted.into()),
        EntryAnswer::Written(Answer::removed(f.bytes.clone())),
        found(f),
    ]
}

fn entries(f: &Fields) -> Vec<Entry> {
    vec![Entry::Write(write(f, Op::PopFront)), Entry::Read(Query::Len)]
}

fn found(f: &Fields) -> EntryAnswer {
    EntryAnswer::Found(Box::new(ReplyBody::Len(f.long)))
}

fn outcomes() -> Vec<Outcome> {
    (0..=u8::MAX).filter_map(Outcome::from_byte).collect()
}
