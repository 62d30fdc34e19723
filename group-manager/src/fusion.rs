//! The manager's core for fusion: who is a member, and what primaries and fused servers do next.
//!
//! ```text
//! founding   CAS(active) -> Admit to all servers -> Admitted -> View, Found
//! rebuild    CAS(joining) -> Rebuild -> View(joining) -> CaughtUp from all primaries -> CAS(active) -> View
//! crash      CAS(removed) -> View without the server, or Fence of the primary
//! recovery   CAS(joining) -> Fence -> Cut -> Residual, Recover -> Installed -> CAS(active)
//!            -> Admit -> Admitted -> View, Resume
//! ```
//!
//! DESIGN, "Fusion" and "Membership store". The core keeps three things apart: what *is* (`life`), what is
//! *stored* (the membership), and what each process *was told* (the desks). Every event changes one of them;
//! then what the others lack is derived anew: the next membership from what is (`succession`), the next
//! messages from what is stored (`orders`). So the order of events does not matter, and an event that comes
//! while the store is being written waits there and is taken with the others.
//!
//! Invariants: nothing is said that the store does not hold; a server is left out of a view only after its
//! removal is stored; a founded group is never told to begin empty again; more than f missing change nothing.

mod attempt;
mod client;
mod cluster;
mod defect;
mod entry;
mod life;
mod missing;
mod orders;
mod primary_desk;
mod recoveries;
mod restart;
mod roster;
mod scene;
mod server_desk;
mod speech;
mod standby;
mod stored;
mod succession;

use std::collections::BTreeMap;

use multicast::{
    id::{Epoch, Incarnation, NodeId},
    planted::Planted,
};
use wire::message::{
    client::{RecoveryReport, Refusal, ReplyBody},
    entry::{EnterReply, EntryRefused},
    fusion::{FromPrimary, FromServer},
    membership::{Membership, Role, Standing},
};

pub use self::{
    cluster::{FusionCluster, FusionClusterError, PrimaryPlace, ServerPlace},
    defect::Defect,
    restart::ForeignMembership,
    standby::FusedManager,
};
use self::{
    life::{Life, Link, Lives},
    missing::{Missing, is_founded_primary},
    primary_desk::PrimaryDesk,
    recoveries::Recoveries,
    scene::Scene,
    server_desk::ServerDesk,
    succession::Succession,
};
use crate::{
    coordinator::{Command, Coordinator, Event, Micros},
    recovery_log::RecoveryLog,
    roster::RosterDesk,
};

/// Why nothing is done any more once another manager wrote the store.
const SUPERSEDED: &str = "another manager owns this cluster";

/// The coordinator of a fused cluster.
#[derive(Debug)]
pub struct FusionCoordinator {
    cluster: FusionCluster,
    /// What the store holds.
    membership: Membership,
    /// What it is being asked to hold.
    in_flight: Option<Membership>,
    /// Another manager wrote the store: this one has nothing to say.
    superseded: bool,
    lives: Lives,
    /// One for each fused server that listens.
    servers: BTreeMap<NodeId, ServerDesk>,
    /// One for each primary that listens.
    primaries: BTreeMap<NodeId, PrimaryDesk>,
    /// The life of each primary that holds its structure, or held it last.
    holders: BTreeMap<NodeId, Incarnation>,
    /// Primaries whose group is founded in the store, but that were not told so yet.
    hollow: BTreeMap<NodeId, Incarnation>,
    /// The lives that were told to begin empty, or may have been by the manager before: that word may have got lost.
    summoned: BTreeMap<NodeId, Incarnation>,
    recoveries: Recoveries,
    /// Changes of who belongs to the cluster.
    roster: RosterDesk,
    /// Removed servers that some active primary may still wait for, and since which epoch it need not.
    departures: BTreeMap<NodeId, Epoch>,
    /// Until then a link that ends proves nothing: this process was held up, and others hung up on it.
    forgiving_until: Micros,
    /// When each recovered primary said that it holds its structure.
    installed_at: BTreeMap<NodeId, Micros>,
    log: RecoveryLog,
    planted: Planted<Defect>,
}

