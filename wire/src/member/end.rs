//! How a member's run comes to its end in order: it is asked to stop, or hears that it was removed from the cluster.

use std::fmt;

use multicast::id::{Epoch, NodeId};

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
}

impl MemberEnd {
    /// Says on standard error why the process ends, if whoever started it may not know.
    pub fn tell(self) {
        if let Self::Removed { .. } = self {
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
