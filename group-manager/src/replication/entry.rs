//! How a node gets (back) in: called, given the state by a donor, admitted into the next view.
//!
//! ```text
//! Enter -> Accepted, Dial -> Linked -> door frozen -> drained -> SendState, AwaitState -> CaughtUp -> next view
//! ```
//!
//! Writers of the group are held back from the freeze to the view (the report's way); the other groups go
//! on. The first node a group ever has founds it with an empty structure and needs no donor.

use wire::message::{
    entry::{Enter, EnterReply, EntryRefused},
    membership::Role,
    replication::ToNode,
};

use super::{Command, GroupId, Incarnation, Micros, NodeId, Replication, view::Stage};
use crate::{coordinator::EntryTicket, limits::MAX_TRANSFER_ATTEMPTS};

/// One node on its way in, after its link is up.
#[derive(Debug)]
pub(super) struct Entry {
    node: NodeId,
    step: Step,
    attempts: u32,
    began: Micros,
}

/// How far it is.
#[derive(Debug, PartialEq)]
enum Step {
    /// The door is frozen; rounds under way end.
    Draining,
    /// The donor streams.
    Transferring { transfer: u64, donor: NodeId },
    /// It holds the state; the next view admits it.
    Admitting { caught_up: Micros, install_us: u64 },
}

impl Replication {
    pub(super) fn handle_entered(&mut self, now: Micros, ticket: EntryTicket, enter: Enter) -> Vec<Command> {
        if let Err(refused) = self.may_enter(&enter) {
            return vec![Command::Answer(ticket, EnterReply::Refused(refused))];
        }
        let Enter { node, incarnation, addresses, .. } = enter;
        let accepted = Command::Answer(ticket, EnterReply::Accepted);
        if self.linked.contains_key(&node) || self.dialled.get(&node).is_some_and(|d| d.0 == incarnation) {
            return vec![accepted]; // an answer of ours was lost; all is under way
        }
        self.log.note(node, |report| report.entered_at_us = Some(now.0));
        self.dialled.insert(node, (incarnation, addresses));
        vec![accepted, Command::Dial { node, incarnation, addresses }]
    }

    fn may_enter(&self, enter: &Enter) -> Result<(), EntryRefused> {
        let node = enter.node;
        let (Some(group), Role::DataNode) = (self.cluster.nodes.get(&node), enter.role) else {
            return Err(EntryRefused::UnknownNode { node, role: enter.role });
        };
        if self.stage == Stage::Superseded {
            return Err(EntryRefused::Busy { reason: "another manager owns the view".to_owned() });
        }
        let current = self.linked.get(&node).or(self.dialled.get(&node).map(|(life, _)| life));
        match current {
            Some(life) if *life == enter.incarnation => return Ok(()),
            Some(_) => return Err(EntryRefused::IdInUse { node }),
            None => {}
        }
        let returns = self.is_active(node)
            && self.member(node).is_some_and(|member| member.incarnation == enter.incarnation);
        if returns {
            return Ok(());
        }
        if matches!(self.stage, Stage::Gathering { .. }) {
            let reason = "members of the last view may still come back".to_owned();
            return Err(EntryRefused::Busy { reason });
        }
        if self.is_lost(*group) {
            return Err(EntryRefused::StateLost { missing: self.holders(*group) });
        }
        if self.is_active(node) {
            return Err(EntryRefused::Busy { reason: format!("the last life of {node} is being removed") });
        }
        Ok(())
    }

    pub(super) fn handle_linked(
        &mut self,
        now: Micros,
        node: NodeId,
        incarnation: Incarnation,
    ) -> Vec<Command> {
        let Some(group) = self.cluster.nodes.get(&node).copied() else { return Vec::new() };
        self.linked.insert(node, incarnation);
        if self.is_active(node) && self.is_linked_as_member(node) {
            self.reseal = true; // it never lost its memory
            self.log.finished(node, now);
            if matches!(self.stage, Stage::Gathering { .. }) && !self.all_members_returned() {
                return Vec::new();
            }
            return if matches!(self.stage, Stage::Gathering { .. }) {
                self.end_gathering(now)
            } else {
                self.change_view_if_needed()
            };
        }
        if let Some(group) = self.groups.get_mut(&group) {
            group.waiting_to_enter.push_back(node);
        }
        self.start_entries(now)
    }

