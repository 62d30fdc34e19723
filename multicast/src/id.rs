//! The names that protocol messages carry: nodes, groups, epochs, clients, sequence numbers, timestamps.
//!
//! Each is a newtype, so that an epoch is never passed where a sequence number is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty), $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

id!(
    /// A process of the cluster, by the `proc_id` of its cluster file section; unique over all roles.
    NodeId(u32), "node "
);
id!(
    /// A group (one protected structure), by its place among the sorted group names of the cluster file.
    GroupId(u16), "group #"
);
id!(
    /// The number of one membership. Only the membership store makes new ones; zero is "before any".
    Epoch(u64), "epoch "
);
id!(
    /// A sequence number; the first one of any sequence is 1, zero is "none yet".
    Seq(u64), "seq "
);
id!(
    /// A client, by a number drawn at random when it starts.
    ClientId(u64), "client "
);
id!(
    /// One life of a process, by a number drawn at random when it starts: tells a restarted process,
    /// whose memory is empty, from the one that held the same node id before.
    Incarnation(u64), "incarnation "
);

/// Nodes in a text for people: `node 1, node 2 and node 7`.
#[derive(Clone, Copy, Debug)]
pub struct NodeNames<'a>(pub &'a [NodeId]);

impl fmt::Display for NodeNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((last, before)) = self.0.split_last() else {
            return f.write_str("nobody");
        };
        for (place, node) in before.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            write!(f, "{comma}{node}")?;
        }
        let and = if before.is_empty() { "" } else { " and " };
        write!(f, "{and}{last}")
    }
}

impl Epoch {
    /// The number after this one; the largest of all stays what it is, so that none ever begins anew at zero.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Seq {
    /// The first number of every sequence.
    pub const FIRST: Self = Self(1);

    /// The number after this one; the largest of all stays what it is, so that none ever begins anew at zero.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A point in the total order: a Lamport counter, ties broken by the id of the node that proposed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp {
    /// The proposer's Lamport counter.
    pub counter: u64,
    /// The proposer.
    pub node: NodeId,
}

impl Timestamp {
    /// The largest timestamp below this one; the smallest of all has none below and stays what it is.
    pub fn just_below(self) -> Self {
        let Self { counter, node } = self;
        match (counter, node.0.checked_sub(1)) {
            (_, Some(node)) => Self {
                counter,
                node: NodeId(node),
            },
            (0, None) => self,
            (_, None) => Self {
                counter: counter - 1,
                node: NodeId(u32::MAX),
            },
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.counter, self.node.0)
    }
}

/// A multicast message: who sent it first, and the sender's number for it. Survives re-proposal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageId {
    /// The client of the multicast: the sending manager's life.
    pub sender: Incarnation,
    /// Rises by one per message of that sender.
    pub seq: Seq,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}#{}", self.sender.0, self.seq.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn just_below_is_the_neighbour_in_the_order() {
        let at = |counter, node| Timestamp {
            counter,
            node: NodeId(node),
        };
        assert_eq!(at(5, 2).just_below(), at(5, 1));
        assert_eq!(at(5, 0).just_below(), at(4, u32::MAX));
        assert_eq!(at(0, 0).just_below(), at(0, 0));
    }

    #[test]
    fn nodes_are_named_as_in_a_sentence() {
        let names = |count| NodeNames(&[NodeId(1), NodeId(2), NodeId(7)][..count]).to_string();
        assert_eq!(
            [0, 1, 2, 3].map(names),
            [
                "nobody",
                "node 1",
                "node 1 and node 2",
                "node 1, node 2 and node 7"
            ]
        );
    }

    #[test]
    fn the_largest_number_has_none_after_it() {
        assert_eq!((Seq(6).next(), Epoch(6).next()), (Seq(7), Epoch(7)));
        assert_eq!(Seq(u64::MAX).next(), Seq(u64::MAX));
        assert_eq!(Epoch(u64::MAX).next(), Epoch(u64::MAX));
    }
}
