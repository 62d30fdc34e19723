//! Why a collection could not be opened.

use std::io;

use multicast::id::NodeId;
use settings::{Endpoint, Mechanism};
use structures::kind::StructureKind;
use wire::{client::ClientError, message::membership::Role};

use crate::Error;

/// Why a collection could not be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The cluster protects another structure.
    #[error(
        "a {collection} is kept in a {}; the cluster's structure is {found}",
        names(wanted)
    )]
    WrongKind {
        /// What was to be opened.
        collection: &'static str,
        /// The structures that it can be kept in.
        wanted: &'static [StructureKind],
        /// The cluster file's `structure`.
        found: StructureKind,
    },
    /// The cluster's groups are kept alive in another way.
    #[error("the cluster's mechanism is {found}, not {}", names(wanted))]
    WrongMechanism {
        /// What the collection's type stands for.
        wanted: &'static [Mechanism],
        /// The cluster's.
        found: Mechanism,
    },
    /// The cluster has no group of this name.
    #[error("the cluster has no group `{name}`: it has {}", there.join(", "))]
    NoSuchGroup {
        /// The name asked for.
        name: String,
        /// Those there are.
        there: Vec<String>,
    },
    /// No manager could be reached.
    #[error("no manager at {manager}: {source}")]
    NoManager {
        /// Where it should be.
        manager: Endpoint,
        /// The last attempt's error.
        source: ClientError,
    },
    /// The address of the group's primary cannot be listened on.
    #[error("cannot listen on {endpoint}: {source}")]
    Listen {
        /// As the cluster file has it.
        endpoint: Endpoint,
        /// The operating system's error.
        source: io::Error,
    },
    /// Another live process hosts the group's primary.
    #[error("{node}, the primary of group `{group}`, is hosted by another live process")]
    HostedElsewhere {
        /// The primary.
        node: NodeId,
        /// Its group.
        group: String,
    },
    /// The manager's cluster file knows no such process.
    #[error("the manager's cluster file has no {role} with id {node}")]
    UnknownNode {
        /// The id.
        node: NodeId,
        /// What it was to be.
        role: Role,
    },
    /// The group does not serve.
    #[error("the group does not serve: {0}")]
    NotServing(#[from] Error),
}

fn names<T: ToString>(all: &[T]) -> String {
    let names: Vec<_> = all.iter().map(T::to_string).collect();
    names.join(" or ")
}