    fn all_members_returned(&self) -> bool {
        self.cluster.nodes.keys().all(|node| !self.is_active(*node) || self.is_linked_as_member(*node))
    }

    /// Lets the next waiting node of every group begin, where none is entering.
    pub(super) fn start_entries(&mut self, now: Micros) -> Vec<Command> {
        if matches!(self.stage, Stage::Gathering { .. } | Stage::Superseded) {
            return Vec::new();
        }
        let mut commands = Vec::new();
        for group in self.groups.keys().copied().collect::<Vec<_>>() {
            commands.extend(self.start_entry(now, group));
        }
        commands
    }

    fn start_entry(&mut self, now: Micros, group: GroupId) -> Vec<Command> {
        let is_founded = self.membership.founded.contains(&group);
        let is_lost = self.is_lost(group);
        let Some(state) = self.groups.get_mut(&group) else { return Vec::new() };
        if state.entry.is_some() || is_lost {
            return Vec::new();
        }
        let Some(node) = state.waiting_to_enter.pop_front() else { return Vec::new() };
        tracing::info!(%node, %group, "a node enters");
        if !is_founded {
            let step = Step::Admitting { caught_up: now, install_us: 0 };
            state.entry = Some(Entry { node, step, attempts: 0, began: now });
            self.to_admit.insert(node);
            return self.change_view_if_needed();
        }
        state.door.frozen = true;
        state.entry = Some(Entry { node, step: Step::Draining, attempts: 0, began: now });
        self.start_drained_transfers(now)
    }

    /// Starts the transfers of entries whose group has no round under way.
    pub(super) fn start_drained_transfers(&mut self, now: Micros) -> Vec<Command> {
        if self.stage != Stage::Steady {
            return Vec::new();
        }
        let drained = |(group, state): (&GroupId, &super::Group)| {
            let draining = state.entry.as_ref().is_some_and(|entry| entry.step == Step::Draining);
            (draining && self.sender.is_drained(*group)).then_some(*group)
        };
        let groups: Vec<GroupId> = self.groups.iter().filter_map(drained).collect();
        groups.into_iter().flat_map(|group| self.start_transfer(now, group)).collect()
    }

    fn start_transfer(&mut self, now: Micros, group: GroupId) -> Vec<Command> {
        let donors = self.present(group);
        self.next_transfer += 1;
        let transfer = self.next_transfer;
        let Some(entry) = self.groups.get_mut(&group).and_then(|state| state.entry.as_mut()) else {
            return Vec::new();
        };
        let node = entry.node;
        let Some((_, addresses)) = self.dialled.get(&node) else { return Vec::new() };
        // Another donor with every attempt.
        let Some(donor) = donors.get(entry.attempts as usize % donors.len().max(1)).copied() else {
            return Vec::new(); // the group is lost; its door closes with the next view
        };
        entry.step = Step::Transferring { transfer, donor };
        entry.attempts += 1;
        self.log.note(node, |report| {
            report.fence_us = report.entered_at_us.map(|entered| now.0.saturating_sub(entered));
        });
        vec![
            Command::ToNode(node, ToNode::AwaitState { transfer }),
            Command::ToNode(donor, ToNode::SendState { transfer, to: addresses.peers }),
        ]
    }

    pub(super) fn handle_caught_up(
        &mut self,
        now: Micros,
        node: NodeId,
        transfer: u64,
        transfer_us: u64,
        install_us: u64,
    ) -> Vec<Command> {
        let Some(entry) = self.entry_of(node) else { return Vec::new() };
        if !matches!(entry.step, Step::Transferring { transfer: current, .. } if current == transfer) {
            return Vec::new();
        }
        entry.step = Step::Admitting { caught_up: now, install_us };
        self.log.note(node, |report| {
            report.transfer_us = Some(transfer_us);
            report.decode_us = Some(0);
        });
        self.to_admit.insert(node);
        self.change_view_if_needed()
    }

