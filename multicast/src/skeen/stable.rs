//! The stable watermark of a group, as the sender knows it: up to there everything that it keeps is delivered at
//! every active member and held by every joining one. Members forget that much of it, and a local read may look
//! as far as everything is forgotten (rule 8).
//!
//! Invariant: whatever a member forgets is delivered at every member of *every* group it is addressed to.
//! Otherwise the next sender finds it tentative in one group, learns of no final timestamp in the other, and
//! proposes anew what was delivered there already.

use super::message::ToMember;
use super::sender::{Sender, SenderCommand};
use crate::id::{GroupId, NodeId, Timestamp};

impl<P: Clone, R: Clone + PartialEq> Sender<P, R> {
    /// The watermark of a group: every message of the group up to it that this sender keeps is complete.
    pub fn stable(&self, group: GroupId) -> Timestamp {
        let members = self.view.active(group);
        let delivered = members
            .map(|member| self.delivered_at(member))
            .min()
            .unwrap_or_default();
        let pending = self
            .pending
            .values()
            .filter(|pending| pending.groups.contains(&group));
        match pending.filter_map(|pending| pending.final_timestamp).min() {
            Some(unfinished) if unfinished <= delivered => unfinished.just_below(),
            _ => delivered,
        }
    }

    /// Tells the members whose reads wait, as soon as what they have delivered is stable.
    pub(super) fn answer_wanting(&mut self) -> Vec<SenderCommand<P, R>> {
        let mut commands = Vec::new();
        if self.is_sealing() {
            return commands;
        }
        for node in self.wanting.clone() {
            let Some(group) = self.view.group_of(node) else {
                continue;
            };
            let watermark = self.stable(group);
            if self.delivered_at(node) <= watermark {
                self.wanting.remove(&node);
                let message = ToMember::Stable {
                    epoch: self.epoch,
                    watermark,
                };
                commands.push(SenderCommand::Send { to: node, message });
            }
        }
        commands
    }

    fn delivered_at(&self, node: NodeId) -> Timestamp {
        self.delivered.get(&node).copied().unwrap_or_default()
    }
}
