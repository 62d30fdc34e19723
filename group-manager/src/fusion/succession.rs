//! The next membership: what the stored one becomes by all that happened since.
//!
//! The rules are applied to the membership as a whole, so changes that come while the store is being written
//! are taken together. Nothing here has an effect; effects follow when the store has the result.
//!
//! Invariants: a group whose founder was told to begin is never founded again; a primary is active only if it founded its
//! group, came back with its memory, or was decoded in a complete attempt; a fused server becomes active only
//! when every primary with data has caught it up, or while no group was ever founded.

use std::collections::BTreeMap;

use multicast::id::{Epoch, Incarnation, NodeId};
use wire::message::membership::{Member, Membership, Role, Standing};

use super::{
    life::{Life, Lives},
    missing::{Missing, is_founded_primary},
    primary_desk::PrimaryDesk,
    recoveries::Recoveries,
    server_desk::ServerDesk,
};
use crate::coordinator::Micros;

/// Everything the next membership follows from.
pub(super) struct Succession<'a> {
    /// f.
    pub(super) faults: usize,
    /// What the store holds.
    pub(super) stored: &'a Membership,
    /// Who lives.
    pub(super) lives: &'a Lives,
    /// What was said with the fused servers.
    pub(super) servers: &'a BTreeMap<NodeId, ServerDesk>,
    /// What was said with the primaries.
    pub(super) primaries: &'a BTreeMap<NodeId, PrimaryDesk>,
    /// The life of each primary that holds its structure, or held it last.
    pub(super) holders: &'a BTreeMap<NodeId, Incarnation>,
    /// The founders that were not told to begin.
    pub(super) hollow: &'a BTreeMap<NodeId, Incarnation>,
    /// What is being recovered.
    pub(super) recoveries: &'a Recoveries,
    /// When.
    pub(super) now: Micros,
}

