//! What goes wrong: crashes, breaks of links, a new manager, and words of failure; never more at once than
//! the code can make good.

use std::collections::{BTreeSet, VecDeque};

use multicast::id::NodeId;
use rand::Rng;
use wire::message::{
    fusion::{FromPrimary, FromServer},
    membership::{Member, Membership, Standing},
};

use super::{
    server::ModelServer,
    world::{Process, Speech, World},
};
use crate::fusion::{Coordinator, FusionCoordinator};

impl World {
    pub(super) fn strike(&mut self) {
        let node = self.any_node();
        match self.dice.random_range(0..10) {
            0..=3 if self.can_do_without(node) => self.crash(node),
            4..=6 if self.cluster.primary(node).is_some() || self.can_do_without(node) => {
                self.break_line(node)
            }
            7 => self.fail(node),
            8 if self.dice.random_ratio(1, 4) => self.replace_manager(),
            _ => {}
        }
    }

    fn crash(&mut self, node: NodeId) {
        self.journal.push(format!("crash of {node}"));
        self.break_line(node);
        self.processes.insert(node, Process::Dead);
    }

    pub(super) fn break_line(&mut self, node: NodeId) {
        if let Some(line) = self.lines.remove(&node) {
            self.journal.push(format!("the link of {node} breaks"));
            self.ended.push_back((node, line.life));
        }
    }

    /// The manager dies, its last swap stored or not, and another one starts from the store.
    fn replace_manager(&mut self) {
        self.journal.push("the manager is replaced".to_owned());
        if let Some(next) = self.swap.take()
            && self.dice.random()
        {
            self.hold(next);
        }
        self.lines.clear();
        self.dials.clear();
        self.ended = VecDeque::new();
        let (cluster, stored) = (self.cluster.clone(), self.stored.clone());
        self.manager = FusionCoordinator::new(cluster, stored, self.now).expect("its own membership");
    }

    /// A party of a recovery or a rebuild fails at it.
    fn fail(&mut self, node: NodeId) {
        let reason = String::new();
        match self.processes.get_mut(&node) {
            Some(Process::Server(server)) => {
                if let Some((recovery, _)) = server.residual.take() {
                    self.say(
                        node,
                        Speech::Server(FromServer::ResidualFailed { recovery, reason }),
                    );
                } else if let Some(copy) = server.copies.values_mut().find(|copy| !copy.held && !copy.broken)
                {
                    copy.broken = true;
                    let epoch = server.rebuild;
                    self.say(node, Speech::Server(FromServer::RebuildBroken { epoch, reason }));
                }
            }
            Some(Process::Primary(primary)) => {
                if let Some((recovery, ..)) = primary.recover.take() {
                    self.say(
                        node,
                        Speech::Primary(FromPrimary::InstallFailed { recovery, reason }),
                    );
                }
            }
            _ => {}
        }
    }

    /// Whether what the node holds could be made good, with all else that is missing now.
    fn can_do_without(&self, node: NodeId) -> bool {
        // A new manager may know less of those who are there than the store does.
        let members = self.manager.membership().members.iter();
        let mut missing: BTreeSet<NodeId> = members
            .filter(|(node, member)| !self.holds(**node, member))
            .map(|(node, _)| *node)
            .collect();
        missing.insert(node);
        missing.retain(|node| self.is_founded(*node));
        missing.len() <= self.cluster.faults()
    }

    /// Whether the node would be missed: a server, or the primary of a group that is founded or may be any
    /// time, since the manager knows of a life of it.
    fn is_founded(&self, node: NodeId) -> bool {
        let is_known = self.lines.contains_key(&node)
            || self.dials.contains_key(&node)
            || self.ended.iter().any(|(ended, _)| *ended == node);
        if is_known {
            return true;
        }
        let group = self.cluster.primary(node).map(|place| place.group);
        let founded = |membership: &Membership| group.is_none_or(|group| membership.founded.contains(&group));
        founded(&self.stored) || self.swap.as_ref().is_some_and(founded)
    }

    /// Whether the node holds all that its seat stands for, and the manager will know it.
    fn holds(&self, node: NodeId, member: &Member) -> bool {
        match &self.processes[&node] {
            Process::Dead => false,
            Process::Primary(primary) => {
                let standing = matches!(member.standing, Standing::Active | Standing::Removed);
                standing && primary.memory.is_some() && primary.life == member.incarnation
            }
            Process::Server(server) => {
                let stays = |next: &Membership| next.members[&node].standing == Standing::Active;
                member.standing == Standing::Active
                    && self.swap.as_ref().is_none_or(stays)
                    && server.life == member.incarnation
                    && self.lines.contains_key(&node)
                    && self.is_complete(server, member)
            }
        }
    }

    fn is_complete(&self, server: &ModelServer, member: &Member) -> bool {
        let mut founded = self
            .cluster
            .primaries()
            .filter(|place| self.stored.founded.contains(&place.group));
        server.rebuild == member.since
            && founded.all(|place| server.copies.get(&place.node).is_some_and(|copy| copy.held))
    }
}
