//! Nodes that an operator adds to the running cluster, and removes from it.
//!
//! ```text
//! Change(Add)    -> the next membership has it as absent  --Stored--> Changed; it enters like any other
//! Change(Remove) -> the next membership is without it     --Stored--> Changed, Unlink; when it calls: Left
//! ```
//!
//! A change waits for the next membership and is judged against that one, so that two which are fine alone cannot
//! take a group's last holder away together. A member whose group is new founds it; the last one of a group takes it along,
//! if that is what is meant, and the group is closed. Invariants: a group keeps an active member that is here, unless its state
//! is discarded in so many words; nothing is answered before the store holds it.

use std::collections::BTreeSet;

use multicast::id::Epoch;
use settings::{MAX_REPLICATED_GROUPS, REPLICATION_FAULTS};
use wire::message::{
    client::Refusal,
    membership::{Member, Membership, Role, Standing},
    roster::{Change, ChangeRefused, NewMember},
};

use super::{Caller, Command, GroupId, Incarnation, Micros, NodeId, Replication, refused, view::Stage};
use crate::roster;

/// The most nodes of one group: one more than crashes can be tolerated.
const MAX_GROUP_NODES: usize = *REPLICATION_FAULTS.end() as usize + 1;

impl Replication {
    /// Takes a change in; the next membership judges it.
    pub(super) fn handle_change(&mut self, caller: Caller, change: Change) -> Result<(), Refusal> {
        match (&self.stage, self.membership.owner) {
            (Stage::Following, Some(owner)) if owner != self.ownership.own() => {
                return Err(ChangeRefused::NotOwner { owner: owner.node }.into());
            }
            (Stage::Following | Stage::Gathering { .. } | Stage::Claiming { .. }, _) => {
                let reason = "the manager has just started".to_owned();
                return Err(Refusal::Unavailable { reason });
            }
            _ => {}
        }
        self.roster.ask(caller, change)
    }

    /// Makes the changes that may be made in the next membership, and refuses the others.
    pub(super) fn apply_changes(&mut self, next: &mut Membership) -> Vec<Command> {
        let mut refusals = Vec::new();
        for (caller, change) in self.roster.take_asked() {
            let applied = match change {
                Change::Add(new) => self.add(next, &new),
                Change::Remove { node, discard, .. } => self.remove(next, node, discard),
            };
            match applied {
                Ok(()) => self.roster.accept(caller),
                Err(refusal) => refusals.push(refused(caller, refusal.into())),
            }
        }
        refusals
    }

    fn add(&self, next: &mut Membership, new: &NewMember) -> Result<(), ChangeRefused> {
        let (node, role) = (new.node, new.role);
        roster::judge_new(next, Some(self.ownership.own().node), new)?;
        if role != Role::DataNode {
            return Err(ChangeRefused::WrongRole { role });
        }
        let open: BTreeSet<GroupId> = next.members.values().filter_map(|member| member.group).collect();
        let known = new.group.as_ref().and_then(|name| next.group_named(name));
        if known.is_none_or(|known| !open.contains(&known)) && open.len() >= MAX_REPLICATED_GROUPS {
            let (limit, of) = (MAX_REPLICATED_GROUPS, "groups".to_owned());
            return Err(ChangeRefused::Full { limit, of });
        }
        let group = roster::number_group(next, new)?;
        let peers = next.members.values().filter(|member| member.group == Some(group));
        let limit = MAX_GROUP_NODES;
        if peers.count() >= limit {
            let of = format!("data nodes of {group}");
            return Err(ChangeRefused::Full { limit, of });
        }
        next.left.remove(&node);
        next.members.insert(node, Member::absent(role, Some(group)));
        Ok(())
    }

    fn remove(&self, next: &mut Membership, node: NodeId, discard: bool) -> Result<(), ChangeRefused> {
        let member = next.members.get(&node);
        let Some(group) = member.and_then(|member| member.group) else {
            return Err(ChangeRefused::UnknownNode { node });
        };
        let peers = next.members.iter().filter(|(other, _)| **other != node);
        let peers = peers.filter(|(_, peer)| peer.group == Some(group));
        let (mut others, mut holders) = (0, 0);
        for (peer, member) in peers {
            others += 1;
            holders += usize::from(self.holds_in(member, *peer));
        }
        let is_active = member.is_some_and(|member| member.standing == Standing::Active);
        let is_here = member.is_some_and(|member| self.holds_in(member, node));
        let is_founded = next.founded.contains(&group);
        let is_lost = is_founded && holders == 0;
        let min_backups = self.cluster.min_backups;
        let closes = others == 0 && (discard || !is_founded);
        if !closes && (others == 0 || is_here && holders == 0) {
            return Err(ChangeRefused::LastHolder { node, group });
        }
        if is_active && is_lost && !discard {
            return Err(ChangeRefused::WouldLoseState { node });
        }
        if is_here && !closes && holders < 1 + min_backups {
            let left = holders - 1;
            return Err(ChangeRefused::TooFewBackups { left, min_backups });
        }
        next.members.remove(&node);
        next.left.insert(node);
        forget_if_nobody_holds(next, group);
        Ok(())
    }

    /// Whether this member of the next view holds its group's state and is here.
    fn holds_in(&self, member: &Member, node: NodeId) -> bool {
        member.standing == Standing::Active && self.linked.get(&node) == Some(&member.incarnation)
    }

    /// Whoever belongs to the cluster no more hears so when it calls again.
    pub(super) fn let_go_of_those_that_left(&mut self, now: Micros, before: &Membership) -> Vec<Command> {
        let stays = |(node, before): &(&NodeId, &Member)| {
            let after = self.membership.members.get(node);
            // Removed and added again within one membership, its life counts no more.
            after.is_some_and(|after| {
                let was_absent = before.incarnation == Incarnation(0);
                after.group == before.group && (was_absent || after.incarnation != Incarnation(0))
            })
        };
        let left = before.members.iter().filter(|member| !stays(member));
        let left: Vec<(NodeId, Option<GroupId>)> = left.map(|(node, member)| (*node, member.group)).collect();
        let mut commands = Vec::new();
        for (node, group) in left {
            tracing::info!(%node, "a node has left the cluster");
            self.dialled.remove(&node);
            self.linked.remove(&node);
            commands.push(Command::Unlink(node));
            commands.extend(self.refuse_reads_at(node));
            for nodes in [&mut self.to_remove, &mut self.to_admit, &mut self.to_join] {
                nodes.remove(&node);
            }
            commands.extend(
                group
                    .into_iter()
                    .flat_map(|group| self.forget_entry(now, group, node)),
            );
        }
        commands
    }
}

/// The group's last holder went with its data: it begins empty, whoever founds it, and whatever that one still holds.
/// Nobody who was a member before is one who may hold something by now.
fn forget_if_nobody_holds(next: &mut Membership, group: GroupId) {
    let peers = next.members.values_mut();
    let mut peers: Vec<&mut Member> = peers.filter(|peer| peer.group == Some(group)).collect();
    if peers.iter().any(|peer| peer.standing == Standing::Active) {
        return;
    }
    next.founded.retain(|founded| *founded != group);
    peers.iter_mut().for_each(|peer| peer.since = Epoch(0));
}
