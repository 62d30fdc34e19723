//! How a node gets (back) in: called, given the state by a donor, admitted into the next view.
//!
//! ```text
//! Enter -> Accepted, Dial -> Linked
//!   stream: -> next view, as a joining member -> SendState, AwaitState -> CaughtUp -> next view, as an active one
//!   freeze: -> door frozen -> drained ---------> SendState, AwaitState -> CaughtUp -> next view, as an active one
//! ```
//!
//! While a state is streamed writers go on ([`joining`]); frozen (the report's way), those of the group are held back
//! until the view that admits the node, and the other groups go on. The first node a group ever has founds it with an
//! empty structure and needs no donor.

mod joining;
mod transfer;

use settings::Join;

use super::{Command, GroupId, Micros, NodeId, Replication, is_active_life, view::Stage};

/// One node on its way in, after its link is up.
#[derive(Debug)]
pub(super) struct Entry {
    node: NodeId,
    step: Step,
    /// Transfers so far, each with another donor, and those of them that failed.
    attempts: u32,
    failures: u32,
    began: Micros,
    /// How long view changes held writers back for it, in microseconds.
    paused_us: u64,
}

impl Entry {
    fn begin(node: NodeId, step: Step, began: Micros) -> Self {
        Self {
            node,
            step,
            attempts: 0,
            failures: 0,
            began,
            paused_us: 0,
        }
    }
}

/// How far it is.
#[derive(Debug, PartialEq)]
enum Step {
    /// The door is frozen; rounds under way end.
    Draining,
    /// The next view lets it vote.
    Joining,
    /// The donor streams.
    Transferring { transfer: u64, donor: NodeId },
    /// It holds the state; the next view admits it.
    Admitting { caught_up: Micros, install_us: u64 },
}

impl Step {
    /// Where an entry waits for its (next) transfer.
    fn before_transfer(join: Join) -> Self {
        match join {
            Join::Stream => Self::Joining,
            Join::Freeze => Self::Draining,
        }
    }
}

impl Replication {
    /// Lets the next waiting node of every group begin, where none is entering.
    pub(super) fn start_entries(&mut self, now: Micros) -> Vec<Command> {
        if matches!(
            self.stage,
            Stage::Gathering { .. } | Stage::Following | Stage::Claiming { .. }
        ) {
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
        let is_taken = self.groups.get(&group).is_none_or(|state| state.entry.is_some());
        if is_taken || is_lost {
            return Vec::new();
        }
        let Some(node) = self.next_to_enter(group) else {
            return Vec::new();
        };
        let Some(state) = self.groups.get_mut(&group) else {
            return Vec::new();
        };
        tracing::info!(%node, %group, "a node enters");
        if !is_founded {
            let step = Step::Admitting {
                caught_up: now,
                install_us: 0,
            };
            state.entry = Some(Entry::begin(node, step, now));
            self.to_admit.insert(node);
            return self.change_view_if_needed();
        }
        match self.cluster.join {
            Join::Stream => {
                state.entry = Some(Entry::begin(node, Step::Joining, now));
                self.to_join.insert(node);
                self.change_view_if_needed()
            }
            Join::Freeze => {
                state.door.frozen = true;
                state.entry = Some(Entry::begin(node, Step::Draining, now));
                self.start_drained_transfers(now)
            }
        }
    }

    /// Who waits longest of those that are here and hold nothing yet. One that waits twice, since it was met twice, has
    /// become active meanwhile: entering again would take its state from it.
    fn next_to_enter(&mut self, group: GroupId) -> Option<NodeId> {
        loop {
            let node = self.groups.get_mut(&group)?.waiting_to_enter.pop_front()?;
            let life = self.linked.get(&node).copied();
            if life.is_some_and(|life| !is_active_life(self.upcoming(), node, life)) {
                return Some(node);
            }
        }
    }

    fn entry_of(&mut self, node: NodeId) -> Option<&mut Entry> {
        let entries = self.groups.values_mut().filter_map(|group| group.entry.as_mut());
        entries.into_iter().find(|entry| entry.node == node)
    }

    /// After a view: entries that it admitted are over, and their doors open again; so are those whose
    /// node was lost on its way into the store and is out again.
    pub(super) fn finish_entries(&mut self, now: Micros) -> Vec<Command> {
        let mut commands = Vec::new();
        for group in self.groups.keys().copied().collect::<Vec<_>>() {
            let entry = self.groups.get(&group).and_then(|state| state.entry.as_ref());
            let Some(Entry {
                node,
                step:
                    Step::Admitting {
                        caught_up,
                        install_us,
                    },
                began,
                paused_us,
                ..
            }) = entry
            else {
                continue;
            };
            let frozen_us = match self.cluster.join {
                Join::Stream => *paused_us,
                Join::Freeze => now.0.saturating_sub(began.0),
            };
            let (node, caught_up, install_us) = (*node, *caught_up, *install_us);
            if self.to_admit.contains(&node) {
                continue;
            }
            if self.is_present(node) {
                self.log.note(node, |report| {
                    report.install_us = Some(install_us + now.0.saturating_sub(caught_up.0));
                    report.frozen_us = Some(frozen_us);
                });
                self.log.finished(node, now);
                tracing::info!(%node, %group, "a node is active");
            }
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

    /// Whatever part the lost node had in the group's entry: the joiner's ends, the donor's begins anew.
    /// Not for a joiner whose admission is on its way into the store: no write may complete without it
    /// before a later view is in force, since the store will call it a holder of the group's state.
    pub(super) fn forget_entry(&mut self, now: Micros, group: GroupId, node: NodeId) -> Vec<Command> {
        let Some(state) = self.groups.get_mut(&group) else {
            return Vec::new();
        };
        state.waiting_to_enter.retain(|waiting| *waiting != node);
        let Some(entry) = state.entry.as_mut() else {
            return Vec::new();
        };
        if entry.node == node {
            return self.end_entry(now, group);
        }
        if matches!(entry.step, Step::Transferring { donor, .. } if donor == node) {
            entry.step = Step::before_transfer(self.cluster.join);
        }
        Vec::new()
    }
}
