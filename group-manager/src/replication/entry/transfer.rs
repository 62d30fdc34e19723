//! The way of a donor's state to whoever enters: begun, over, or failed and begun anew with another donor.
//!
//! Invariant: a joining node that [`MAX_TRANSFER_ATTEMPTS`] donors failed is hung up on, and its group's entry is over.

use wire::message::replication::ToNode;

use super::{
    super::{Group, view::Stage},
    Command, GroupId, Micros, NodeId, Replication, Step,
};
use crate::limits::MAX_TRANSFER_ATTEMPTS;

impl Replication {
    /// Starts the transfers of entries whose group has no round under way.
    pub(in crate::replication) fn start_drained_transfers(&mut self, now: Micros) -> Vec<Command> {
        if self.stage != Stage::Steady {
            return Vec::new();
        }
        let drained = |(group, state): (&GroupId, &Group)| {
            let draining = state
                .entry
                .as_ref()
                .is_some_and(|entry| entry.step == Step::Draining);
            (draining && self.sender.is_drained(*group)).then_some(*group)
        };
        let groups: Vec<GroupId> = self.groups.iter().filter_map(drained).collect();
        groups
            .into_iter()
            .flat_map(|group| self.start_transfer(now, group))
            .collect()
    }

    pub(super) fn start_transfer(&mut self, now: Micros, group: GroupId) -> Vec<Command> {
        let donors = self.present(group);
        self.next_transfer += 1;
        let transfer = self.next_transfer;
        let Some(entry) = self.groups.get_mut(&group).and_then(|state| state.entry.as_mut()) else {
            return Vec::new();
        };
        let node = entry.node;
        let Some((_, addresses)) = self.dialled.get(&node) else {
            return Vec::new();
        };
        // Another donor with every attempt.
        let Some(donor) = donors.get(entry.attempts as usize % donors.len().max(1)).copied() else {
            return Vec::new(); // the group is lost; its door closes with the next view
        };
        entry.step = Step::Transferring { transfer, donor };
        entry.attempts += 1;
        self.log.note(node, |report| {
            report.fence_us = report.entered_at_us.map(|entered| now.0.saturating_sub(entered));
        });
        let (epoch, to) = (self.membership.epoch, addresses.peers);
        vec![
            Command::ToNode(
                node,
                ToNode::AwaitState {
                    epoch,
                    transfer,
                    group,
                },
            ),
            Command::ToNode(donor, ToNode::SendState { epoch, transfer, to }),
        ]
    }

    pub(in crate::replication) fn handle_caught_up(
        &mut self,
        now: Micros,
        node: NodeId,
        transfer: u64,
        transfer_us: u64,
        install_us: u64,
    ) -> Vec<Command> {
        let Some(entry) = self.entry_of(node) else {
            return Vec::new();
        };
        if !matches!(entry.step, Step::Transferring { transfer: current, .. } if current == transfer) {
            return Vec::new();
        }
        entry.step = Step::Admitting {
            caught_up: now,
            install_us,
        };
        self.log.note(node, |report| {
            report.transfer_us = Some(transfer_us);
            report.decode_us = Some(0);
        });
        self.to_admit.insert(node);
        self.change_view_if_needed()
    }

    pub(in crate::replication) fn handle_transfer_failed(
        &mut self,
        now: Micros,
        at: NodeId,
        transfer: u64,
        reason: &str,
    ) -> Vec<Command> {
        tracing::warn!(node = %at, transfer, reason, "a state transfer failed");
        let join = self.cluster.join;
        let failed = |(group, state): (&GroupId, &mut Group)| {
            let entry = state.entry.as_mut()?;
            let Step::Transferring {
                transfer: current,
                donor,
            } = entry.step
            else {
                return None;
            };
            let concerned = current == transfer && (at == donor || at == entry.node);
            concerned.then(|| {
                entry.step = Step::before_transfer(join);
                entry.failures += 1;
                (*group, entry.node, entry.failures)
            })
        };
        let Some((group, node, failures)) = self.groups.iter_mut().find_map(failed) else {
            return Vec::new();
        };
        if failures < MAX_TRANSFER_ATTEMPTS {
            let mut commands = self.start_drained_transfers(now);
            commands.extend(self.restart_streams(now));
            return commands;
        }
        if let Some(life) = self.linked.remove(&node) {
            self.give_up_joiner(node, life);
        }
        self.dialled.remove(&node);
        let mut commands = vec![Command::Unlink(node)];
        commands.extend(self.end_entry(now, group));
        commands.extend(self.change_view_if_needed());
        commands
    }
}
