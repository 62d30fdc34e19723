//! Who is who in a fused cluster, as the others must see it.

use std::net::SocketAddr;

use multicast::id::{Epoch, GroupId, Incarnation, NodeId, Seq};
use serde::{Deserialize, Serialize};

/// A fused server as a primary must see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSeat {
    /// Which.
    pub node: NodeId,
    /// Which life of it.
    pub incarnation: Incarnation,
    /// The epoch in which its (re)build was ordered: a change means an empty memory, to be sent the image.
    pub rebuild: Epoch,
    /// Its row of the code.
    pub row: u8,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it holds all primaries; if not, it is being rebuilt and does not count towards f.
    pub active: bool,
}

/// A primary as a fused server must see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimarySeat {
    /// Which.
    pub node: NodeId,
    /// Its column of the code.
    pub column: u8,
    /// The epoch its deltas carry; those of a smaller one are refused.
    pub since: Epoch,
    /// When its group was founded last: what is held of an earlier one is not this primary's.
    pub began: Epoch,
}

/// A group from its founding on, until its data is discarded: what a primary is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLife {
    /// The group's number in the running cluster.
    pub group: GroupId,
    /// When it was founded: whatever a process holds of an earlier epoch was discarded.
    pub began: Epoch,
}

/// One crashed primary of a recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Which.
    pub primary: NodeId,
    /// Its column of the code.
    pub column: u8,
    /// The last operation that survives: the smallest applied one over the live fused servers.
    pub cut: Seq,
    /// Where its replacement listens, if one has entered; the others' part is in the sum all the same.
    pub replacement: Option<SocketAddr>,
}
