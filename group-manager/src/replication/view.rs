//! The way from one view to the next: store, seal, install.

use multicast::{id::Epoch, skeen::sender::View};
use wire::message::membership::{Membership, Standing};

use super::{BTreeSet, Command, GroupId, Micros, NodeId, Replication};

/// Where the way to the next view stands.
#[derive(Debug, PartialEq)]
pub(super) enum Stage {
    /// The manager started over an older membership; its members may still come back.
    Gathering {
        /// Until then.
        deadline: Micros,
    },
    /// A view is in force.
    Steady,
    /// The next membership is on its way into the store.
    Storing {
        /// That membership.
        next: Membership,
    },
    /// It is stored; its members are being sealed.
    Sealing,
    /// Somebody else owns the view, or nobody does yet.
    Following,
    /// The membership with this manager as its owner, and nothing else changed, is on its way into the store: the
    /// others shall follow, and members enter here, before the next view is made.
    Claiming {
        /// That membership.
        next: Membership,
    },
}

impl Stage {
    /// Gathering, if anybody is to be waited for.
    pub(super) fn at_start(membership: &Membership, deadline: Micros) -> Self {
        let any_active = membership
            .members
            .values()
            .any(|member| member.standing == Standing::Active);
        if any_active {
            Self::Gathering { deadline }
        } else {
            Self::Steady
        }
    }
}

impl Replication {
    /// Takes the way to the next view if there is a reason to and nothing stands before it.
    pub(super) fn change_view_if_needed(&mut self) -> Vec<Command> {
        let sets = [&self.to_remove, &self.to_admit, &self.to_join];
        let needed = self.reseal || sets.into_iter().any(|nodes| !nodes.is_empty());
        let free = matches!(self.stage, Stage::Steady | Stage::Sealing);
        if !free || !needed && !self.roster.is_asked() {
            return Vec::new();
        }
        let mut next = self.next_membership();
        let mut commands = self.apply_changes(&mut next);
        if !needed && !self.roster.is_storing() {
            return commands;
        }
        self.reseal = false;
        self.to_remove.clear();
        self.to_admit.clear();
        self.to_join.clear();
        self.stage = Stage::Storing { next: next.clone() };
        commands.push(Command::Store {
            expected: self.membership.epoch,
            next: Box::new(next),
        });
        commands
    }

    fn next_membership(&self) -> Membership {
        let mut next = self.membership.clone();
        next.epoch = self.membership.epoch.next();
        next.owner = Some(self.ownership.own());
        for node in &self.to_remove {
            if let Some(member) = next.members.get_mut(node) {
                member.standing = Standing::Removed;
            }
        }
        self.let_join(&mut next);
        for node in &self.to_admit {
            let Some(member) = next.members.get_mut(node) else {
                continue;
            };
            let Some(incarnation) = self.linked.get(node) else {
                continue;
            };
            member.standing = Standing::Active;
            member.incarnation = *incarnation;
            member.since = next.epoch;
            member.addresses = self.dialled.get(node).map(|(_, addresses)| *addresses);
            let is_new = |group: &GroupId| !self.membership.founded.contains(group);
            if let Some(group) = member.group.filter(is_new) {
                next.founded.push(group);
                next.began.insert(group, next.epoch);
            }
        }
        next.founded.sort_unstable();
        next.founded.dedup();
        next
    }

    pub(super) fn handle_stored(&mut self, now: Micros, epoch: Epoch) -> Vec<Command> {
        if let Stage::Claiming { next } = &self.stage
            && next.epoch == epoch
        {
            let next = next.clone();
            return self.handle_claimed(now, next);
        }
        let Stage::Storing { next } = &mut self.stage else {
            return Vec::new();
        };
        if next.epoch != epoch {
            return Vec::new();
        }
        let newly_founded: Vec<GroupId> = next
            .founded
            .iter()
            .filter(|group| !self.membership.founded.contains(group))
            .copied()
            .collect();
        let before = std::mem::replace(&mut self.membership, std::mem::take(next));
        self.know_groups();
        self.stage = Stage::Sealing;
        self.lost_keepers.clear();
        let mut commands = self.roster.stored(epoch);
        commands.extend(self.let_go_of_those_that_left(now, &before));
        self.suspect_unlinked(now);
        self.let_joiners_of_lost_groups_go();
        let founders = newly_founded.into_iter().flat_map(|group| self.present(group));
        commands.extend(founders.filter_map(|node| self.tell_founder(node)));
        commands.extend(self.tell_joiners());
        commands.extend(self.change_view_if_needed());
        if self.stage != Stage::Sealing {
            return commands; // that one is sealed, when it is stored
        }
        self.sealed_at = now;
        let seal = self.sender.seal(epoch, self.view());
        commands.extend(self.carry_out(now, seal));
        commands
    }

