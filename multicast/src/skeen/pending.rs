//! One message on its way, as its sender sees it.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{GroupId, NodeId, Timestamp};

/// From the first `Propose` to the last `Delivered`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pending<P, R> {
    /// Destinations, ascending.
    pub(super) groups: Vec<GroupId>,
    pub(super) payload: P,
    /// Whether somebody here waits for its end. Not for what sealed members held, even of this sender's own: what
    /// it had orphaned before was sent again.
    pub(super) is_awaited: bool,
    /// Whether it was proposed in this epoch. What is not waits until its destinations take part in it.
    pub(super) is_proposed: bool,
    /// The offers of this epoch.
    pub(super) proposals: BTreeMap<NodeId, Timestamp>,
    /// The largest offer, once all are in (or once anybody is found to know it).
    pub(super) final_timestamp: Option<Timestamp>,
    /// Who delivered it; joining members as soon as they hold it.
    pub(super) delivered: BTreeSet<NodeId>,
    /// What active members reported on delivery. One that leaves the view takes its result with it: it may have
    /// delivered in an order that the others never see.
    pub(super) results: BTreeMap<NodeId, R>,
}

impl<P, R> Pending<P, R> {
    pub(super) fn new(groups: Vec<GroupId>, payload: P) -> Self {
        Self {
            groups,
            payload,
            is_awaited: false,
            is_proposed: false,
            proposals: BTreeMap::new(),
            final_timestamp: None,
            delivered: BTreeSet::new(),
            results: BTreeMap::new(),
        }
    }

    /// A message of this sender's own.
    pub(super) fn awaited(groups: Vec<GroupId>, payload: P) -> Self {
        Self {
            is_awaited: true,
            ..Self::new(groups, payload)
        }
    }

    /// The largest proposal, if every voter of every addressed group has answered.
    pub(super) fn largest_of_all(&self, voters: &BTreeSet<NodeId>) -> Option<Timestamp> {
        let all = voters.iter().all(|voter| self.proposals.contains_key(voter));
        all.then(|| self.proposals.values().max().copied()).flatten()
    }

    /// Whether every voter has it for good.
    pub(super) fn is_complete(&self, voters: &BTreeSet<NodeId>) -> bool {
        voters.is_subset(&self.delivered)
    }
}
