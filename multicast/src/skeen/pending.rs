//! One message on its way, as its sender sees it.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{GroupId, NodeId, Timestamp};

/// From the first `Propose` to the last `Delivered`.
#[derive(Clone, Debug)]
pub(super) struct Pending<P, R> {
    /// Destinations, ascending.
    pub(super) groups: Vec<GroupId>,
    pub(super) payload: P,
    /// The offers of this epoch.
    pub(super) proposals: BTreeMap<NodeId, Timestamp>,
    /// The largest offer, once all are in (or once anybody is found to know it).
    pub(super) final_timestamp: Option<Timestamp>,
    pub(super) delivered: BTreeSet<NodeId>,
    /// What members reported on delivery. A member that leaves the view takes its result with it: it may have
    /// delivered in an order that the others never see.
    pub(super) results: BTreeMap<NodeId, R>,
}

impl<P, R> Pending<P, R> {
    pub(super) fn new(groups: Vec<GroupId>, payload: P) -> Self {
        Self {
            groups,
            payload,
            proposals: BTreeMap::new(),
            final_timestamp: None,
            delivered: BTreeSet::new(),
            results: BTreeMap::new(),
        }
    }

    /// The largest proposal, if every member of every addressed group has answered.
    pub(super) fn largest_of_all(&self, members: &BTreeSet<NodeId>) -> Option<Timestamp> {
        let all = members.iter().all(|member| self.proposals.contains_key(member));
        all.then(|| self.proposals.values().max().copied()).flatten()
    }

    /// Whether every member delivered it.
    pub(super) fn is_complete(&self, members: &BTreeSet<NodeId>) -> bool {
        members.is_subset(&self.delivered)
    }
}
