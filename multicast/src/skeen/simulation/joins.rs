//! How a node comes back while messages flow (DESIGN section 3, rule 6): a view with it as a joining member, a
//! donor's state, another view with it as an active one.

use super::{
    invariants::{self, Checked},
    network::Process,
    replica::{Replica, Request, State},
    world::World,
};
use crate::{
    id::{GroupId, Incarnation, NodeId},
    skeen::snapshot::Snapshot,
};

/// A donor's state on its way.
#[derive(Debug)]
pub(super) struct Stream {
    node: NodeId,
    life: Incarnation,
    snapshot: Snapshot<Request>,
    state: State,
}

impl World {
    /// A step towards the return of some node: the nearest that can be taken.
    pub(super) fn join(&mut self) -> Checked {
        match self.random.below(4) {
            0 => self.admit(),
            1 => self.copy_a_state(),
            2 => self.stream_arrives(),
            _ => self.promote(),
        }
    }

    /// A new life of an absent node enters the view as a joining member.
    fn admit(&mut self) -> Checked {
        let (Some(owner), Some((group, node))) = (self.awake_owner(), self.absent_node()) else {
            return Ok(());
        };
        self.change_view(owner, |world| {
            let life = world.next_life();
            let joiner = Replica::joining(node, life, group, world.variant.defect);
            if let Some(former) = world.replicas.insert(node, joiner) {
                world.network.forget(Process::Node(node, former.life));
            }
            world.store.voters.entry(group).or_default().insert(node);
            world.store.joining.insert(node);
            world.note(|| format!("{node} joins as {life}"));
        })
    }

    fn absent_node(&mut self) -> Option<(GroupId, NodeId)> {
        let mut absent = Vec::new();
        for (group, founders) in &self.founders {
            let present = self.store.voters.get(group);
            let is_absent = |node: &&NodeId| !present.is_some_and(|nodes| nodes.contains(node));
            absent.extend(founders.iter().filter(is_absent).map(|node| (*group, *node)));
        }
        self.random.pick(&absent)
    }

    /// Joining members that wait for a state.
    fn waiting_joiners(&self) -> Vec<NodeId> {
        let waits = |node: &&NodeId| {
            let replica = self.replicas.get(node);
            replica.is_some_and(|replica| replica.is_alive && !replica.member.is_installed())
        };
        self.store.joining.iter().filter(waits).copied().collect()
    }

    /// A donor copies its state for a joiner of its group.
    pub(super) fn copy_a_state(&mut self) -> Checked {
        let joiners = self.waiting_joiners();
        let Some(joiner) = self
            .random
            .pick(&joiners)
            .and_then(|node| self.replicas.get(&node))
        else {
            return Ok(());
        };
        let (node, life, group) = (joiner.node, joiner.life, joiner.group);
        let donors = self.members(group).filter(|donor| donor.is_alive);
        let donors: Vec<NodeId> = donors.map(|donor| donor.node).collect();
        let donor = self
            .random
            .pick(&donors)
            .and_then(|donor| self.replicas.get(&donor));
        let Some((donor, snapshot)) = donor.and_then(|donor| Some((donor, donor.member.snapshot()?))) else {
            return Ok(());
        };
        let (from, state) = (donor.node, donor.state.clone());
        self.note(|| format!("{from} copies its state for {node}: {snapshot:?}"));
        self.streams.push(Stream {
            node,
            life,
            snapshot,
            state,
        });
        Ok(())
    }

    /// A copied state is here, in whatever view its joiner is by now.
    pub(super) fn stream_arrives(&mut self) -> Checked {
        if self.streams.is_empty() {
            return Ok(());
        }
        let choice = self.random.below(self.streams.len());
        let Stream {
            node,
            life,
            snapshot,
            state,
        } = self.streams.swap_remove(choice);
        let joiner = self.replicas.get_mut(&node);
        let Some(joiner) = joiner.filter(|joiner| joiner.is_alive && joiner.life == life) else {
            return Ok(());
        };
        let stable = joiner.member.stable();
        let sayings = joiner.install(snapshot, state);
        let is_taken = sayings.is_some();
        self.note(|| format!("a state arrives at {node}; is it taken: {is_taken}"));
        if let Some(joiner) = self.replicas.get(&node) {
            invariants::after_step(self, joiner, 0, stable)?;
        }
        self.say(Process::Node(node, life), sayings.unwrap_or_default());
        Ok(())
    }

    /// Joiners that hold a state become active.
    pub(super) fn promote(&mut self) -> Checked {
        let holds = |node: &&NodeId| {
            let replica = self.replicas.get(node);
            replica.is_some_and(|replica| replica.is_alive && replica.member.is_installed())
        };
        let ready: Vec<NodeId> = self.store.joining.iter().filter(holds).copied().collect();
        let Some(owner) = self.awake_owner().filter(|_| !ready.is_empty()) else {
            return Ok(());
        };
        self.change_view(owner, |world| {
            for node in ready {
                world.store.joining.remove(&node);
                world.note(|| format!("{node} is active"));
            }
        })
    }
}
