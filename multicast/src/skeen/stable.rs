//! The stable watermark of a group, as the sender knows it: up to there a local read may look (rule 8), and
//! members forget what they delivered.
//!
//! Invariant: whatever a member forgets is delivered at every member of *every* group it is addressed to.
//! Otherwise the next sender finds it tentative in one group, learns of no final timestamp in the other, and
//! proposes anew what was delivered there already.

use super::message::ToMember;
use super::sender::{Sender, SenderCommand, group_of};
use crate::id::{GroupId, NodeId, Timestamp};

impl<P: Clone, R: Clone + PartialEq> Sender<P, R> {
    /// The watermark of a group: every message of the group up to it is complete.
    pub fn stable(&self, group: GroupId) -> Timestamp {
        let members = self.view.get(&group).into_iter().flatten();
        let delivered = members
            .map(|member| self.delivered_at(*member))
            .min()
            .unwrap_or_default();
        let pending = self
            .pending
            .values()
            .filter(|pending| pending.groups.contains(&group));
        match pending.filter_map(|pending| pending.final_timestamp).min() {
            Some(unfinished) if unfinished <= delivered => just_below(unfinished),
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
            let Some(group) = group_of(&self.view, node) else {
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

    /// Reads may wait at any member for an answer that a former sender, or a broken link, still owes: every
    /// member that delivered anything hears the watermark of the new view once.
    pub(super) fn all_want_stable(&mut self) {
        let delivered = self
            .delivered
            .iter()
            .filter(|(_, delivered)| **delivered > Timestamp::default());
        self.wanting = delivered.map(|(node, _)| *node).collect();
    }

    fn delivered_at(&self, node: NodeId) -> Timestamp {
        self.delivered.get(&node).copied().unwrap_or_default()
    }
}

/// The largest timestamp below this one, which is not the smallest of all: final counters start at 1.
fn just_below(timestamp: Timestamp) -> Timestamp {
    let Timestamp { counter, node } = timestamp;
    match node.0.checked_sub(1) {
        Some(node) => Timestamp {
            counter,
            node: NodeId(node),
        },
        None => Timestamp {
            counter: counter.saturating_sub(1),
            node: NodeId(u32::MAX),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn just_below_is_the_neighbour_in_the_order() {
        let at = |counter, node| Timestamp {
            counter,
            node: NodeId(node),
        };
        assert_eq!(just_below(at(5, 2)), at(5, 1));
        assert_eq!(just_below(at(5, 0)), at(4, u32::MAX));
    }
}
