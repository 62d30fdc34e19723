//! One of several managers of a fused cluster: the owner runs the [`FusionCoordinator`], the others stand by.
//!
//! ```text
//! Following --the owner is suspected--> Claiming: swap the store with itself as the owner --Stored--> Owning
//!     ^----------- somebody else stored a membership (a conflict, or the store's watch) ------------------+
//! ```
//!
//! A standby holds nothing but the stored membership, talks to no member, and answers clients what that says. What
//! takes over is a coordinator that starts from the store, as after a manager's restart; the swap before it makes
//! the others follow first, so that members enter at one of them only.

use multicast::id::NodeId;
use wire::message::{
    client::{RecoveryReport, Refusal, ReplyBody, RequestBody},
    entry::{EnterReply, EntryRefused},
    membership::{Membership, Owner, Role},
    roster::ChangeRefused,
};

use super::{ForeignMembership, FusionCluster, FusionCoordinator, restart::adopted};
use crate::{
    coordinator::{Command, Coordinator, Event, Micros},
    ownership::Ownership,
};

/// What this manager is at the moment.
#[derive(Debug)]
enum Stage {
    /// Somebody else owns what is stored, or nobody does yet.
    Following(Membership),
    /// The swap is under way.
    Claiming {
        /// What is stored meanwhile.
        stored: Membership,
        /// What shall be: the same, with this manager as its owner.
        next: Membership,
    },
    Owning(Box<FusionCoordinator>),
}

/// See the module's words.
#[derive(Debug)]
pub struct FusedManager {
    cluster: FusionCluster,
    ownership: Ownership,
    stage: Stage,
    /// What the coordinators of before have seen recovered.
    recoveries: Vec<RecoveryReport>,
}

impl FusedManager {
    /// One of `managers` managers over what the store holds. An only one has nobody to follow.
    ///
    /// # Errors
    /// If the membership is that of another cluster.
    pub fn new(
        cluster: FusionCluster,
        managers: usize,
        stored: Membership,
        own: Owner,
        now: Micros,
    ) -> Result<Self, ForeignMembership> {
        let mut ownership = Ownership::new(own, stored.owner, cluster.suspicion_us());
        let stage = if managers == 1 && ownership.is_vacant(stored.owner) {
            let owner = Some(own);
            let owned = Membership { owner, ..stored };
            Stage::Owning(Box::new(FusionCoordinator::new(cluster.clone(), owned, now)?))
        } else {
            ownership.begin(now, stored.owner);
            Stage::Following(adopted(&cluster, stored)?)
        };
        Ok(Self {
            cluster,
            ownership,
            stage,
            recoveries: Vec::new(),
        })
    }

    fn handle_seen(&mut self, now: Micros, seen: Membership) -> Vec<Command> {
        let is_news = seen.epoch > self.membership().epoch && seen.owner != Some(self.ownership.own());
        if is_news { self.follow(now, seen) } else { vec![] }
    }

    /// Somebody else owns the cluster by now: whatever was under way here ends.
    fn follow(&mut self, now: Micros, stored: Membership) -> Vec<Command> {
        tracing::info!(epoch = %stored.epoch, owner = stored.owner.map(|owner| display(owner.node)), "another manager owns the cluster; standing by");
        self.ownership.follow(now, stored.owner);
        let stored = adopted(&self.cluster, stored.clone()).unwrap_or_else(|error| {
            tracing::error!(%error, "what is stored cannot be taken over by this manager");
            stored
        });
        let before = std::mem::replace(&mut self.stage, Stage::Following(stored));
        let Stage::Owning(mut coordinator) = before else {
            return vec![];
        };
        let mut commands = coordinator.give_up_changes();
        self.recoveries.extend_from_slice(coordinator.recoveries());
        let members: Vec<NodeId> = coordinator.membership().members.keys().copied().collect();
        commands.extend(members.into_iter().map(Command::Unlink));
        commands
    }

    /// An answer that came late may know nothing new; and where it is the very membership that is wanted there, an attempt
    /// before took effect although it seemed to fail.
    fn handle_store_conflict(&mut self, now: Micros, current: Membership) -> Vec<Command> {
        match &self.stage {
            Stage::Claiming { next, .. } if *next == current => self.handle_claimed(now, current),
            _ if current.epoch <= self.membership().epoch => vec![],
            _ => self.follow(now, current),
        }
    }

