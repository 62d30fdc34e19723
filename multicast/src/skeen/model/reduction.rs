//! Fewer states that show the same: what has only one way to go goes it at once.
//!
//! - A packet is *spent* if it does nothing, whenever it arrives: it is dropped where it is. That it never will is
//!   argued here; that it does nothing now is tried on the very core that it is for, and one that still does something is
//!   kept. What `WrongEpoch` brings about is a look into the store, which may happen at any moment anyway.
//! - A manager is *quiet* if it follows the view and has nothing of its own to send: it learns of each view at once, and
//!   every packet to it is spent. It says nothing before it takes over; then it looks into the store first, and
//!   members tell it everything anew.
//!
//! Invariant: what nodes deliver and clients are told is the same, step by step; only the states between are fewer.
//! The tests compare both, wherever a cluster is small enough.

use super::{
    cluster::Cluster,
    state::{End, Packet, Payload, State, life},
};
use crate::{
    id::{Epoch, NodeId},
    skeen::{
        member::MemberCommand,
        message::{FromMember, ToMember},
        sender::Sender,
    },
};

impl State {
    /// Takes every step that needs no turn of its own.
    pub(super) fn reduce(&mut self, cluster: &Cluster) {
        for manager in 0..self.senders.len() {
            if self.is_quiet(cluster, manager) {
                self.look(manager);
            }
        }
        let mut links = std::mem::take(&mut self.links);
        for ((from, to), link) in &mut links {
            link.retain(|packet| !self.is_spent(cluster, *from, *to, packet));
        }
        links.retain(|_, link| !link.is_empty());
        self.links = links;
        self.copies.take_if(|(copy, _)| {
            let mut joiners = self.nodes.values().filter(|node| node.is_joiner);
            joiners.any(|joiner| copy.epoch < joiner.member.epoch())
        });
    }

    fn is_quiet(&self, cluster: &Cluster, manager: usize) -> bool {
        let has_more = cluster.messages_of(manager).nth(self.begun[manager]).is_some();
        let waits = self.owed.keys().any(|id| id.sender == life(manager));
        !self.senders[manager].is_owner() && !has_more && !waits
    }

    fn is_spent(&self, cluster: &Cluster, from: End, to: End, packet: &Packet) -> bool {
        match (from, to, packet) {
            (End::Manager(manager), End::Node(node), Packet::ToMember(message)) => {
                self.is_spent_at_member(manager, node, message)
            }
            (End::Node(node), End::Manager(manager), Packet::FromMember(message)) => {
                self.is_quiet(cluster, manager) || self.is_spent_at_sender(node, manager, message)
            }
            _ => false,
        }
    }

    /// A member's epoch only rises, and what is older is refused.
    fn is_spent_at_member(&self, manager: usize, node: NodeId, message: &ToMember<Payload>) -> bool {
        let Some(node) = self.nodes.get(&node) else {
            return false;
        };
        if message.epoch() >= node.member.epoch() {
            return false;
        }
        let mut tried = node.member.clone();
        let mut commands = tried.handle(life(manager), message.clone()).into_iter();
        let is_refusal = |command| {
            let MemberCommand::Send { message, .. } = command else {
                return false;
            };
            matches!(message, FromMember::WrongEpoch { .. })
        };
        commands.all(is_refusal) && tried == node.member
    }

    /// Of an epoch that it knows, what does nothing now does nothing later: a sender takes nothing of an older epoch,
    /// and forgets nothing within one. To an owner nobody needs to say that its own view is in force.
    fn is_spent_at_sender(&self, node: NodeId, manager: usize, message: &FromMember<Payload, usize>) -> bool {
        let sender = &self.senders[manager];
        let own = sender.highest_epoch();
        match epoch_of(message) {
            None => true,
            Some(epoch) if epoch > own => false,
            Some(epoch) if matches!(message, FromMember::InView { .. }) => epoch < own || sender.is_owner(),
            Some(_) => {
                let mut tried = Sender::clone(sender);
                tried.handle(node, message.clone()).is_empty() && tried == **sender
            }
        }
    }
}

/// None for `WrongEpoch`.
fn epoch_of(message: &FromMember<Payload, usize>) -> Option<Epoch> {
    match message {
        FromMember::Proposal { epoch, .. }
        | FromMember::Delivered { epoch, .. }
        | FromMember::Holding { epoch, .. }
        | FromMember::Sealed { epoch, .. }
        | FromMember::Unknown { epoch, .. }
        | FromMember::WantStable { epoch }
        | FromMember::InView { epoch } => Some(*epoch),
        FromMember::WrongEpoch { .. } => None,
    }
}

#[cfg(test)]
mod tests;