    pub(super) fn handle_transfer_failed(
        &mut self,
        now: Micros,
        at: NodeId,
        transfer: u64,
        reason: &str,
    ) -> Vec<Command> {
        tracing::warn!(node = %at, transfer, reason, "a state transfer failed");
        let failed = |(group, state): (&GroupId, &mut super::Group)| {
            let entry = state.entry.as_mut()?;
            let concerned = matches!(entry.step, Step::Transferring { transfer: current, .. } if current == transfer);
            concerned.then(|| {
                entry.step = Step::Draining;
                (*group, entry.node, entry.attempts)
            })
        };
        let Some((group, node, attempts)) = self.groups.iter_mut().find_map(failed) else {
            return Vec::new();
        };
        if attempts < MAX_TRANSFER_ATTEMPTS {
            return self.start_drained_transfers(now);
        }
        self.linked.remove(&node);
        self.dialled.remove(&node);
        let mut commands = vec![Command::Unlink(node)];
        commands.extend(self.end_entry(now, group));
        commands
    }

    fn entry_of(&mut self, node: NodeId) -> Option<&mut Entry> {
        let entries = self.groups.values_mut().filter_map(|group| group.entry.as_mut());
        entries.into_iter().find(|entry| entry.node == node)
    }

    /// After a view: entries that it admitted are over, and their doors open again.
    pub(super) fn finish_entries(&mut self, now: Micros) -> Vec<Command> {
        let mut commands = Vec::new();
        for group in self.groups.keys().copied().collect::<Vec<_>>() {
            let entry = self.groups.get(&group).and_then(|state| state.entry.as_ref());
            let Some(Entry { node, step: Step::Admitting { caught_up, install_us }, began, .. }) = entry else {
                continue;
            };
            let (node, began, caught_up, install_us) = (*node, *began, *caught_up, *install_us);
            if !self.is_active(node) || !self.is_linked_as_member(node) {
                continue;
            }
            self.log.note(node, |report| {
                report.install_us = Some(install_us + now.0.saturating_sub(caught_up.0));
                report.frozen_us = Some(now.0.saturating_sub(began.0));
            });
            self.log.finished(node, now);
            tracing::info!(%node, %group, "a node is active");
            commands.extend(self.end_entry(now, group));
        }
        commands.extend(self.start_drained_transfers(now));
        commands
    }

    /// The group's entry is over, however it went.
    pub(super) fn end_entry(&mut self, now: Micros, group: GroupId) -> Vec<Command> {
        if let Some(state) = self.groups.get_mut(&group) {
            state.entry = None;
            state.door.frozen = false;
        }
        let mut commands = self.pump(now, group);
        commands.extend(self.start_entry(now, group));
        commands
    }

    pub(super) fn handle_lost(
        &mut self,
        now: Micros,
        node: NodeId,
        incarnation: Incarnation,
        reason: &str,
    ) -> Vec<Command> {
        let Some(group) = self.cluster.nodes.get(&node).copied() else { return Vec::new() };
        if self.dialled.get(&node).is_none_or(|(life, _)| *life != incarnation) {
            return Vec::new(); // an older life, already dealt with
        }
        tracing::warn!(%node, reason, "a node is lost");
        let was_member = self.is_linked_as_member(node) && self.is_active(node);
        self.dialled.remove(&node);
        self.linked.remove(&node);
        self.to_admit.remove(&node);
        let mut commands = self.refuse_reads_at(node);
        if was_member {
            self.suspect(now, node);
        }
        commands.extend(self.forget_entry(now, group, node));
        commands.extend(self.change_view_if_needed());
        commands
    }

    /// Whatever part the lost node had in the group's entry: the joiner's ends, the donor's begins anew.
    fn forget_entry(&mut self, now: Micros, group: GroupId, node: NodeId) -> Vec<Command> {
        let Some(state) = self.groups.get_mut(&group) else { return Vec::new() };
        state.waiting_to_enter.retain(|waiting| *waiting != node);
        let Some(entry) = state.entry.as_mut() else { return Vec::new() };
        if entry.node == node {
            return self.end_entry(now, group);
        }
        if matches!(entry.step, Step::Transferring { donor, .. } if donor == node) {
            entry.step = Step::Draining;
        }
        Vec::new()
    }
}
