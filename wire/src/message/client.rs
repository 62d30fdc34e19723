//! What clients ask of a door (manager, primary, or a data node's read port) and what it answers.
//!
//! Requests are pipelined: each carries a number of the client's choosing, and its reply repeats it.

use multicast::id::{Epoch, GroupId, NodeId};
use serde::{Deserialize, Serialize};
use structures::{
    Structure,
    op::{Answer, Element, Write},
    query::{Found, Query},
};

use super::{
    membership::{Membership, Role},
    scrub::{ScrubWindow, Scrubbed},
};
use crate::{
    limits::{CHUNK_BYTES, MAX_READ_CHUNKS},
    traffic::TrafficTotal,
};

pub use self::{reads::Reads, refusal::Refusal, together::WriteTogether};

mod reads;
mod refusal;
pub mod together;

/// A client's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRequest {
    /// The client's number for it; unique among its unanswered requests.
    pub request: u64,
    /// What is asked.
    pub body: RequestBody,
}

/// What a client can ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestBody {
    /// Apply a write to a group.
    Write {
        /// The group.
        group: GroupId,
        /// The write.
        write: Write,
    },
    /// Read from a group, as of one moment.
    Read {
        /// The group.
        group: GroupId,
        /// What is asked of its structure.
        query: Query,
    },
    /// What this process holds and how much memory that takes.
    Sizes,
    /// The membership, as the manager has it.
    Members,
    /// The door's update latencies and traffic.
    DoorReport {
        /// Whether to start counting afresh after this report.
        reset: bool,
    },
    /// The recoveries the manager has seen, from this number on.
    Recoveries {
        /// The first one wanted, counted from 0.
        from: u64,
    },
    /// How a fused server's bytes compare with the primaries' over a window (fused servers only).
    Scrub(ScrubWindow),
    /// Apply operations to several groups at one place in the order (replication only).
    WriteTogether(WriteTogether),
    /// Read from a group at a place of its own in the order of writes: [`Reads::Ordered`].
    ReadOrdered {
        /// The group.
        group: GroupId,
        /// What is asked of its structure.
        query: Query,
    },
}

impl RequestBody {
    /// A read of the group, as `reads` says.
    pub fn read(reads: Reads, group: GroupId, query: Query) -> Self {
        match reads {
            Reads::Local => Self::Read { group, query },
            Reads::Ordered => Self::ReadOrdered { group, query },
        }
    }
}

/// A door's reply. A read of several elements is answered by several; all else by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientReply {
    /// The request's number.
    pub request: u64,
    /// The answer.
    pub body: ReplyBody,
}

/// What a door can answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplyBody {
    /// The write took effect (or was refused by the structure) at every active member.
    Written(Answer),
    /// To a query for a key: its value, if it is there.
    Value(Option<serde_bytes::ByteBuf>),
    /// To a query for one place: the element, if there is one.
    Element(Option<Element>),
    /// To a query for their number.
    Len(u64),
    /// Some elements of a read, in order.
    Elements {
        /// The next ones.
        elements: Vec<Element>,
        /// Whether they are the last.
        last: bool,
    },
    /// See [`Sizes`].
    Sizes(Sizes),
    /// See [`Membership`].
    Members(Membership),
    /// See [`DoorReport`].
    DoorReport(DoorReport),
    /// See [`RecoveryReport`].
    Recoveries(Vec<RecoveryReport>),
    /// See [`Refusal`].
    Refused(Refusal),
    /// See [`Scrubbed`].
    Scrubbed(Scrubbed),
    /// Every part took effect at every active member of its group: per part an answer to each operation.
    WrittenTogether(Vec<Vec<Answer>>),
}

