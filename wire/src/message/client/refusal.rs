//! Why a door refuses a request: everything that a client has to be able to tell apart.

use multicast::id::{GroupId, NodeId, NodeNames};
use serde::{Deserialize, Serialize};
use structures::kind::StructureKind;

use crate::message::{fusion::BlockId, membership::Role, roster::ChangeRefused};

/// Why a door refuses. Nothing was changed by this request, but for a write that was under way when its group
/// lost its last holder: that one may have taken effect there ([`Refusal::StateLost`]); and for one that was under way
/// when another manager changed the view ([`Refusal::OutOfReach`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// The key is empty or too long.
    #[error("a key of {actual} bytes: it must have 1 to {limit}")]
    KeyLength {
        /// `key_bytes` of the cluster.
        limit: usize,
        /// What was sent.
        actual: usize,
    },
    /// The value is too long.
    #[error("a value of {actual} bytes is over the limit of {limit}")]
    ValueLength {
        /// `element_bytes` of the cluster.
        limit: usize,
        /// What was sent.
        actual: usize,
    },
    /// This door does not lead to that group.
    #[error("{group} is not known here")]
    UnknownGroup {
        /// The group asked for.
        group: GroupId,
    },
    /// The group's active members are all gone. Its state is not guessed. A write that was under way at that
    /// moment may be part of the lost state.
    #[error("the state of {group} is lost with {}", NodeNames(missing))]
    StateLost {
        /// The group.
        group: GroupId,
        /// Who held it last.
        missing: Vec<NodeId>,
    },
    /// More than f processes are gone. The state is not guessed.
    #[error("more than {tolerated} crashes; missing: {}", NodeNames(missing))]
    TooManyFaults {
        /// f.
        tolerated: usize,
        /// Who is missing.
        missing: Vec<NodeId>,
    },
    /// Not now: the cluster starts, changes its view, or recovers. Retrying is safe and useful.
    #[error("not available now: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
    /// The door's queue is full. Retrying is safe.
    #[error("the queue is full ({limit} requests wait)")]
    Overloaded {
        /// The limit.
        limit: usize,
    },
    /// The structure does not fit into one read. Ask for single keys.
    #[error("the elements fill {chunks} frames; one read may fill {limit}")]
    ReadTooLarge {
        /// Frames that it would take.
        chunks: usize,
        /// [`MAX_READ_CHUNKS`](crate::limits::MAX_READ_CHUNKS).
        limit: usize,
    },
    /// The group's structure is of a kind that has no such operation or query.
    #[error("a {kind} has no such operation")]
    Unsupported {
        /// What the group protects.
        kind: StructureKind,
    },
    /// This process does not serve that request.
    #[error("a {role} does not serve this request")]
    NotServedHere {
        /// What it is.
        role: Role,
    },
    /// No region has such blocks, or they are too many for one scrub.
    #[error("cannot compare {count} blocks from block {} of region {} on: 1 to {limit}, of a region that exists",
        first.index, first.region.0)]
    NoSuchWindow {
        /// The first block.
        first: BlockId,
        /// How many.
        count: u64,
        /// [`MAX_SCRUB_BLOCKS`](crate::message::scrub::MAX_SCRUB_BLOCKS).
        limit: u64,
    },
    /// A write of several groups addresses none, or too many.
    #[error("a write of {actual} groups together: there may be 1 to {limit}")]
    TooManyGroups {
        /// [`MAX_TOGETHER_GROUPS`](super::together::MAX_TOGETHER_GROUPS).
        limit: usize,
        /// How many it addresses.
        actual: usize,
    },
    /// A write of several groups names one of them twice.
    #[error("{group} stands twice in a write of several groups")]
    RepeatedGroup {
        /// Which.
        group: GroupId,
    },
    /// A write of several groups has too many operations, or a part without any.
    #[error(
        "{actual} operations on several groups together: there may be 1 to {limit}, and one in each part"
    )]
    TooManyOperations {
        /// [`MAX_TOGETHER_OPERATIONS`](super::together::MAX_TOGETHER_OPERATIONS).
        limit: usize,
        /// How many it has in all; 0 if a part is empty.
        actual: usize,
    },
    /// A write of several groups is too long.
    #[error("{actual} bytes of keys and values in one write of several groups: the limit is {limit}")]
    TooManyBytes {
        /// [`MAX_TOGETHER_BYTES`](super::together::MAX_TOGETHER_BYTES).
        limit: usize,
        /// How many it has.
        actual: usize,
    },
    /// This manager does not reach a node that has to vote on the request; another manager may. As after a broken
    /// connection, it is unknown whether a write took effect; sending it again with the same number applies it once.
    #[error("this manager does not reach {node}; another one may")]
    OutOfReach {
        /// Which node.
        node: NodeId,
    },
    /// A change of members is not made.
    #[error(transparent)]
    Change(#[from] ChangeRefused),
    /// The answers of the reads that wait here for the stable watermark leave no room for another one. Retrying is safe.
    #[error("reads wait here whose answers fill their limit of {limit} bytes")]
    ReadsWait {
        /// Bytes that they may fill.
        limit: u64,
    },
    /// The group was given up: nobody holds it, or its primary is about to leave with it. Whoever adds it again finds it
    /// empty.
    #[error("{group} is closed: it was removed from the cluster")]
    Closed {
        /// The group.
        group: GroupId,
    },
    /// Under a sequencer the owner of the membership alone orders requests. Asking the other managers is safe and useful,
    /// also where the request was under way when this manager lost the membership, and may have taken effect.
    #[error("the manager that orders requests is {owner}")]
    NotOwner {
        /// Which manager is.
        owner: NodeId,
    },
}
