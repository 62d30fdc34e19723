//! Processes that come and go: who may enter, whose link is up, who is lost.
//!
//! A life that the membership calls active and that comes back never lost its memory: it only needs the view
//! to be sealed anew. Every other life has to enter its group and be given the state ([`super::entry`]).

use wire::message::{
    entry::{Enter, EnterReply, EntryRefused},
    membership::Role,
    replication::ToNode,
};

use super::{Command, Epoch, Incarnation, Micros, NodeId, Replication, is_active_life, view::Stage};
use crate::coordinator::EntryTicket;

impl Replication {
    pub(super) fn handle_entered(&mut self, now: Micros, ticket: EntryTicket, enter: Enter) -> Vec<Command> {
        if let Err(refused) = self.may_enter(&enter) {
            return vec![Command::Answer(ticket, EnterReply::Refused(refused))];
        }
        let Enter {
            node,
            incarnation,
            addresses,
            ..
        } = enter;
        let accepted = Command::Answer(ticket, EnterReply::Accepted);
        if self.linked.contains_key(&node) || self.dialled.get(&node).is_some_and(|d| d.0 == incarnation) {
            return vec![accepted]; // an answer of ours was lost; all is under way
        }
        self.log.note(node, |report| report.entered_at_us = Some(now.0));
        self.dialled.insert(node, (incarnation, addresses));
        vec![
            accepted,
            Command::Dial {
                node,
                incarnation,
                addresses,
            },
        ]
    }

    fn may_enter(&self, enter: &Enter) -> Result<(), EntryRefused> {
        let node = enter.node;
        if self.stage == Stage::Following {
            return Err(self.not_here());
        }
        if self.membership.left.contains(&node) {
            let epoch = self.membership.epoch;
            return Err(EntryRefused::Left { node, epoch });
        }
        let (Some(group), Role::DataNode) = (self.group_of(node), enter.role) else {
            return Err(EntryRefused::UnknownNode {
                node,
                role: enter.role,
            });
        };
        let dialled = self.dialled.get(&node).map(|(life, _)| life);
        match self.linked.get(&node).or(dialled) {
            Some(life) if *life == enter.incarnation => return Ok(()),
            // Of a missing member, which is called in vain, nobody knows whether that life still is.
            Some(_) if self.is_missing(node) => {}
            Some(_) => return Err(EntryRefused::IdInUse { node }),
            None => {}
        }
        let returns = self.is_active(node)
            && self
                .member(node)
                .is_some_and(|member| member.incarnation == enter.incarnation);
        if returns {
            return Ok(());
        }
        if matches!(self.stage, Stage::Gathering { .. } | Stage::Claiming { .. }) {
            let reason = "members of the last view may still come back".to_owned();
            return Err(EntryRefused::Busy { reason });
        }
        if self.is_lost(group) {
            return Err(EntryRefused::StateLost {
                missing: self.holders(group),
            });
        }
        if self.is_active(node) {
            return Err(EntryRefused::Busy {
                reason: format!("the last life of {node} is being removed"),
            });
        }
        Ok(())
    }

    pub(super) fn handle_linked(
        &mut self,
        now: Micros,
        node: NodeId,
        incarnation: Incarnation,
    ) -> Vec<Command> {
        let Some(group) = self.group_of(node) else {
            return vec![Command::Unlink(node)]; // removed while it was called
        };
        if self.stage == Stage::Following {
            return self.handle_linked_member(node, incarnation);
        }
        if self
            .dialled
            .get(&node)
            .is_none_or(|(life, _)| *life != incarnation)
        {
            return vec![Command::Unlink(node)]; // called, and let go of before it answered
        }
        self.linked.insert(node, incarnation);
        self.gone.remove(&node);
        if is_active_life(self.upcoming(), node, incarnation) {
            return self.handle_returned(now, node);
        }
        if let Some(group) = self.groups.get_mut(&group) {
            group.waiting_to_enter.push_back(node);
        }
        self.start_entries(now)
    }