impl FusionCoordinator {
    fn succession(&self, now: Micros) -> Succession<'_> {
        Succession {
            faults: self.cluster.faults(),
            stored: &self.membership,
            lives: &self.lives,
            servers: &self.servers,
            primaries: &self.primaries,
            holders: &self.holders,
            hollow: &self.hollow,
            recoveries: &self.recoveries,
            now,
        }
    }

    /// Derives everything that follows from the last event.
    fn proceed(&mut self, now: Micros) -> Vec<Command> {
        let mut commands = self.let_go_of_the_excess(now);
        commands.extend(self.give_orders(now));
        self.note_departures(now);
        if self.in_flight.is_some() {
            return commands;
        }
        let mut next = self.succession(now).next();
        commands.extend(self.apply_changes(&mut next));
        match next {
            Some(next) => {
                commands.push(Command::Store {
                    expected: self.membership.epoch,
                    next: Box::new(next.clone()),
                });
                self.in_flight = Some(next);
            }
            None => commands.extend(self.begin_recovery(now)),
        }
        commands
    }

    /// Begins an attempt once the store is at rest, so that losses and entries that come together are
    /// recovered together.
    fn begin_recovery(&mut self, now: Micros) -> Vec<Command> {
        let scene = Scene::of(&self.cluster, &self.membership);
        // A member that came back while the store was written may still be being called.
        let servers = scene.servers.iter().map(|(node, _)| node);
        let mut parties = servers.chain(scene.replacements.keys());
        let all_up = parties.all(|node| self.listens(*node, &self.membership.members[node]));
        let due = self.recoveries.is_due(now) && self.recoveries.is_fresh(self.membership.epoch);
        let possible = scene.losses.len() <= scene.servers.len();
        if scene.replacements.is_empty() || !all_up || !due || !possible {
            return vec![];
        }
        self.recoveries.begin(self.membership.epoch, scene, self.planted)
    }

    /// A node's life is over, as far as anyone can tell.
    fn handle_lost(
        &mut self,
        now: Micros,
        node: NodeId,
        incarnation: Incarnation,
        reason: &str,
    ) -> Vec<Command> {
        let Some(life) = self.lives.lost(node, incarnation) else {
            return vec![];
        };
        self.servers.remove(&node);
        self.primaries.remove(&node);
        self.await_if_it_may_return(now, node, &life);
        let is_member = self.membership.members.get(&node).is_some_and(|member| {
            member.incarnation == incarnation
                && matches!(member.standing, Standing::Active | Standing::Joining)
        });
        if is_member || life.link == Link::Up {
            tracing::warn!(%node, %incarnation, reason, "lost");
            self.log.crashed(node, now);
        }
        self.recoveries.circumstances_changed();
        match self.recoveries.current() {
            Some(attempt) if attempt.is_complete() => {
                self.recoveries.lose_replacement(node);
                vec![]
            }
            Some(attempt) if attempt.scene().involves(node) => self.abandon_recovery(),
            _ => vec![],
        }
    }

    /// An active member that is lost while this process was held up has time to enter again. A fused server
    /// whose loss would make one too many, with a primary missing, is waited for without limit: removing it
    /// would give up what only it still has.
    fn await_if_it_may_return(&mut self, now: Micros, node: NodeId, life: &Life) {
        let Some(member) = self.membership.members.get(&node) else {
            return;
        };
        if member.incarnation != life.incarnation || member.standing != Standing::Active {
            return;
        }
        if now < self.forgiving_until && life.link == Link::Up {
            self.lives.expect(node, member, self.forgiving_until);
        } else if self.is_irreplaceable(now, node) {
            tracing::error!(%node, "a fused server that a missing primary needs is lost; it is waited for");
            self.lives.miss(node, member);
        }
    }

    /// Whether what a fused server holds is needed for a missing primary and cannot be had without it.
    fn is_irreplaceable(&self, now: Micros, node: NodeId) -> bool {
        let certain = self.succession(now).already_certain();
        let missing = self.missing(&certain).and_servers([node]);
        let is_server = certain.members[&node].role == Role::FusionServer;
        is_server && !missing.primaries.is_empty() && missing.exceeds(self.cluster.faults())
    }

    /// Who is missing: those that are not active, and those that are waited for.
    fn missing(&self, certain: &Membership) -> Missing {
        Missing::of(certain).and_servers(self.lives.missed().into_iter().map(|(node, _)| node))
    }

    /// Servers that were waited for and are not needed any more are gone like any other.
    fn give_up_the_replaceable(&mut self, now: Micros) -> Vec<Command> {
        let mut commands = vec![];
        for (node, incarnation) in self.lives.missed() {
            if !self.is_irreplaceable(now, node) {
                commands.extend(self.handle_lost(now, node, incarnation, "no missing primary needs it"));
            }
        }
        commands
    }

    /// Drops the attempt; those that are gone need not be told.
    fn abandon_recovery(&mut self) -> Vec<Command> {
        let commands = self.recoveries.abandon();
        self.to_the_living(commands)
    }

    fn to_the_living(&self, mut commands: Vec<Command>) -> Vec<Command> {
        commands.retain(|command| match command {
            Command::ToServer(node, _) | Command::ToPrimary(node, _) => self.lives.up(*node).is_some(),
            _ => true,
        });
        commands
    }

    /// An event after another manager wrote the store.
    fn stand_aside(event: Event) -> Vec<Command> {
        let reason = || SUPERSEDED.to_owned();
        match event {
            Event::Entered { ticket, .. } => {
                vec![Command::Answer(
                    ticket,
                    EnterReply::Refused(EntryRefused::Busy { reason: reason() }),
                )]
            }
            Event::Clients(asked) => {
                let refused = || ReplyBody::Refused(Refusal::Unavailable { reason: reason() });
                let callers = asked.into_iter().map(|(caller, _)| caller);
                callers.map(|caller| Command::Reply(caller, refused())).collect()
            }
            _ => vec![],
        }
    }
}