/// What one process holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Which process.
    pub node: NodeId,
    /// What it does.
    pub role: Role,
    /// The epoch it is in.
    pub epoch: Epoch,
    /// Elements held (a fused server knows none: 0).
    pub elements: u64,
    /// Bytes of values: slots of a structure, parity of a fused server.
    pub payload_bytes: u64,
    /// Bytes of everything else the structure needs: keys, order, sessions, indexes, rings.
    pub auxiliary_bytes: u64,
    /// Live bytes of the process's allocator.
    pub heap_bytes: u64,
    /// Resident memory of the process.
    pub resident_bytes: u64,
    /// Bytes of all frames that the process has read since it started.
    pub received_bytes: u64,
}

/// Update latencies at a door and what its links carried meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorReport {
    /// Updates counted.
    pub updates: u64,
    /// Nanoseconds from the request's arrival to its reply: an HDR histogram, V2 format.
    #[serde(with = "serde_bytes")]
    pub latency_histogram: Vec<u8>,
    /// Frames and bytes between the door and the members since the count began.
    pub traffic: TrafficTotal,
}

/// One crash and what was done about it, as the manager saw it. Times of day are microseconds since 1970
/// by this machine's clock; durations are microseconds; `None` is "not yet" or "not part of this recovery".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryReport {
    /// Which node.
    pub node: NodeId,
    /// When its crash was suspected.
    pub detected_at_us: Option<u64>,
    /// When writes could complete again without it.
    pub removed_at_us: Option<u64>,
    /// When its next life entered.
    pub entered_at_us: Option<u64>,
    /// Fencing the old life: the view change that admits the new one, up to the start of the transfer.
    pub fence_us: Option<u64>,
    /// State transfer: first to last byte.
    pub transfer_us: Option<u64>,
    /// Arithmetic.
    pub decode_us: Option<u64>,
    /// Checks, derived indexes, and becoming active.
    pub install_us: Option<u64>,
    /// How long writers of the group were held back for the re-entry.
    pub frozen_us: Option<u64>,
    /// When it was active again.
    pub active_at_us: Option<u64>,
}

/// The replies to a query of this structure as it stands. Nothing is copied for an answer that would be too long.
pub fn query_replies(structure: &Structure, query: &Query) -> Vec<ReplyBody> {
    replies_within(structure, query, MAX_READ_CHUNKS)
}

fn replies_within(structure: &Structure, query: &Query, limit: usize) -> Vec<ReplyBody> {
    // So many at least: a chunk is not always filled.
    let chunks = structure.answer_bytes(query).div_ceil(CHUNK_BYTES as u64) as usize;
    if chunks > limit {
        return vec![ReplyBody::Refused(Refusal::ReadTooLarge { chunks, limit })];
    }
    match structure.query(query) {
        Found::Len(count) => vec![ReplyBody::Len(count)],
        Found::Value(value) => vec![ReplyBody::Value(value.map(Into::into))],
        Found::Element(element) => vec![ReplyBody::Element(element)],
        Found::Elements(elements) => chunks_within(elements, limit),
        Found::Unsupported => {
            let kind = structure.kind();
            vec![ReplyBody::Refused(Refusal::Unsupported { kind })]
        }
    }
}

/// The one reply to a query that is not [long](Query::is_long); a long one is refused, since its answer could not be
/// part of a batch's.
pub fn query_reply(structure: &Structure, query: &Query) -> ReplyBody {
    let replies = (!query.is_long()).then(|| query_replies(structure, query));
    let too_long = Refusal::ReadTooLarge {
        chunks: MAX_READ_CHUNKS,
        limit: 1,
    };
    let only = replies.and_then(|mut replies| replies.pop());
    only.unwrap_or(ReplyBody::Refused(too_long))
}

