//! The change from one view to the next: takeover, removal and admission are this one piece of code.
//!
//! Rule 5: seal all members of the new view; gather what each of them holds; spread every final timestamp
//! that any of them (or this sender) knows; propose the rest again. The owner has put the new view into the
//! membership store before, so a sender that lost the swap never gets here.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    message::{Held, ToMember},
    pending::Pending,
    sender::{Sender, SenderCommand, View, members_of},
};
use crate::id::{Epoch, MessageId, NodeId, Timestamp};

/// What one sealed member reported.
#[derive(Clone, Debug)]
struct Report<P> {
    clock: u64,
    delivered: Timestamp,
    held: Vec<Held<P>>,
}

/// A view change under way.
#[derive(Clone, Debug)]
pub(super) struct Sealing<P> {
    pub(super) epoch: Epoch,
    view: View,
    reports: BTreeMap<NodeId, Report<P>>,
}

impl<P> Sealing<P> {
    fn members(&self) -> BTreeSet<NodeId> {
        self.view.values().flatten().copied().collect()
    }
}

impl<P: Clone, R: Clone + PartialEq> Sender<P, R> {
    /// Begins the view change to `view` under `epoch`, which must be larger than every one before; a view
    /// change under way is given up for it. A view without members is installed at once.
    ///
    /// Only for a sender that owned every epoch since its first. One that lost the view in between starts anew
    /// as another incarnation, since the other owner may have finished what is pending here, in another order.
    pub fn seal(&mut self, epoch: Epoch, view: View) -> Vec<SenderCommand<P, R>> {
        let sealing = Sealing {
            epoch,
            view,
            reports: BTreeMap::new(),
        };
        let members = sealing.members();
        self.sealing = Some(sealing);
        if members.is_empty() {
            return self.install_if_all_reported();
        }
        let seal = |to| SenderCommand::Send {
            to,
            message: ToMember::Seal { epoch },
        };
        members.into_iter().map(seal).collect()
    }

    pub(super) fn handle_sealed(
        &mut self,
        from: NodeId,
        epoch: Epoch,
        clock: u64,
        delivered: Timestamp,
        held: Vec<Held<P>>,
    ) -> Vec<SenderCommand<P, R>> {
        let awaited = |sealing: &&mut Sealing<P>| sealing.epoch == epoch && sealing.members().contains(&from);
        let Some(sealing) = self.sealing.as_mut().filter(awaited) else {
            return Vec::new();
        };
        sealing.reports.insert(
            from,
            Report {
                clock,
                delivered,
                held,
            },
        );
        self.install_if_all_reported()
    }

    fn install_if_all_reported(&mut self) -> Vec<SenderCommand<P, R>> {
        let reported = |sealing: &mut Sealing<P>| {
            sealing
                .members()
                .iter()
                .all(|member| sealing.reports.contains_key(member))
        };
        let Some(sealing) = self.sealing.take_if(reported) else {
            return Vec::new();
        };
        let Sealing { epoch, view, reports } = sealing;
        self.epoch = epoch;
        self.view = view;
        self.delivered = reports
            .iter()
            .map(|(node, report)| (*node, report.delivered))
            .collect();
        let clock = self.largest_clock(&reports);
        self.adopt(reports);
        let view = ToMember::View { epoch, clock };
        let announce = |to: &NodeId| SenderCommand::Send {
            to: *to,
            message: view.clone(),
        };
        let mut commands: Vec<_> = self.delivered.keys().map(announce).collect();
        commands.extend(self.resume());
        self.all_want_stable();
        commands.extend(self.answer_wanting());
        commands.push(SenderCommand::Installed { epoch });
        commands
    }

    /// No member may propose at or below a timestamp that anybody knows.
    fn largest_clock(&self, reports: &BTreeMap<NodeId, Report<P>>) -> u64 {
        let finals = self
            .pending
            .values()
            .filter_map(|pending| pending.final_timestamp);
        let known = finals.map(|timestamp| timestamp.counter);
        reports
            .values()
            .map(|report| report.clock)
            .chain(known)
            .max()
            .unwrap_or_default()
    }

    /// Merges what the members hold into what is pending here.
    fn adopt(&mut self, reports: BTreeMap<NodeId, Report<P>>) {
        for held in reports.into_values().flat_map(|report| report.held) {
            let Held {
                id,
                groups,
                payload,
                standing,
            } = held;
            let pending = self
                .pending
                .entry(id)
                .or_insert_with(|| Pending::new(groups, payload));
            pending.final_timestamp = pending.final_timestamp.or(standing.final_timestamp());
        }
        for pending in self.pending.values_mut() {
            pending.proposals.clear();
            let reached = |node: &NodeId| {
                let delivered = self.delivered.get(node).copied().unwrap_or_default();
                pending
                    .final_timestamp
                    .is_some_and(|timestamp| timestamp <= delivered)
            };
            let members = members_of(&self.view, &pending.groups);
            let delivered: BTreeSet<NodeId> = members.into_iter().filter(reached).collect();
            pending.results.retain(|node, _| delivered.contains(node));
            pending.delivered = delivered;
        }
    }

    /// Finals in their order first, then the rest by id, so that all members hear the same.
    fn resume(&mut self) -> Vec<SenderCommand<P, R>> {
        let finals: BTreeMap<Timestamp, MessageId> = self
            .pending
            .iter()
            .filter_map(|(id, p)| Some((p.final_timestamp?, *id)))
            .collect();
        let tentative = self.pending.iter().filter(|(_, p)| p.final_timestamp.is_none());
        let tentative: Vec<MessageId> = tentative.map(|(id, _)| *id).collect();
        let mut commands = Vec::new();
        for id in finals.into_values().chain(tentative) {
            commands.extend(self.resume_one(id));
        }
        commands
    }

    fn resume_one(&mut self, id: MessageId) -> Vec<SenderCommand<P, R>> {
        let Some(pending) = self.pending.get(&id) else {
            return Vec::new();
        };
        let members = members_of(&self.view, &pending.groups);
        if members.is_empty() {
            self.pending.remove(&id);
            return vec![SenderCommand::Abandoned { id }];
        }
        if pending.final_timestamp.is_none() {
            return self.propose(id);
        }
        let behind: Vec<NodeId> = members.difference(&pending.delivered).copied().collect();
        if behind.is_empty() {
            return self.complete(id).into_iter().collect();
        }
        behind.into_iter().flat_map(|to| self.restate(to, id)).collect()
    }
}
