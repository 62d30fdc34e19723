//! The door for processes: who may enter, and what a linked life starts with.
//!
//! ```text
//! Enter -> Accepted, Dial -> Linked -> (the next membership)
//!       -> Refused
//! ```

use super::*;
use crate::coordinator::EntryTicket;
use wire::message::{entry::Enter, membership::Role};

impl FusionCoordinator {
    pub(super) fn handle_entered(&mut self, now: Micros, ticket: EntryTicket, enter: Enter) -> Vec<Command> {
        let Enter {
            node,
            incarnation,
            addresses,
            ..
        } = enter;
        if let Err(refused) = self.judge(now, &enter) {
            // The process says so itself, once; it asks on.
            tracing::debug!(%node, %incarnation, %refused, "entry refused");
            return vec![Command::Answer(ticket, EnterReply::Refused(refused))];
        }
        let accepted = Command::Answer(ticket, EnterReply::Accepted);
        let under_way = self.lives.get(node).is_some_and(|life| {
            life.incarnation == incarnation && matches!(life.link, Link::Dialling | Link::Up)
        });
        if under_way {
            return vec![accepted]; // it asks again before it noticed our call
        }
        self.lives.enter(node, incarnation, addresses, now);
        self.log.note(node, |report| report.entered_at_us = Some(now.0));
        vec![
            accepted,
            Command::Dial {
                node,
                incarnation,
                addresses,
            },
        ]
    }

    fn judge(&self, now: Micros, enter: &Enter) -> Result<(), EntryRefused> {
        let node = enter.node;
        if self.membership.left.contains(&node) {
            let epoch = self.membership.epoch;
            return Err(EntryRefused::Left { node, epoch });
        }
        if self.membership.discarded.get(&node) == Some(&enter.incarnation) {
            let epoch = self.membership.epoch;
            return Err(EntryRefused::Discarded { node, epoch });
        }
        if self.cluster.role(node) != Some(enter.role) {
            return Err(EntryRefused::UnknownNode {
                node,
                role: enter.role,
            });
        }
        if let Some(life) = self
            .lives
            .get(node)
            .filter(|life| life.incarnation != enter.incarnation)
        {
            let member = &self.membership.members[&node];
            let is_member = matches!(member.standing, Standing::Active | Standing::Joining)
                && member.incarnation == life.incarnation;
            if life.link == Link::Up {
                return Err(EntryRefused::IdInUse { node });
            } else if is_member && life.link != Link::Missed {
                let reason = format!("the life of {node} that is a member may still come back");
                return Err(EntryRefused::Busy { reason });
            }
        }
        let certain = self.succession(now).already_certain();
        let missing = self.excess(&certain, node, enter.incarnation);
        missing.map_or(Ok(()), |missing| {
            Err(EntryRefused::TooManyFaults {
                tolerated: self.cluster.faults(),
                missing: missing.names(),
            })
        })
    }

    /// Who is missing, if this life of a lost primary could not be given its structure because of that.
    fn excess(&self, certain: &Membership, node: NodeId, incarnation: Incarnation) -> Option<Missing> {
        let member = &certain.members[&node];
        let needs_recovery = is_founded_primary(certain, member)
            && member.standing != Standing::Active
            && self.holders.get(&node) != Some(&incarnation);
        Some(self.missing(certain)).filter(|missing| needs_recovery && missing.exceeds(self.cluster.faults()))
    }

    /// Closes the link to replacements that cannot be recovered any more: they will ask again, and be told.
    pub(super) fn let_go_of_the_excess(&mut self, now: Micros) -> Vec<Command> {
        let certain = self.succession(now).already_certain();
        let excess =
            |(node, life): &(NodeId, &Life)| self.excess(&certain, *node, life.incarnation).is_some();
        let nodes: Vec<NodeId> = self
            .lives
            .entered()
            .filter(excess)
            .map(|(node, _)| node)
            .collect();
        let mut commands = vec![];
        for node in nodes {
            let incarnation = self
                .lives
                .get(node)
                .map(|life| life.incarnation)
                .unwrap_or_default();
            self.lives.lost(node, incarnation);
            self.primaries.remove(&node);
            commands.push(Command::Unlink(node));
        }
        commands
    }

    pub(super) fn handle_linked(
        &mut self,
        now: Micros,
        node: NodeId,
        incarnation: Incarnation,
    ) -> Vec<Command> {
        if !self.lives.linked(node, incarnation) {
            return self.refuse_link(now, node);
        }
        tracing::info!(%node, %incarnation, "linked");
        self.recoveries.circumstances_changed();
        let member = &self.membership.members[&node];
        if member.role == Role::Primary {
            self.primaries.insert(node, PrimaryDesk::default());
            if member.incarnation == incarnation && member.standing == Standing::Active {
                self.doubt_rebuilds(now, node);
            }
            return vec![];
        }
        let mut desk = ServerDesk::default();
        if member.incarnation == incarnation {
            desk.rebuild = member.since; // it has been told that before its link broke
            match member.standing {
                Standing::Joining => desk.broken = Some(now),
                Standing::Active => self.log.finished(node, now),
                Standing::Absent | Standing::Removed => desk = ServerDesk::default(),
            }
        }
        self.servers.insert(node, desk);
        vec![]
    }

    /// A call was answered that nobody waits for any more. Its link took the place of the one there was, if there was
    /// one, and all is lost that was under way there.
    fn refuse_link(&mut self, now: Micros, node: NodeId) -> Vec<Command> {
        let replaced = self.lives.up(node).map(|life| life.incarnation);
        let mut commands = vec![Command::Unlink(node)];
        if let Some(incarnation) = replaced {
            commands.extend(self.handle_lost(now, node, incarnation, "another call was answered"));
        }
        commands
    }

    /// With its last link, a primary's word that it caught a server up may have got lost, and it says it once.
    fn doubt_rebuilds(&mut self, now: Micros, primary: NodeId) {
        for desk in self.servers.values_mut() {
            if !desk.caught_up.contains(&primary) && desk.broken.is_none() {
                desk.broken = Some(now);
            }
        }
    }
}
