//! What was asked, as it is written: the operation's name and the fields that it has.

use multicast::id::GroupId;
use serde::{Deserialize, Serialize};
use structures::{op::Op, query::Query};

use super::{LineError, bytes::Hex};
use crate::history::operation::{Asked, Part};

/// One operation; which of the fields it has follows from `op`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Operation {
    group: u16,
    op: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    after: bool,
}

impl From<&Part> for Operation {
    fn from(part: &Part) -> Self {
        let mut written = Self {
            group: part.group.0,
            op: name(&part.asked).to_owned(),
            key: part.asked.key().map(Hex::from),
            ..Self::default()
        };
        match &part.asked {
            Asked::Write(op) => {
                written.value = op.value().map(Hex::from);
                match op {
                    Op::InsertAt { index, .. } | Op::SetAt { index, .. } | Op::RemoveAt { index } => {
                        written.index = Some(*index);
                    }
                    Op::PushRanked { priority, .. } => written.priority = Some(*priority),
                    _ => {}
                }
            }
            Asked::Read(Query::At { index }) => written.index = Some(*index),
            Asked::Read(Query::Range { from, count }) => {
                (written.index, written.count) = (Some(*from), Some(*count));
            }
            Asked::Read(Query::FromKey { after, count, .. }) => {
                (written.after, written.count) = (*after, Some(*count));
            }
            Asked::Read(_) => {}
        }
        written
    }
}

/// The operation's name in a file and in messages.
pub(in crate::history) fn name(asked: &Asked) -> &'static str {
    match asked {
        Asked::Write(op) => match op {
            Op::OpenSession => "open-session",
            Op::Insert { .. } => "insert",
            Op::Update { .. } => "update",
            Op::Delete { .. } => "delete",
            Op::Remove { .. } => "remove",
            Op::PushFront { .. } => "push-front",
            Op::PushBack { .. } => "push-back",
            Op::PopFront => "pop-front",
            Op::PopBack => "pop-back",
            Op::InsertAt { .. } => "insert-at",
            Op::SetAt { .. } => "set-at",
            Op::RemoveAt { .. } => "remove-at",
            Op::PushRanked { .. } => "push-ranked",
        },
        Asked::Read(query) => match query {
            Query::Len => "len",
            Query::All => "all",
            Query::Get { .. } => "get",
            Query::At { .. } => "at",
            Query::Last => "last",
            Query::Range { .. } => "range",
            Query::FromKey { .. } => "from-key",
        },
    }
}

impl TryFrom<Operation> for Part {
    type Error = LineError;

    fn try_from(written: Operation) -> Result<Self, LineError> {
        let group = GroupId(written.group);
        let op = written.op.clone();
        let asked = asked(written).ok_or(LineError::Operation { op })?;
        Ok(Self { group, asked })
    }
}

fn asked(written: Operation) -> Option<Asked> {
    let Operation {
        key,
        value,
        index,
        priority,
        count,
        after,
        ..
    } = written;
    let (key, value) = (key.map(Vec::from), value.map(Vec::from));
    let op = match written.op.as_str() {
        "insert" => Op::Insert {
            key: key?,
            value: value?,
        },
        "update" => Op::Update {
            key: key?,
            value: value?,
        },
        "delete" => Op::Delete { key: key? },
        "remove" => Op::Remove { key: key? },
        "push-front" => Op::PushFront { value: value? },
        "push-back" => Op::PushBack { value: value? },
        "pop-front" => Op::PopFront,
        "pop-back" => Op::PopBack,
        "insert-at" => Op::InsertAt {
            index: index?,
            value: value?,
        },
        "set-at" => Op::SetAt {
            index: index?,
            value: value?,
        },
        "remove-at" => Op::RemoveAt { index: index? },
        "push-ranked" => Op::PushRanked {
            priority: priority?,
            value: value?,
        },
        "len" => return Some(Asked::Read(Query::Len)),
        "all" => return Some(Asked::Read(Query::All)),
        "get" => return Some(Asked::Read(Query::Get { key: key? })),
        "at" => return Some(Asked::Read(Query::At { index: index? })),
        "last" => return Some(Asked::Read(Query::Last)),
        "range" => {
            return Some(Asked::Read(Query::Range {
                from: index?,
                count: count?,
            }));
        }
        "from-key" => {
            return Some(Asked::Read(Query::FromKey {
                key: key?,
                after,
                count: count?,
            }));
        }
        _ => return None,
    };
    Some(Asked::Write(op))
}
