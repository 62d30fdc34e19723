//! The owner of one sender, the membership store, and the clients.

use std::collections::{BTreeMap, BTreeSet};

use super::replica::{Outcome, Request};
use crate::{
    id::{Epoch, GroupId, Incarnation, MessageId, NodeId, Seq},
    skeen::sender::Sender,
};

/// One life of a manager.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) sender: Sender<Request, Outcome>,
    /// It heard that another one owns the view: it takes no more requests.
    pub(super) is_superseded: bool,
    /// A link to a member broke: only a new epoch brings back what was lost.
    pub(super) must_seal: bool,
    /// Groups that take no requests until a node has joined.
    pub(super) frozen: BTreeSet<GroupId>,
    pub(super) sent: BTreeMap<MessageId, Request>,
}

impl Manager {
    pub(super) fn new(life: Incarnation) -> Self {
        Self {
            sender: Sender::new(life),
            is_superseded: false,
            must_seal: false,
            frozen: BTreeSet::new(),
            sent: BTreeMap::new(),
        }
    }

    /// Whether it multicasts to these groups now.
    pub(super) fn takes(&self, groups: &[GroupId]) -> bool {
        !self.is_superseded && !groups.iter().any(|group| self.frozen.contains(group))
    }
}

/// The members of each group.
pub(super) type Members = BTreeMap<GroupId, BTreeSet<NodeId>>;

/// The membership store: who owns the view, which one, under which number.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) epoch: Epoch,
    pub(super) owner: Incarnation,
    pub(super) view: Members,
}

/// A client: one request at a time, repeated until it is answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// Of the last request.
    pub(super) seq: Seq,
    /// The groups of the request that is not answered yet.
    pub(super) waits_for: Option<Vec<GroupId>>,
}
