//! The lives of processes that the manager talks to, or expects to.
//!
//! ```text
//! (nobody) --Enter--> Dialling --Linked--> Up --Lost--> (nobody)
//! (loaded as a member) -> Expected --Enter--> Dialling;  --time is up--> (nobody)
//! (lost, and irreplaceable) -> Missed --Enter of the same life--> Dialling;  --Enter of another--> (nobody)
//! ```
//!
//! Invariant: at most one life per node id. A life is what *is*; the membership says what counts.

use std::collections::BTreeMap;

use multicast::id::{Incarnation, NodeId};
use wire::message::membership::{Addresses, Member};

use crate::coordinator::Micros;

/// How far the manager's connection to a life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It was a member when the manager started, and has until then to enter again.
    Expected(Micros),
    /// It is lost, and what it holds nobody else has: it is waited for until another life of the node proves
    /// that it is over.
    Missed,
    /// It entered and is being called.
    Dialling,
    /// It listens.
    Up,
}

/// One life of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// Which.
    pub(super) incarnation: Incarnation,
    /// Where it listens.
    pub(super) addresses: Option<Addresses>,
    /// When it entered.
    pub(super) entered_at: Micros,
    /// The manager's connection to it.
    pub(super) link: Link,
}

/// All lives, by node.
#[derive(Clone, Debug, Default)]
pub(super) struct Lives(BTreeMap<NodeId, Life>);

impl Lives {
    /// The node's life, whatever its link.
    pub(super) fn get(&self, node: NodeId) -> Option<&Life> {
        self.0.get(&node)
    }

    /// The node's life, if it listens.
    pub(super) fn up(&self, node: NodeId) -> Option<&Life> {
        self.get(node).filter(|life| life.link == Link::Up)
    }

    /// Whether this life of the node is not known to be over.
    pub(super) fn goes_on(&self, node: NodeId, incarnation: Incarnation) -> bool {
        self.get(node).is_some_and(|life| life.incarnation == incarnation)
    }

    /// The member should enter again before `until`.
    pub(super) fn expect(&mut self, node: NodeId, member: &Member, until: Micros) {
        self.await_return(node, member, Link::Expected(until));
    }

    /// The member is irreplaceable: it is waited for, however long it takes.
    pub(super) fn miss(&mut self, node: NodeId, member: &Member) {
        self.await_return(node, member, Link::Missed);
    }

    fn await_return(&mut self, node: NodeId, member: &Member, link: Link) {
        let life = Life {
            incarnation: member.incarnation,
            addresses: member.addresses,
            entered_at: Micros(0),
            link,
        };
        self.0.insert(node, life);
    }

    /// The irreplaceable ones that are waited for.
    pub(super) fn missed(&self) -> Vec<(NodeId, Incarnation)> {
        let missed = self.0.iter().filter(|(_, life)| life.link == Link::Missed);
        missed.map(|(node, life)| (*node, life.incarnation)).collect()
    }

    /// A life entered: it replaces whatever was known.
    pub(super) fn enter(
        &mut self,
        node: NodeId,
        incarnation: Incarnation,
        addresses: Addresses,
        now: Micros,
    ) {
        let life = Life {
            incarnation,
            addresses: Some(addresses),
            entered_at: now,
            link: Link::Dialling,
        };
        self.0.insert(node, life);
    }

    /// The call was answered. Whether it is that of the life we know.
    pub(super) fn linked(&mut self, node: NodeId, incarnation: Incarnation) -> bool {
        match self.0.get_mut(&node) {
            Some(life) if life.incarnation == incarnation && life.link == Link::Dialling => {
                life.link = Link::Up;
                true
            }
            _ => false,
        }
    }

    /// That life is over, or unreachable. What was known of it, if it is the one we know.
    pub(super) fn lost(&mut self, node: NodeId, incarnation: Incarnation) -> Option<Life> {
        self.goes_on(node, incarnation)
            .then(|| self.0.remove(&node))
            .flatten()
    }

    /// The node belongs to the cluster no more.
    pub(super) fn forget(&mut self, node: NodeId) {
        self.0.remove(&node);
    }

    /// The lives that should have entered again by now.
    pub(super) fn overdue(&self, now: Micros) -> Vec<(NodeId, Incarnation)> {
        let overdue = |life: &Life| matches!(life.link, Link::Expected(until) if until <= now);
        self.0
            .iter()
            .filter(|(_, life)| overdue(life))
            .map(|(node, life)| (*node, life.incarnation))
            .collect()
    }

    /// All nodes with a life that entered.
    pub(super) fn entered(&self) -> impl Iterator<Item = (NodeId, &Life)> {
        self.0
            .iter()
            .filter(|(_, life)| matches!(life.link, Link::Dialling | Link::Up))
            .map(|(node, life)| (*node, life))
    }
}