    /// A member's link was broken and is there again; it never lost its memory. Messages may have gone
    /// astray meanwhile, so the view is sealed anew.
    fn handle_returned(&mut self, now: Micros, node: NodeId) -> Vec<Command> {
        self.reseal = true;
        self.to_remove.remove(&node);
        if self.is_active(node) {
            self.log.finished(node, now);
        }
        let mut commands = self.found_again(node);
        commands.extend(match self.stage {
            Stage::Gathering { .. } if self.all_returned() => self.end_gathering(now),
            Stage::Gathering { .. } => Vec::new(),
            _ => self.change_view_if_needed(),
        });
        commands
    }

    /// Calls every active member that is not here. It enters by itself only as long as no manager has let it in; one
    /// that a former owner let in does not know that it is missed here.
    pub(super) fn call_missing(&mut self) -> Vec<Command> {
        let missing = self.nodes().into_iter().filter(|node| self.is_missing(*node));
        let missing: Vec<NodeId> = missing.filter(|node| !self.dialled.contains_key(node)).collect();
        missing.into_iter().flat_map(|node| self.call(node)).collect()
    }

    fn is_missing(&self, node: NodeId) -> bool {
        self.is_active(node) && !self.is_present(node) && !self.linked.contains_key(&node)
    }

    /// Calls a member where the store says that it listens.
    pub(super) fn call(&mut self, node: NodeId) -> Option<Command> {
        let member = self.member(node)?;
        let (incarnation, addresses) = (member.incarnation, member.addresses?);
        self.dialled.insert(node, (incarnation, addresses));
        Some(Command::Dial {
            node,
            incarnation,
            addresses,
        })
    }

    /// A founder may have missed the word to found: its link, or the manager, was gone just then. Repeating
    /// it is harmless; nobody else can hold the group's state if nobody else was ever a member.
    pub(super) fn found_again(&self, node: NodeId) -> Vec<Command> {
        let group = self.group_of(node);
        let members = self.membership.members.iter();
        let mut peers = members.filter(|(other, member)| **other != node && member.group == group);
        let alone = peers.all(|(_, peer)| peer.incarnation == Incarnation(0) || peer.since == Epoch(0));
        if alone && self.is_active(node) {
            self.tell_founder(node).into_iter().collect()
        } else {
            Vec::new()
        }
    }

    /// The word to begin empty. Of a group that was founded before that was noted, everything a node holds is kept.
    pub(super) fn tell_founder(&self, node: NodeId) -> Option<Command> {
        let group = self.group_of(node)?;
        let began = self.membership.began.get(&group);
        let epoch = began.copied().unwrap_or_default();
        Some(Command::ToNode(node, ToNode::Found { epoch, group }))
    }

    pub(super) fn handle_lost(
        &mut self,
        now: Micros,
        node: NodeId,
        incarnation: Incarnation,
        reason: &str,
    ) -> Vec<Command> {
        let Some(group) = self.group_of(node) else {
            return Vec::new();
        };
        if self
            .dialled
            .get(&node)
            .is_none_or(|(life, _)| *life != incarnation)
        {
            return Vec::new(); // an older life, already dealt with
        }
        match self.linked.contains_key(&node) {
            true => tracing::warn!(%node, reason, "a node is lost"),
            false => tracing::debug!(%node, reason, "a node is called in vain"),
        }
        if self.stage == Stage::Following {
            return self.handle_lost_member(now, node, incarnation);
        }
        let was_member = self.is_present(node);
        let in_store = is_active_life(self.upcoming(), node, incarnation) && !was_member;
        self.dialled.remove(&node);
        self.linked.remove(&node);
        self.to_admit.remove(&node);
        self.to_join.remove(&node);
        self.give_up_joiner(node, incarnation);
        let mut commands = self.refuse_reads_at(node);
        if was_member {
            self.suspect(now, node);
        }
        if !in_store {
            commands.extend(self.forget_entry(now, group, node));
        }
        commands.extend(self.change_view_if_needed());
        commands
    }
}
