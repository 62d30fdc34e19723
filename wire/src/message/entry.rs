//! How a process gets in: it tells the manager where it listens, and the manager dials back.
//!
//! ```text
//! process -> manager   Enter                  (a connection of its own, closed after the answer)
//! manager -> process   EnterReply
//! manager -> process   a kept connection for purpose Manager, over which all else goes
//! ```

use multicast::id::{Epoch, Incarnation, NodeId, NodeNames};
use serde::{Deserialize, Serialize};

use super::membership::{Addresses, Role};

/// "Here I am." Sent again, with pauses, whenever no manager is connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enter {
    /// Which node of the cluster file.
    pub node: NodeId,
    /// Which life of it.
    pub incarnation: Incarnation,
    /// What it does.
    pub role: Role,
    /// Where it listens. An unspecified host (`0.0.0.0`, `::`) stands for the host it calls from.
    pub addresses: Addresses,
}

/// The manager's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnterReply {
    /// Expect the manager's call.
    Accepted,
    /// Not now, or never; the words are for the log.
    Refused(EntryRefused),
}

/// Why a process may not enter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum EntryRefused {
    /// Another live process has this id. Retrying helps only once that one is gone.
    #[error("{node} is in use by another live process")]
    IdInUse {
        /// The id.
        node: NodeId,
    },
    /// The cluster has no such process.
    #[error("the cluster has no {role} with id {node}")]
    UnknownNode {
        /// The id.
        node: NodeId,
        /// What it claims to be.
        role: Role,
    },
    /// The group had data and nobody left that holds it; an empty process may not take its place.
    #[error(
        "the state is lost with {}; only a process that still holds it can bring it back",
        NodeNames(missing)
    )]
    StateLost {
        /// Who held it last.
        missing: Vec<NodeId>,
    },
    /// More than f processes are gone.
    #[error("more than {tolerated} crashes; missing: {}", NodeNames(missing))]
    TooManyFaults {
        /// f.
        tolerated: usize,
        /// Who is missing.
        missing: Vec<NodeId>,
    },
    /// Another manager owns the membership, and it alone lets processes in.
    #[error("manager {owner} owns the membership")]
    NotOwner {
        /// That manager.
        owner: NodeId,
    },
    /// It was removed from the cluster on purpose. A process that hears this ends.
    #[error("{node} was removed from the cluster; it enters again only after it was added again")]
    Left {
        /// The id.
        node: NodeId,
        /// Of the membership that says so. A process that took part in a later one is told by a manager that is behind.
        epoch: Epoch,
    },
    /// What this very life holds was discarded, and its group may have begun anew. A process that hears this ends.
    #[error("what this life of {node} holds was discarded; another life of it may enter")]
    Discarded {
        /// The id.
        node: NodeId,
        /// Of the membership that says so.
        epoch: Epoch,
    },
    /// A view change or recovery is under way; try again.
    #[error("busy: {reason}")]
    Busy {
        /// With what.
        reason: String,
    },
}