    /// A node that was lost while its admission was on its way into the store.
    fn suspect_unlinked(&mut self, now: Micros) {
        for node in self.nodes() {
            let unlinked = self.is_active(node) && !self.is_present(node);
            let group = self.group_of(node);
            let others = group.is_some_and(|group| !self.present(group).is_empty());
            if unlinked && others && self.to_remove.insert(node) {
                self.log.crashed(node, now);
            }
        }
    }

    /// The present members of each group, active and joining: those that the multicast addresses.
    fn view(&self) -> View {
        let joining: BTreeSet<NodeId> = self.joining().collect();
        let voters = |group: &GroupId| -> BTreeSet<NodeId> {
            let is_of_group = |node: &NodeId| self.group_of(*node) == Some(*group);
            let joining = joining.iter().copied().filter(is_of_group);
            self.present(*group).into_iter().chain(joining).collect()
        };
        let groups = self.groups.keys().map(|group| (*group, voters(group)));
        View::new(groups.collect(), joining.clone())
    }

    pub(super) fn handle_installed(&mut self, now: Micros) -> Vec<Command> {
        if self.stage != Stage::Sealing {
            return Vec::new(); // the next view is on its way into the store, and will be installed
        }
        self.stage = Stage::Steady;
        tracing::info!(epoch = %self.membership.epoch, "a view is in force");
        let removed = |node: &NodeId| !self.is_active(*node);
        for node in self.nodes().into_iter().filter(removed).collect::<Vec<_>>() {
            self.log.note(node, |report| {
                report.removed_at_us.get_or_insert(now.0);
            });
        }
        self.note_pause(now);
        let mut commands = self.finish_entries(now);
        commands.extend(self.restart_streams(now));
        commands.extend(self.close_lost_doors());
        commands.extend(self.start_entries(now));
        commands.extend(self.change_view_if_needed());
        for group in self.groups.keys().copied().collect::<Vec<_>>() {
            commands.extend(self.pump(now, group));
        }
        commands
    }

    pub(super) fn on_tick(&mut self, now: Micros) -> Vec<Command> {
        match self.stage {
            Stage::Gathering { deadline } if now >= deadline => self.end_gathering(now),
            Stage::Gathering { .. } => self.call_missing(),
            Stage::Steady => {
                let mut commands = self.start_entries(now);
                commands.extend(self.replace_lost_keepers(now));
                commands.extend(self.call_missing());
                commands
            }
            Stage::Following => self.on_tick_following(now),
            _ => Vec::new(),
        }
    }

    /// Whether no active member is missing.
    pub(super) fn all_returned(&self) -> bool {
        self.nodes()
            .iter()
            .all(|node| !self.is_active(*node) || self.is_present(*node))
    }

    /// Whoever of the last view has not come back is treated as crashed.
    pub(super) fn end_gathering(&mut self, now: Micros) -> Vec<Command> {
        self.stage = Stage::Steady;
        self.reseal = true;
        let is_missing = |node: &NodeId| self.is_active(*node) && !self.is_present(*node);
        for node in self.nodes().into_iter().filter(is_missing).collect::<Vec<_>>() {
            self.suspect(now, node);
        }
        self.change_view_if_needed()
    }

    /// An active member is gone: it is removed, unless it is the last that holds the group's state.
    pub(super) fn suspect(&mut self, now: Micros, node: NodeId) {
        self.log.crashed(node, now);
        let Some(group) = self.group_of(node) else {
            return;
        };
        if self.present(group).is_empty() {
            self.reseal = true;
        } else {
            self.to_remove.insert(node);
        }
    }
}
