//! Fused servers that an operator adds to the running cluster, and removes from it.
//!
//! ```text
//! Change(Add)    -> the next membership has it as absent  --Stored--> Changed; it enters, is rebuilt, and counts
//! Change(Remove) -> the next membership is without it     --Stored--> Changed, View without it, Unlink
//! ```
//!
//! Primaries come and go with the cluster file only: a group's number is its column of the code. Invariants: a server keeps
//! its row for as long as it belongs to the cluster, and no two have one row; f is the number of servers; a server
//! goes only if the others can make good for every missing primary, or its data is discarded in so many words.

use std::collections::BTreeSet;

use settings::{FUSION_FAULTS, MAX_PRIMARIES_AND_FUSION_SERVERS};
use wire::message::{
    membership::Member,
    roster::{Change, ChangeRefused, NewMember},
};

use super::*;
use crate::{coordinator::Caller, roster};

impl FusionCoordinator {
    /// Takes a change in; the next membership judges it.
    pub(super) fn handle_change(&mut self, caller: Caller, change: Change) -> Vec<Command> {
        let taken = self.roster.ask(caller, change).err();
        let refuse = |refusal| Command::Reply(caller, ReplyBody::Refused(refusal));
        taken.into_iter().map(refuse).collect()
    }

    /// The next membership with the changes that may be made; refusals of the others.
    pub(super) fn apply_changes(&mut self, next: &mut Option<Membership>) -> Vec<Command> {
        let mut refusals = vec![];
        if !self.roster.is_asked() {
            return refusals;
        }
        let mut changed = next.clone().unwrap_or_else(|| Membership {
            epoch: self.membership.epoch.next(),
            ..self.membership.clone()
        });
        for (caller, change) in self.roster.take_asked() {
            let applied = match change {
                Change::Add(new) => add(&mut changed, &new).map_err(Refusal::from),
                Change::Remove { node, discard } => self.remove(&mut changed, node, discard),
            };
            match applied {
                Ok(()) => self.roster.accept(caller),
                Err(refused) => refusals.push(Command::Reply(caller, ReplyBody::Refused(refused))),
            }
        }
        if self.roster.is_storing() {
            *next = Some(changed);
        }
        refusals
    }

    fn remove(&self, next: &mut Membership, node: NodeId, discard: bool) -> Result<(), Refusal> {
        let member = next.members.get(&node);
        let member = member.ok_or(ChangeRefused::UnknownNode { node })?;
        let role = member.role;
        if role != Role::FusionServer {
            return Err(ChangeRefused::WrongRole { role }.into());
        }
        let is_active = member.standing == Standing::Active;
        let others = next.members.iter().filter(|(other, _)| **other != node);
        let left = others
            .filter(|(other, member)| self.holds(**other, member))
            .count();
        let missing = Missing::of(next).primaries.len();
        let awaited = self.awaited_primaries(next);
        if is_active && left < missing && !discard {
            return Err(ChangeRefused::WouldLoseState { node }.into());
        }
        if let Some(primary) = awaited
            .first()
            .filter(|_| is_active && left < missing + awaited.len())
        {
            let reason = format!("{primary} may be lost, and {node} is needed then");
            return Err(Refusal::Unavailable { reason });
        }
        let is_missed = self.lives.get(node).is_none_or(|life| life.link == Link::Missed);
        let min_backups = self.cluster.min_backups();
        if is_active && !is_missed && left < min_backups {
            return Err(ChangeRefused::TooFewBackups { left, min_backups }.into());
        }
        next.members.remove(&node);
        next.left.insert(node);
        Ok(())
    }

    /// Whether this fused server holds its whole state and is here.
    fn holds(&self, node: NodeId, member: &Member) -> bool {
        let is_server = member.role == Role::FusionServer && member.standing == Standing::Active;
        is_server && self.lives.up(node).is_some()
    }

    /// Primaries with data that count as active and are not here: whether they come back nobody knows yet.
    fn awaited_primaries(&self, next: &Membership) -> Vec<NodeId> {
        let is_awaited = |(node, member): &(&NodeId, &Member)| {
            let is_active = is_founded_primary(next, member) && member.standing == Standing::Active;
            let is_here = |life: &Life| life.incarnation == member.incarnation;
            is_active && !self.lives.up(**node).is_some_and(is_here)
        };
        let awaited = next.members.iter().filter(is_awaited);
        awaited.map(|(node, _)| *node).collect()
    }

    /// Whoever belongs to the cluster no more hears so when it calls again.
    pub(super) fn let_go_of_those_that_left(&mut self, before: &Membership) -> Vec<Command> {
        let stays = |node: &NodeId, before: &Member| {
            let after = self.membership.members.get(node);
            let is_server = before.role == Role::FusionServer;
            // Removed and added again within one membership, its life counts no more.
            after.is_some_and(|after| {
                !is_server || before.incarnation == Incarnation(0) || after.incarnation != Incarnation(0)
            })
        };
        let left = before
            .members
            .iter()
            .filter(|(node, before)| !stays(node, before));
        let left: Vec<NodeId> = left.map(|(node, _)| *node).collect();
        let mut commands = vec![];
        for node in &left {
            tracing::info!(%node, "it has left the cluster");
            self.lives.forget(*node);
            self.servers.remove(node);
            self.recoveries.circumstances_changed();
            commands.push(Command::Unlink(*node));
        }
        commands
    }

    /// This manager owns the cluster no more: another one is to be asked.
    pub(super) fn give_up_changes(&mut self) -> Vec<Command> {
        self.roster.give_up()
    }
}

/// A server takes the first row that nobody has.
fn add(next: &mut Membership, new: &NewMember) -> Result<(), ChangeRefused> {
    let (node, role) = (new.node, new.role);
    roster::judge_new(next, next.owner.map(|owner| owner.node), new)?;
    if role != Role::FusionServer {
        return Err(ChangeRefused::WrongRole { role });
    }
    let servers = next.members.values().filter(|member| member.role == role);
    let rows: BTreeSet<u8> = servers.filter_map(|member| member.row).collect();
    let full = |limit: usize, of: &str| {
        let of = of.to_owned();
        Err(ChangeRefused::Full { limit, of })
    };
    let limit = *FUSION_FAULTS.end() as usize;
    if rows.len() >= limit {
        return full(limit, "fused servers");
    }
    if next.members.len() >= MAX_PRIMARIES_AND_FUSION_SERVERS {
        return full(MAX_PRIMARIES_AND_FUSION_SERVERS, "primaries and fused servers");
    }
    let mut member = Member::absent(role, None);
    member.row = (0..=u8::MAX).find(|row| !rows.contains(row));
    next.left.remove(&node);
    next.members.insert(node, member);
    Ok(())
}
