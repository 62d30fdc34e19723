//! What one life of a fused server was told over its link, and what it said.

use std::collections::{BTreeMap, BTreeSet};

use multicast::id::{Epoch, NodeId};

use crate::coordinator::Micros;

/// The manager's side of the talk with one life of a fused server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerDesk {
    /// The rebuild that was ordered last.
    pub(super) rebuild: Epoch,
    /// When it was ordered.
    pub(super) rebuild_at: Micros,
    /// The rebuild broke; another may be ordered from then on.
    pub(super) broken: Option<Micros>,
    /// The primaries that say the ordered rebuild is complete as far as they are concerned.
    pub(super) caught_up: BTreeSet<NodeId>,
    /// When the last of them said so.
    pub(super) caught_up_at: Micros,
    /// The epoch of each primary that the server was told to admit.
    pub(super) admits: BTreeMap<NodeId, Epoch>,
    /// The epoch of each primary that it says it admitted.
    pub(super) admitted: BTreeMap<NodeId, Epoch>,
    /// The epoch with which each primary was fenced.
    pub(super) fences: BTreeMap<NodeId, Epoch>,
}

impl ServerDesk {
    /// A rebuild is ordered: what was said of an earlier one is void.
    pub(super) fn order_rebuild(&mut self, epoch: Epoch, now: Micros) {
        *self = Self {
            rebuild: epoch,
            rebuild_at: now,
            ..Self::default()
        };
    }
}
