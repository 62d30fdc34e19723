//! How a member's run comes to its end in order: it is asked to stop, or hears that it was removed from the cluster.

use std::fmt;

use multicast::id::{Epoch, NodeId};

use crate::message::entry::EntryRefused;

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberEnd {
    /// Whoever started it wanted that.
    Asked,
    /// An operator took it out of the cluster.
    Removed {
        /// Who it was.
        node: NodeId,
        /// Of the membership that says so.
        epoch: Epoch,
    },
    /// An operator gave up what it held.
    Discarded {
        /// Who it was.
        node: NodeId,
        /// Of the membership that says so.
        epoch: Epoch,
    },
}

impl MemberEnd {
    /// What this refusal of an entry ends, if it does: a process that took part in a later membership than the one that says
    /// so is told by a manager that is behind.
    pub fn by(refused: &EntryRefused, seen: Epoch) -> Option<Self> {
        match *refused {
            EntryRefused::Left { node, epoch } if epoch >= seen => Some(Self::Removed { node, epoch }),
            EntryRefused::Discarded { node, epoch } if epoch >= seen => Some(Self::Discarded { node, epoch }),
            _ => None,
        }
    }

    /// Says on standard error why the process ends, if whoever started it may not know.
    pub fn tell(self) {
        if self != Self::Asked {
            eprintln!("{self}");
        }
    }
}

impl fmt::Display for MemberEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("stopped, as it was asked to"),
            Self::Removed { node, epoch } => write!(
                f,
                "{node} was removed from the cluster (as of {epoch}), and its process ends; to take it back, add it \
                 with bench member add, and start it again"
            ),
            Self::Discarded { node, epoch } => write!(
                f,
                "what {node} held was discarded (as of {epoch}), and its process ends; started again, it begins empty"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_a_manager_that_is_behind_ends_nobody() {
        let (node, epoch) = (NodeId(2), Epoch(7));
        let left = EntryRefused::Left { node, epoch };
        let discarded = EntryRefused::Discarded { node, epoch };
        for (refused, end) in [
            (left, MemberEnd::Removed { node, epoch }),
            (discarded, MemberEnd::Discarded { node, epoch }),
        ] {
            assert_eq!(MemberEnd::by(&refused, Epoch(7)), Some(end));
            assert_eq!(MemberEnd::by(&refused, Epoch(8)), None);
        }
        assert_eq!(MemberEnd::by(&EntryRefused::IdInUse { node }, Epoch(0)), None);
    }

    #[test]
    fn who_was_removed_is_told_so_and_what_to_do() {
        let removed = MemberEnd::Removed {
            node: NodeId(2),
            epoch: Epoch(7),
        };
        assert_eq!(
            removed.to_string(),
            "node 2 was removed from the cluster (as of epoch 7), and its process ends; to take it back, add it with \
             bench member add, and start it again"
        );
    }
}