    fn take_over(&mut self, now: Micros) -> Vec<Command> {
        let Stage::Following(stored) = &self.stage else {
            return vec![];
        };
        let adopted = match adopted(&self.cluster, stored.clone()) {
            Ok(adopted) => adopted,
            // Another program than ours wrote that; nothing good would come of owning it.
            Err(error) => {
                tracing::error!(%error, "the membership is not taken over");
                self.ownership.follow(now, stored.owner);
                return vec![];
            }
        };
        let (expected, next) = (stored.epoch, self.claimed(adopted));
        tracing::warn!(epoch = %next.epoch, "taking over");
        self.stage = Stage::Claiming {
            stored: stored.clone(),
            next: next.clone(),
        };
        let next = Box::new(next);
        vec![Command::Store { expected, next }]
    }

    fn claimed(&self, stored: Membership) -> Membership {
        Membership {
            epoch: stored.epoch.next(),
            owner: Some(self.ownership.own()),
            ..stored
        }
    }

    fn handle_claimed(&mut self, now: Micros, next: Membership) -> Vec<Command> {
        let coordinator = FusionCoordinator::going_on(self.cluster.clone(), next, now);
        self.stage = Stage::Owning(Box::new(coordinator));
        vec![]
    }

    /// An event while another manager owns the cluster, or is about to.
    fn stand_by(&mut self, now: Micros, event: Event) -> Vec<Command> {
        match event {
            Event::Entered { ticket, .. } => {
                vec![Command::Answer(ticket, EnterReply::Refused(self.not_here()))]
            }
            Event::Clients(asked) => {
                let owner = self.membership().owner;
                let other = owner.filter(|owner| *owner != self.ownership.own());
                let refused =
                    |(caller, body)| Command::Reply(caller, ReplyBody::Refused(refusal(&body, other)));
                asked.into_iter().map(refused).collect()
            }
            // A call of before, answered late.
            Event::Linked { node, .. } => vec![Command::Unlink(node)],
            Event::Stored { epoch } => match &self.stage {
                Stage::Claiming { next, .. } if next.epoch == epoch => {
                    let next = next.clone();
                    self.handle_claimed(now, next)
                }
                _ => vec![],
            },
            Event::Tick if self.ownership.is_due(now) => self.take_over(now),
            _ => vec![],
        }
    }

    fn not_here(&self) -> EntryRefused {
        match self.membership().owner {
            Some(owner) if owner.node != self.ownership.own().node => {
                EntryRefused::NotOwner { owner: owner.node }
            }
            _ => EntryRefused::Busy {
                reason: "the manager is taking over".to_owned(),
            },
        }
    }
}

/// Where a group stands only the owner knows; its primary is found by the membership.
fn refusal(body: &RequestBody, owner: Option<Owner>) -> Refusal {
    match (body, owner) {
        (RequestBody::Change(_), Some(owner)) => ChangeRefused::NotOwner { owner: owner.node }.into(),
        (RequestBody::Change(_), None) => Refusal::Unavailable {
            reason: "the manager has just started".to_owned(),
        },
        (RequestBody::Write { .. } | RequestBody::Read { .. }, _) => Refusal::Unavailable {
            reason: "another manager owns the cluster".to_owned(),
        },
        _ => Refusal::NotServedHere {
            role: Role::GroupManager,
        },
    }
}

impl Coordinator for FusedManager {
    fn handle(&mut self, now: Micros, event: Event) -> Vec<Command> {
        match &event {
            Event::ManagerLinked(life) => self.ownership.linked(*life),
            Event::ManagerLost(life) => self.ownership.lost(now, *life),
            Event::HeldUp => self.ownership.held_up(now),
            _ => {}
        }
        match (&mut self.stage, event) {
            (_, Event::MembershipSeen(seen)) => self.handle_seen(now, seen),
            (_, Event::StoreConflict { current }) => self.handle_store_conflict(now, current),
            (Stage::Following(_), Event::ManagerLost(_)) if self.ownership.is_due(now) => self.take_over(now),
            (Stage::Owning(coordinator), event) => coordinator.handle(now, event),
            (_, event) => self.stand_by(now, event),
        }
    }

    fn membership(&self) -> &Membership {
        match &self.stage {
            Stage::Following(stored) | Stage::Claiming { stored, .. } => stored,
            Stage::Owning(coordinator) => coordinator.membership(),
        }
    }

    fn recoveries(&self) -> &[RecoveryReport] {
        match &self.stage {
            Stage::Owning(coordinator) if self.recoveries.is_empty() => coordinator.recoveries(),
            _ => &self.recoveries,
        }
    }
}

#[cfg(test)]
mod tests;