impl Coordinator for FusionCoordinator {
    fn handle(&mut self, now: Micros, event: Event) -> Vec<Command> {
        if self.superseded {
            return Self::stand_aside(event);
        }
        let mut commands = match event {
            Event::Entered { ticket, enter } => self.handle_entered(now, ticket, enter),
            Event::Linked { node, incarnation } => self.handle_linked(now, node, incarnation),
            Event::Lost {
                node,
                incarnation,
                reason,
            } => self.handle_lost(now, node, incarnation, &reason),
            Event::Stored { epoch } => self.handle_stored(now, epoch),
            Event::StoreConflict { current } => return self.handle_conflict(current),
            Event::Clients(asked) => return self.handle_clients(now, asked),
            Event::FromServer(_, FromServer::Heartbeat) => return vec![],
            Event::FromServer(node, message) => self.handle_server(now, node, message),
            Event::FromPrimary(_, FromPrimary::Heartbeat) => return vec![],
            Event::FromPrimary(node, message) => self.handle_primary(now, node, message),
            Event::FromNode(..)
            | Event::MembershipSeen(_)
            | Event::ManagerLinked(_)
            | Event::ManagerLost(_)
            | Event::ManagerStuck(_) => return vec![],
            Event::HeldUp => {
                self.forgiving_until = Micros(now.0 + self.cluster.suspicion_us());
                return vec![];
            }
            Event::Tick => self.on_tick(now),
        };
        commands.extend(self.proceed(now));
        commands
    }

    fn membership(&self) -> &Membership {
        &self.membership
    }

    fn recoveries(&self) -> &[RecoveryReport] {
        self.log.reports()
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
