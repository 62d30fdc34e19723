//! What clients ask of a door (manager, primary, or a data node's read port) and what it answers.
//!
//! Requests are pipelined: each carries a number of the client's choosing, and its reply repeats it.

use multicast::id::{Epoch, GroupId, NodeId};
use serde::{Deserialize, Serialize};
use structures::{
    op::{Answer, Element, Write},
    query::Query,
};

use super::{
    membership::{Membership, Role},
    roster::Change,
    scrub::{ScrubWindow, Scrubbed},
};
use crate::traffic::TrafficTotal;

pub use self::{
    found::{query_replies, query_reply},
    reads::Reads,
    refusal::Refusal,
    together::WriteTogether,
};

mod found;
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
    /// Change who belongs to the cluster (managers only).
    Change(Change),
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
    Members(Box<Membership>),
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
    /// The change of members is part of the stored membership.
    Changed {
        /// Of that one.
        epoch: Epoch,
    },
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
