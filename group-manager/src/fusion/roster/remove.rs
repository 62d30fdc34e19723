//! One member less: what goes with it, and what the operator has to have said for that.
//!
//! A primary that serves goes in order: it is asked to leave, takes itself out of every sum, and is a member until then. One
//! that is lost goes only with the word to discard. Its part of the sums is nowhere else, so that it cannot be taken out of
//! them: the servers are rebuilt from the primaries that there are, and protect nobody until they are.

use multicast::id::NodeNames;
use wire::message::{membership::Member, roster::ChangeRefused};

use super::super::{
    succession::{close, stand_aside},
    *,
};

/// What the operator has agreed to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Consent {
    /// Data may go that nobody else has.
    pub(super) discard: bool,
    /// As few further crashes as this may be survived afterwards.
    pub(super) tolerating: Option<u32>,
}

impl FusionCoordinator {
    /// Takes a member out of the next membership, or lets it leave.
    pub(super) fn remove(
        &self,
        next: &mut Membership,
        node: NodeId,
        consent: Consent,
    ) -> Result<(), Refusal> {
        let member = next.members.get(&node);
        let role = member.map(|member| member.role);
        match role.ok_or(ChangeRefused::UnknownNode { node })? {
            Role::FusionServer => self.remove_server(next, node, consent),
            Role::Primary => self.remove_primary(next, node, consent.discard),
            role => Err(ChangeRefused::WrongRole { role }.into()),
        }
    }

    fn remove_primary(&self, next: &mut Membership, node: NodeId, discard: bool) -> Result<(), Refusal> {
        let member = &next.members[&node];
        if !is_founded_primary(next, member) {
            close(next, node);
            return Ok(());
        }
        if member.standing == Standing::Active {
            if self.awaited_primaries(next).contains(&node) {
                let reason = format!("whether {node} comes back is not known yet");
                return Err(Refusal::Unavailable { reason });
            }
            return match next.leaving.insert(node) {
                true => Ok(()),
                false => Err(ChangeRefused::Leaving { node }.into()),
            };
        }
        if !discard {
            return Err(ChangeRefused::WouldLoseState { node }.into());
        }
        if let Some(awaited) = self.awaited_primaries(next).first() {
            let reason = format!("whether {awaited} comes back is not known yet");
            return Err(Refusal::Unavailable { reason });
        }
        let missing = self.missing(next);
        let may_be_recovered =
            !missing.exceeds(self.cluster.faults()) && self.recoveries.given_up().is_none();
        if missing.primaries.len() > 1 && may_be_recovered {
            let reason = format!("{} are to be recovered first", NodeNames(&missing.names()));
            return Err(Refusal::Unavailable { reason });
        }
        self.discard(next, &[node]);
        close(next, node);
        Ok(())
    }

    fn remove_server(&self, next: &mut Membership, node: NodeId, consent: Consent) -> Result<(), Refusal> {
        let Consent { discard, tolerating } = consent;
        let is_active = next.members[&node].standing == Standing::Active;
        let others = next.members.iter().filter(|(other, _)| **other != node);
        let left = others
            .clone()
            .filter(|(other, member)| self.holds(**other, member))
            .count();
        let may_hold = others.filter(|(_, member)| is_active_server(member)).count();
        let missing = Missing::of(next).primaries;
        let awaited = self.awaited_primaries(next);
        let would_lose = is_active && left < missing.len();
        if would_lose && !discard {
            return Err(ChangeRefused::WouldLoseState { node }.into());
        }
        if let Some(primary) = awaited
            .first()
            .filter(|_| is_active && left < missing.len() + awaited.len())
        {
            let reason = format!("{primary} may be lost, and {node} is needed then");
            return Err(Refusal::Unavailable { reason });
        }
        let is_here = self.holds(node, &next.members[&node]);
        let min_backups = self.cluster.min_backups();
        if is_here && left < min_backups {
            return Err(ChangeRefused::TooFewBackups { left, min_backups }.into());
        }
        let tolerated = |servers: usize| servers.saturating_sub(missing.len()) as u32;
        let (now, left) = (tolerated(left + usize::from(is_here)), tolerated(left));
        if left < now && !would_lose && tolerating.is_none_or(|accepted| accepted > left) {
            return Err(ChangeRefused::WouldTolerateFewer { now, left }.into());
        }
        next.members.remove(&node);
        next.left.insert(node);
        // One that holds nothing loses nothing; what is beyond those that may come back, too, is lost already.
        if discard && (would_lose || !is_active && may_hold < missing.len()) {
            self.discard(next, &missing);
        }
        Ok(())
    }

    /// Gives up what these lost primaries held: their groups are as if never founded, the lives that held them never come
    /// back, and every fused server, whose sum contains what nobody can take out of it, waits to be rebuilt.
    fn discard(&self, next: &mut Membership, primaries: &[NodeId]) {
        for node in primaries {
            let Some(member) = next.members.get_mut(node) else {
                continue;
            };
            tracing::warn!(%node, group = ?member.group, "what it held is discarded");
            if let Some(holder) = self.holders.get(node) {
                next.discarded.insert(*node, *holder);
            }
            next.founded.retain(|group| Some(*group) != member.group);
            next.leaving.remove(node);
            stand_aside(member);
        }
        for member in next.members.values_mut() {
            let is_built = matches!(member.standing, Standing::Active | Standing::Joining);
            if member.role == Role::FusionServer && is_built {
                member.standing = Standing::Joining;
                member.since = Epoch(0);
            }
        }
    }

    /// Whether this fused server holds its whole state and is here.
    fn holds(&self, node: NodeId, member: &Member) -> bool {
        is_active_server(member) && self.lives.up(node).is_some()
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
}

fn is_active_server(member: &Member) -> bool {
    member.role == Role::FusionServer && member.standing == Standing::Active
}
