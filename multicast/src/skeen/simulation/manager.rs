//! A life of a manager: one sender, and the door at which clients' requests wait.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Variant,
    replica::{Outcome, Request},
};
use crate::{
    id::{Epoch, GroupId, Incarnation, MessageId, NodeId, Seq},
    skeen::{
        sender::{Sender, SenderCommand},
        view::View,
    },
};

/// One life of a manager.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) sender: Sender<Request, Outcome>,
    /// The last membership that it has seen in the store.
    pub(super) seen: Epoch,
    /// It stands still: nothing arrives, nothing is sent.
    pub(super) is_asleep: bool,
    /// A link to a member broke, or another manager is gone: only a new epoch brings back what was lost.
    pub(super) must_seal: bool,
    /// What it put into the store and has not begun to seal.
    pub(super) stored: Option<(Epoch, View)>,
    pub(super) sent: BTreeMap<MessageId, (Vec<GroupId>, Request)>,
}

impl Manager {
    pub(super) fn new(life: Incarnation, variant: Variant) -> Self {
        Self {
            sender: Sender::new(life, variant.ordering).with_defect(variant.defect),
            seen: Epoch::default(),
            is_asleep: false,
            must_seal: false,
            stored: None,
            sent: BTreeMap::new(),
        }
    }

    /// Passes a request on as a new message.
    pub(super) fn multicast(
        &mut self,
        groups: Vec<GroupId>,
        request: Request,
    ) -> (MessageId, Vec<SenderCommand<Request, Outcome>>) {
        let (id, commands) = self.sender.multicast(groups.clone(), request);
        self.sent.insert(id, (groups, request));
        (id, commands)
    }
}

/// The members of each group.
pub(super) type Members = BTreeMap<GroupId, BTreeSet<NodeId>>;

/// The membership store: who owns the view, which one, under which number.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) epoch: Epoch,
    pub(super) owner: Incarnation,
    /// Active and joining members.
    pub(super) voters: Members,
    pub(super) joining: BTreeSet<NodeId>,
}

impl Store {
    pub(super) fn view(&self) -> View {
        View::new(self.voters.clone(), self.joining.clone())
    }
}

/// A client: one request at a time, repeated until it is answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// Of the last request.
    pub(super) seq: Seq,
    /// The groups of the request that is not answered yet.
    pub(super) waits_for: Option<Vec<GroupId>>,
}
