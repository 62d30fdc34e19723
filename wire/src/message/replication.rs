//! Between the manager and a data node, and between a donor and a joining data node.

use std::net::SocketAddr;

use bytes::Bytes;
use multicast::{
    id::{Epoch, GroupId, Incarnation, NodeId},
    skeen::{
        message::{FromMember, ToMember},
        snapshot::Snapshot,
    },
};
use serde::{Deserialize, Serialize};
use structures::{
    delta::{REGIONS, RegionId},
    op::{Answer, Write},
    query::Query,
};

use super::client::ReplyBody;

/// The payload of one multicast message: several clients' requests ([`Parts`]), encoded once for all members.
pub type Batch = Bytes;

/// What a batch holds: per addressed group, ascending, what its members carry out, in order. Members of every
/// addressed group get all of it, since any of them may be the one that a view change learns the message from.
pub type Parts = Vec<(GroupId, Vec<Entry>)>;

/// One thing to carry out when its batch is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// Apply a write.
    Write(Write),
    /// Answer a query that is not [long](Query::is_long), and change nothing.
    Read(Query),
}

/// What delivering a batch gives at one group's member: one answer per entry of the group's part, in order.
pub type Answers = Vec<EntryAnswer>;

/// The answer to one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryAnswer {
    /// To a write.
    Written(Answer),
    /// To a query; it is rare beside writes, and larger.
    Found(Box<ReplyBody>),
}

/// Manager to data node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToNode {
    /// The atomic multicast.
    Multicast(ToMember<Batch>),
    /// A client's read, passed on.
    Read {
        /// The manager's number for it.
        token: u64,
        /// What is asked.
        query: Query,
    },
    /// Send your state to that joiner. A node of another epoch refuses: its sender does not know the view, for it has
    /// slept through another one's taking over.
    SendState {
        /// The epoch of the view that the joiner enters, or entered.
        epoch: Epoch,
        /// Which transfer.
        transfer: u64,
        /// Where the joiner listens for peers.
        to: SocketAddr,
    },
    /// Take your state from the donor that will call for this transfer. Whoever was not told to join forgets what it held;
    /// whoever joined and holds a state by now says so. An outdated one changes nothing, as of `Join`.
    AwaitState {
        /// The epoch of the view in force.
        epoch: Epoch,
        /// Which transfer.
        transfer: u64,
        /// The number of the node's group.
        group: GroupId,
    },
    /// Vote and hold messages from the next view on, without a state; a transfer will bring it. Said once for each view
    /// that lets the node in: what it held before is forgotten. Of a node that is in that view's epoch already, or in a
    /// later one, it changes nothing: its sender has slept through another one's taking over.
    Join {
        /// The view's epoch.
        epoch: Epoch,
        /// The number of the node's group.
        group: GroupId,
    },
    /// Begin with an empty structure: you are the first member of the group, of all or since its data was discarded.
    Found {
        /// When it was founded: what the receiver holds of earlier epochs was discarded, what is later it keeps.
        epoch: Epoch,
        /// The number of the node's group.
        group: GroupId,
    },
    /// Nothing new, but alive.
    Heartbeat,
}

/// Data node to manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromNode {
    /// The atomic multicast.
    Multicast(FromMember<Batch, Answers>),
    /// Part of the answer to a read, or all of it.
    ReadReply {
        /// The manager's number.
        token: u64,
        /// The answer.
        reply: ReplyBody,
    },
    /// The state arrived, was checked and installed.
    CaughtUp {
        /// Which transfer.
        transfer: u64,
        /// First to last byte, microseconds.
        transfer_us: u64,
        /// Checks and derived indexes, microseconds.
        install_us: u64,
    },
    /// The transfer failed at this end (donor or joiner).
    TransferFailed {
        /// Which transfer.
        transfer: u64,
        /// Why.
        reason: String,
    },
    /// Nothing new, but alive.
    Heartbeat,
    /// The link to a manager ended, which has messages here that it is to finish, or to call stable. They stand before
    /// everybody's until it is back, or whoever owns the membership makes another view.
    KeeperLost {
        /// The member's epoch.
        epoch: Epoch,
        /// The manager's life.
        keeper: Incarnation,
    },
    /// It called again.
    KeeperBack {
        /// The member's epoch.
        epoch: Epoch,
        /// The manager's life.
        keeper: Incarnation,
    },
}

/// Donor to joiner: `Begin`, chunks, `End`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateFrame {
    /// What comes.
    Begin {
        /// Which transfer.
        transfer: u64,
        /// Who sends.
        donor: NodeId,
        /// Which messages the state includes.
        snapshot: Snapshot<Batch>,
        /// Bytes of each region.
        lengths: [u64; REGIONS],
    },
    /// The next bytes of a region; regions come in order, each from its start.
    Chunk {
        /// Which region.
        region: RegionId,
        /// Its next bytes.
        bytes: Bytes,
    },
    /// That was all.
    End,
}
