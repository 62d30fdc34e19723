//! Who belongs to the cluster: what an operator asks of a running one, and why it may say no.
//!
//! ```text
//! operator -> manager  Change(Add | Remove)        manager -> operator  Changed{epoch} | Refused(Change)
//! ```
//!
//! A change is answered once the membership that contains it is stored; only the manager that owns the membership
//! takes one. Invariants: a stored membership names everyone, so a cluster file counts only before the first is stored;
//! whoever was removed enters again only after it was added again.

use std::net::SocketAddr;

use multicast::id::{GroupId, NodeId};
use serde::{Deserialize, Serialize};

use super::membership::Role;

/// What an operator asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// One more process; it counts once it has entered and holds its state.
    Add(NewMember),
    /// One process less, whether it lives or not. It is told, and ends.
    Remove {
        /// Its id.
        node: NodeId,
        /// Whether it may take data with it that nobody else holds.
        discard: bool,
        /// With how few further crashes to be survived the cluster may be left, if that is fewer than now.
        tolerating: Option<u32>,
    },
}

/// A process that is to belong to the cluster, as its cluster file describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMember {
    /// Its id, which no process of the cluster has.
    pub node: NodeId,
    /// What it will do.
    pub role: Role,
    /// The name of the group it will hold; none for fused servers. A name that is new to the cluster founds a group.
    pub group: Option<String>,
    /// Where it will listen, as far as that is known before it starts: not a port of 0.
    pub listens: Vec<SocketAddr>,
}

/// Why a change is not made. Nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ChangeRefused {
    /// Another manager owns the membership: ask that one.
    #[error("manager {owner} owns the membership")]
    NotOwner {
        /// That manager.
        owner: NodeId,
    },
    /// Nobody has this id.
    #[error("the cluster has no process with id {node}")]
    UnknownNode {
        /// The id.
        node: NodeId,
    },
    /// Somebody has this id.
    #[error("{node} belongs to the cluster already, as a {role}")]
    IdInUse {
        /// The id.
        node: NodeId,
        /// What it does there.
        role: Role,
    },
    /// The cluster's mechanism has no such processes, or its file alone says who they are.
    #[error("a {role} can neither be added to this cluster nor removed from it while it runs")]
    WrongRole {
        /// What was to be changed.
        role: Role,
    },
    /// No group is named where one must be.
    #[error("a {role} holds a group, and none is named")]
    NoGroup {
        /// What was to be added.
        role: Role,
    },
    /// The name is none that a group may have.
    #[error("{name:?} is no name of a group: 1 to {limit} letters, digits, `_` and `-`")]
    GroupName {
        /// The name.
        name: String,
        /// Its most bytes.
        limit: usize,
    },
    /// The group has a primary, and can have no other.
    #[error("group {name} has a primary, {by}")]
    GroupInUse {
        /// The group's name.
        name: String,
        /// Its primary.
        by: NodeId,
    },
    /// Another member listens there.
    #[error("{by} listens at {address} already")]
    AddressInUse {
        /// Where.
        address: SocketAddr,
        /// Who.
        by: NodeId,
    },
    /// There are as many members as there can be.
    #[error("there may be at most {limit} {of}")]
    Full {
        /// The most.
        limit: usize,
        /// Of what, in words.
        of: String,
    },
    /// Without it nobody would be left who holds the group.
    #[error("{node} is the last that holds {group}")]
    LastHolder {
        /// Who was to go.
        node: NodeId,
        /// The group.
        group: GroupId,
    },
    /// It alone can bring back what nobody else holds; only with the word to discard that may it go.
    #[error("what {node} holds nobody else has; it goes only together with its data (--discard)")]
    WouldLoseState {
        /// Who was to go.
        node: NodeId,
    },
    /// It is about to leave already.
    #[error("{node} is about to leave the cluster")]
    Leaving {
        /// Who.
        node: NodeId,
    },
    /// Fewer crashes would be survived than now; that is to be said in so many words.
    #[error("{left} more crashes would be survived, {now} are now; if that is meant: --tolerating {left}")]
    WouldTolerateFewer {
        /// How many crashes lose nothing now.
        now: u32,
        /// How many would.
        left: u32,
    },
    /// `min_backups` asks for more than would be left.
    #[error("{left} active backups would be left, and min_backups is {min_backups}")]
    TooFewBackups {
        /// How many.
        left: usize,
        /// The cluster's.
        min_backups: usize,
    },
}
