//! The change from one view to the next: takeover, removal and admission are this one piece of code.
//!
//! Rule 5: seal all members of the new view; gather what each of them holds, whoever sent it; spread every final
//! timestamp that any of them (or this sender) knows; propose the rest again. The owner has put the new view
//! into the membership store before, so a sender that lost the swap never gets here.
//!
//! Invariant: a member hears of every known final timestamp *before* `View` opens the epoch to other senders.
//! Otherwise what one of them orders, later, could be delivered first where an older message is still on its way.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    message::{Held, Standing, ToMember},
    pending::Pending,
    sender::{Sender, SenderCommand},
    view::View,
};
use crate::id::{Epoch, MessageId, NodeId, Timestamp};

/// What one sealed member reported.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Report<P> {
    clock: u64,
    delivered: Timestamp,
    held: Vec<Held<P>>,
}

/// A view change under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sealing<P> {
    pub(super) epoch: Epoch,
    view: View,
    reports: BTreeMap<NodeId, Report<P>>,
}

impl<P: Clone, R: Clone + PartialEq> Sender<P, R> {
    /// Begins the view change to `view` under `epoch`, which must be larger than every one before; a view
    /// change under way is given up for it. A view without members is installed at once.
    ///
    /// For whoever put this view into the membership store, with itself as the owner. A former follower keeps what
    /// it has pending if it followed the epoch just before; otherwise that is orphaned. The owner seals anew when a
    /// link to a member breaks, and when another sender is gone: what that one left tentative blocks the queues.
    pub fn seal(&mut self, epoch: Epoch, view: View) -> Vec<SenderCommand<P, R>> {
        let sealing = Sealing {
            epoch,
            view,
            reports: BTreeMap::new(),
        };
        let members = sealing.view.everybody();
        let mut commands = self.begin_to_own(epoch);
        self.sealing = Some(sealing);
        if members.is_empty() {
            commands.extend(self.install_if_all_reported());
        }
        let seal = |to| SenderCommand::Send {
            to,
            message: ToMember::Seal { epoch },
        };
        commands.extend(members.into_iter().map(seal));
        commands
    }

    pub(super) fn handle_sealed(
        &mut self,
        from: NodeId,
        epoch: Epoch,
        clock: u64,
        delivered: Timestamp,
        held: Vec<Held<P>>,
    ) -> Vec<SenderCommand<P, R>> {
        let awaited =
            |sealing: &&mut Sealing<P>| sealing.epoch == epoch && sealing.view.group_of(from).is_some();
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
            let mut members = sealing.view.everybody().into_iter();
            members.all(|member| sealing.reports.contains_key(&member))
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
        if let Some(numbers) = &mut self.numbers {
            numbers.begin_epoch(epoch, clock);
        }
        self.adopt(reports);
        let mut commands = self.spread_finals();
        let announce = |to: &NodeId| SenderCommand::Send {
            to: *to,
            message: ToMember::View { epoch, clock },
        };
        commands.extend(self.delivered.keys().map(announce));
        commands.extend(self.propose_tentative());
        commands.extend(self.answer_wanting());
        // Whoever hears of an end may multicast at once, which must overtake nothing of this.
        let (mut commands, ends): (Vec<_>, Vec<_>) = commands
            .into_iter()
            .partition(|command| matches!(command, SenderCommand::Send { .. }));
        commands.extend(ends);
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
        let mut undelivered = BTreeSet::new();
        let mut holding = BTreeSet::new();
        let held = reports
            .into_iter()
            .flat_map(|(node, report)| report.held.into_iter().map(move |held| (node, held)));
        for (node, held) in held {
            holding.insert((node, held.id));
            if !matches!(held.standing, Standing::Delivered(_)) {
                undelivered.insert((node, held.id));
            }
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
        for (id, pending) in &mut self.pending {
            pending.proposals.clear();
            pending.is_proposed = pending.final_timestamp.is_some();
            let is_past = |node: &NodeId| {
                let delivered = self.delivered.get(node).copied().unwrap_or_default();
                let timestamp = pending.final_timestamp;
                timestamp.is_some_and(|timestamp| timestamp <= delivered)
            };
            let reached = |node: &NodeId| is_past(node) && !undelivered.contains(&(*node, *id));
            // Either it is stable there, or none of the group ever gets it: what one passed the others must not apply.
            let has_passed = |node: &NodeId| is_past(node) && !holding.contains(&(*node, *id));
            let view = &self.view;
            let passed_by_peer = |node: &NodeId| {
                let group = view.group_of(*node).filter(|_| !view.is_joining(*node));
                group.is_some_and(|group| view.active(group).any(|peer| has_passed(&peer)))
            };
            let voters = view.voters_of(&pending.groups);
            let delivered: BTreeSet<NodeId> = voters
                .into_iter()
                .filter(|node| reached(node) || passed_by_peer(node))
                .collect();
            pending.results.retain(|node, _| delivered.contains(node));
            pending.delivered = delivered;
        }
    }

    /// Every message whose final timestamp is known, in their order, to whoever has not delivered it.
    fn spread_finals(&mut self) -> Vec<SenderCommand<P, R>> {
        let finals = self.pending.iter();
        let finals = finals.filter_map(|(id, pending)| Some((pending.final_timestamp?, *id)));
        let finals: BTreeSet<(Timestamp, MessageId)> = finals.collect();
        finals.into_iter().flat_map(|(_, id)| self.spread(id)).collect()
    }

    fn spread(&mut self, id: MessageId) -> Vec<SenderCommand<P, R>> {
        let Some(pending) = self.pending.get(&id) else {
            return Vec::new();
        };
        let voters = self.view.voters_of(&pending.groups);
        if voters.is_empty() {
            return self.abandon(id);
        }
        let behind: Vec<NodeId> = voters.difference(&pending.delivered).copied().collect();
        if behind.is_empty() {
            return self.complete(id).into_iter().collect();
        }
        behind.into_iter().flat_map(|to| self.restate(to, id)).collect()
    }

    /// The rest by id, so that all members hear the same.
    fn propose_tentative(&mut self) -> Vec<SenderCommand<P, R>> {
        let tentative = self.pending.iter().filter(|(_, p)| p.final_timestamp.is_none());
        let tentative: Vec<MessageId> = tentative.map(|(id, _)| *id).collect();
        let mut commands = Vec::new();
        for id in tentative {
            let proposed = self.propose(id);
            let is_reached = !proposed.is_empty();
            commands.extend(if is_reached { proposed } else { self.abandon(id) });
        }
        commands
    }

    fn abandon(&mut self, id: MessageId) -> Vec<SenderCommand<P, R>> {
        self.pending.remove(&id);
        vec![SenderCommand::Abandoned { id }]
    }
}