impl Succession<'_> {
    /// The membership to be stored next, if it is to change, or an attempt needs an epoch of its own.
    pub(super) fn next(&self) -> Option<Membership> {
        let mut next = self.already_certain();
        next.epoch = self.stored.epoch.next();
        self.let_the_cleared_go(&mut next);
        self.return_the_suspected(&mut next);
        self.let_replacements_join(&mut next);
        self.let_servers_join(&mut next);
        self.order_rebuilds(&mut next);
        self.found(&mut next);
        let changed = next.members != self.stored.members || next.founded != self.stored.founded;
        (changed || self.needs_epoch(&next)).then_some(next)
    }

    /// The stored membership without those whose life is over, and with those who are recovered or rebuilt:
    /// what decisions about faults go by while the store lags behind. Its epoch is the stored one.
    pub(super) fn already_certain(&self) -> Membership {
        let mut certain = self.stored.clone();
        self.remove_the_lost(&mut certain);
        self.activate_the_recovered(&mut certain);
        self.activate_the_rebuilt(&mut certain);
        certain
    }

    /// A founder that was never told to begin leaves nothing behind: its group is as if never founded.
    fn remove_the_lost(&self, next: &mut Membership) {
        for (node, member) in &mut next.members {
            let is_member = matches!(member.standing, Standing::Active | Standing::Joining);
            if !is_member || self.lives.goes_on(*node, member.incarnation) {
                continue;
            }
            if self.hollow.get(node) == Some(&member.incarnation) {
                next.founded.retain(|group| Some(*group) != member.group);
                stand_aside(member);
                continue;
            }
            if member.standing == Standing::Joining && member.role == Role::Primary {
                // What was removed is the life that held the structure; this one never did.
                member.incarnation = self.holders.get(node).copied().unwrap_or_default();
                member.addresses = None;
            }
            member.standing = Standing::Removed;
        }
    }

    fn activate_the_recovered(&self, next: &mut Membership) {
        let Some(attempt) = self.recoveries.current().filter(|attempt| attempt.is_complete()) else {
            return;
        };
        for node in attempt.scene().replacements.keys() {
            // One that is no member any more was discarded meanwhile.
            let Some(member) = next.members.get_mut(node) else {
                continue;
            };
            if member.standing == Standing::Joining {
                member.standing = Standing::Active;
                member.since = self.stored.epoch.next();
            }
        }
    }

    /// A primary that caught the server up and was lost since is no obstacle: whatever it acknowledged after
    /// that, the server had to have.
    fn activate_the_rebuilt(&self, next: &mut Membership) {
        let with_data: Vec<NodeId> = founded_primaries(next).map(|(node, _)| node).collect();
        for (node, member) in servers_mut(next) {
            let caught_up = self.servers.get(&node).is_some_and(|desk| {
                desk.rebuild == member.since
                    && desk.broken.is_none()
                    && with_data.iter().all(|primary| desk.caught_up.contains(primary))
            });
            if member.standing == Standing::Joining && member.since != Epoch(0) && caught_up {
                member.standing = Standing::Active;
            }
        }
    }

    /// Primaries that are to leave go once nothing of them is in the fused servers. Not while one of these is being rebuilt
    /// with an image of theirs, nor beside a recovery, which counts on who is live.
    fn let_the_cleared_go(&self, next: &mut Membership) {
        let is_rebuilt =
            servers_mut(next).any(|(_, m)| m.standing == Standing::Joining && m.since != Epoch(0));
        for node in self.stored.leaving.iter().copied() {
            let Some(member) = next.members.get(&node) else {
                continue;
            };
            let has_nothing = !is_founded_primary(next, member);
            let desk = self.primaries.get(&node);
            let is_cleared = member.standing == Standing::Active
                && self
                    .lives
                    .up(node)
                    .is_some_and(|life| life.incarnation == member.incarnation)
                && desk.is_some_and(|desk| desk.cleared == member.since);
            if has_nothing || is_cleared && !is_rebuilt && !self.recoveries.is_under_way() {
                close(next, node);
            }
        }
    }

    fn return_the_suspected(&self, next: &mut Membership) {
        let epoch = next.epoch;
        for (node, member) in &mut next.members {
            if member.role == Role::Primary && member.standing == Standing::Removed {
                let is_holder = |life: &&Life| {
                    life.incarnation == member.incarnation && life.incarnation != Incarnation(0)
                };
                let back = self.lives.up(*node).filter(is_holder);
                if let Some(life) = back {
                    stand(member, Standing::Active, epoch, life);
                }
            }
        }
    }

    fn let_replacements_join(&self, next: &mut Membership) {
        if self.recoveries.is_under_way() || self.missing(next).exceeds(self.faults) {
            return;
        }
        let removed: Vec<NodeId> = founded_primaries(next)
            .filter(|(_, member)| member.standing == Standing::Removed)
            .map(|(node, _)| node)
            .collect();
        for node in removed {
            let member = next.members.get_mut(&node).expect("just found");
            if let Some(life) = self.lives.up(node) {
                let since = member.since;
                stand(member, Standing::Joining, since, life);
            }
        }
    }

    fn missing(&self, membership: &Membership) -> Missing {
        let missed = self.lives.missed();
        Missing::of(membership).and_servers(missed.into_iter().map(|(node, _)| node))
    }

    fn let_servers_join(&self, next: &mut Membership) {
        for (node, member) in servers_mut(next) {
            if matches!(member.standing, Standing::Absent | Standing::Removed)
                && let Some(life) = self.lives.up(node)
            {
                stand(member, Standing::Joining, Epoch(0), life);
            }
        }
    }

    /// A joining server's `since` is the epoch of its rebuild, 0 while it waits for one. A rebuild cannot be
    /// completed while a primary with data is missing, so it is ordered when all of them are there.
    fn order_rebuilds(&self, next: &mut Membership) {
        let epoch = next.epoch;
        let possible = founded_primaries(next).all(|(_, member)| member.standing == Standing::Active);
        let nothing_to_rebuild = next.founded.is_empty();
        for (node, member) in servers_mut(next).filter(|(_, member)| member.standing == Standing::Joining) {
            let broken = self.servers.get(&node).and_then(|desk| desk.broken);
            let to_be_ordered =
                member.since == Epoch(0) || broken.is_some_and(|retry_at| retry_at <= self.now);
            if !possible {
                member.since = Epoch(0);
            } else if to_be_ordered {
                member.since = epoch;
                if nothing_to_rebuild {
                    member.standing = Standing::Active;
                }
            }
        }
    }

    /// Founds groups whose primary is there. Not beside a recovery, which counts on who is live; and not in
    /// the epoch in which a server becomes active empty: it is told that before there is anything to hold.
    fn found(&self, next: &mut Membership) {
        let epoch = next.epoch;
        let server_begins =
            servers_mut(next).any(|(_, m)| m.standing == Standing::Active && m.since == epoch);
        if self.recoveries.is_under_way() || server_begins {
            return;
        }
        for (node, member) in &mut next.members {
            let (Some(group), Some(life)) = (member.group, self.lives.up(*node)) else {
                continue;
            };
            let stays = !next.leaving.contains(node);
            if member.standing == Standing::Absent && stays && !next.founded.contains(&group) {
                stand(member, Standing::Active, epoch, life);
                next.founded.push(group);
                next.began.insert(group, epoch);
            }
        }
        next.founded.sort_unstable();
    }

    fn needs_epoch(&self, next: &Membership) -> bool {
        let waiting = founded_primaries(next).any(|(_, member)| member.standing == Standing::Joining);
        waiting && self.recoveries.is_due(self.now) && !self.recoveries.is_fresh(self.stored.epoch)
    }
}

/// The primary belongs to the cluster no more, and its group holds nothing.
pub(super) fn close(next: &mut Membership, node: NodeId) {
    let group = next.members.remove(&node).and_then(|member| member.group);
    next.founded.retain(|founded| Some(*founded) != group);
    next.leaving.remove(&node);
    next.left.insert(node);
}

pub(super) fn stand_aside(member: &mut Member) {
    member.standing = Standing::Absent;
    member.incarnation = Incarnation(0);
    member.addresses = None;
}

fn stand(member: &mut Member, standing: Standing, since: Epoch, life: &Life) {
    member.standing = standing;
    member.since = since;
    member.incarnation = life.incarnation;
    member.addresses = life.addresses;
}

fn founded_primaries(membership: &Membership) -> impl Iterator<Item = (NodeId, &Member)> {
    let founded = |member: &Member| is_founded_primary(membership, member);
    membership
        .members
        .iter()
        .filter(move |(_, member)| founded(member))
        .map(|(node, member)| (*node, member))
}

fn servers_mut(membership: &mut Membership) -> impl Iterator<Item = (NodeId, &mut Member)> {
    let servers = membership
        .members
        .iter_mut()
        .filter(|(_, member)| member.role == Role::FusionServer);
    servers.map(|(node, member)| (*node, member))
}