/// The replies to a read of all these elements: pieces of about [`CHUNK_BYTES`] of memory, the last one marked, at least
/// one; or a refusal if there would be more than the limit.
fn chunks_within(elements: Vec<Element>, limit: usize) -> Vec<ReplyBody> {
    let mut chunks = vec![Vec::new()];
    let mut bytes = 0;
    for element in elements {
        let element_bytes = element.bytes();
        bytes += element_bytes;
        if bytes > CHUNK_BYTES && chunks.last().is_some_and(|chunk| !chunk.is_empty()) {
            chunks.push(Vec::new());
            bytes = element_bytes;
        }
        chunks.last_mut().expect("it began with one").push(element);
    }
    let count = chunks.len();
    if count > limit {
        return vec![ReplyBody::Refused(Refusal::ReadTooLarge { chunks: count, limit })];
    }
    let reply = |(place, elements)| ReplyBody::Elements {
        elements,
        last: place + 1 == count,
    };
    chunks.into_iter().enumerate().map(reply).collect()
}

#[cfg(test)]
mod tests {
    use multicast::id::{ClientId, Seq};
    use structures::{kind::StructureSpec, op::Op};

    use structures::kind::StructureKind;

    use super::*;

    /// An element of so many bytes.
    fn element(bytes: usize) -> Element {
        let value = bytes - 1 - Element::OVERHEAD_BYTES;
        Element {
            key: vec![7],
            value: vec![7; value],
        }
    }

    fn element_chunks(elements: Vec<Element>) -> Vec<ReplyBody> {
        chunks_within(elements, MAX_READ_CHUNKS)
    }

    fn sizes(replies: &[ReplyBody]) -> Vec<(usize, bool)> {
        let size = |reply: &ReplyBody| match reply {
            ReplyBody::Elements { elements, last } => (elements.len(), *last),
            other => panic!("no elements: {other:?}"),
        };
        replies.iter().map(size).collect()
    }

    #[test]
    fn elements_come_in_chunks_and_the_last_is_marked() {
        let half = CHUNK_BYTES / 2;
        assert_eq!(sizes(&element_chunks(Vec::new())), [(0, true)]);
        assert_eq!(sizes(&element_chunks(vec![element(half); 2])), [(2, true)]);
        assert_eq!(
            sizes(&element_chunks(vec![element(half); 3])),
            [(2, false), (1, true)]
        );
        assert_eq!(
            sizes(&element_chunks(vec![element(2 * CHUNK_BYTES); 2])),
            [(1, false), (1, true)]
        );
    }

    #[test]
    fn a_read_may_fill_its_limit_of_frames_and_not_one_more() {
        let large = |count| vec![element(CHUNK_BYTES); count];
        assert_eq!(chunks_within(large(3), 3).len(), 3);
        let refused = vec![ReplyBody::Refused(Refusal::ReadTooLarge { chunks: 4, limit: 3 })];
        assert_eq!(chunks_within(large(4), 3), refused);
    }

    /// An element counts with what it takes beside its bytes: many small ones are no small answer.
    #[test]
    fn an_answer_is_measured_before_anything_of_it_is_copied() {
        for kind in [
            StructureKind::LinkedList,
            StructureKind::KeyedList,
            StructureKind::Set,
        ] {
            let spec = StructureSpec {
                kind,
                ..StructureSpec::linked_list(4, 1)
            };
            let mut structure = Structure::new(spec);
            let mut apply = |seq, op| {
                let (client, seq) = (ClientId(1), Seq(seq));
                structure.apply(&Write { client, seq, op });
            };
            apply(1, Op::OpenSession);
            let fit = CHUNK_BYTES / (Element::OVERHEAD_BYTES + 4);
            for number in 0..=fit as u32 {
                let (key, value) = (number.to_be_bytes().to_vec(), vec![]);
                apply(u64::from(number) + 2, Op::Insert { key, value });
            }
            let range = |count| Query::Range { from: 0, count };
            assert_eq!(replies_within(&structure, &range(1000), 1).len(), 1, "{kind:?}");
            let refused = vec![ReplyBody::Refused(Refusal::ReadTooLarge { chunks: 2, limit: 1 })];
            assert_eq!(replies_within(&structure, &Query::All, 1), refused, "{kind:?}");
            assert_eq!(replies_within(&structure, &Query::Len, 0).len(), 1);
        }
    }
}
