//! What can go wrong, and what is done about it: one step each, at any boundary between two messages.
//!
//! Every group keeps a living member of the stored view; more crashes than that lose it, which is not the
//! multicast's to prevent.

use super::{invariants::Checked, network::Process, replica::Replica, world::World};
use crate::id::{GroupId, Incarnation, NodeId};

impl World {
    /// A node that is not the last of its group.
    fn expendable(&mut self) -> Option<NodeId> {
        let living = |group: &GroupId| self.members(*group).filter(|replica| replica.is_alive).count();
        let rich: Vec<GroupId> = self
            .store
            .view
            .keys()
            .copied()
            .filter(|group| living(group) > 1)
            .collect();
        let group = self.random.pick(&rich)?;
        let nodes: Vec<NodeId> = self
            .members(group)
            .filter(|replica| replica.is_alive)
            .map(|replica| replica.node)
            .collect();
        self.random.pick(&nodes)
    }

    pub(super) fn crash_node(&mut self) {
        let Some(node) = self.expendable() else { return };
        let Some(replica) = self.replicas.get_mut(&node) else {
            return;
        };
        replica.is_alive = false;
        let process = Process::Node(node, replica.life);
        self.network.bury(process, &mut self.random);
        self.note(|| format!("{node} crashes"));
    }

    pub(super) fn crash_manager(&mut self) {
        let lives: Vec<Incarnation> = self.managers.keys().copied().collect();
        let Some(life) = self.random.pick(&lives) else {
            return;
        };
        self.managers.remove(&life);
        self.network.bury(Process::Manager(life), &mut self.random);
        self.note(|| format!("{life} crashes"));
    }

    /// Another manager takes over, whether or not the owner is dead.
    pub(super) fn take_over(&mut self) -> Checked {
        let life = self.start_manager();
        self.note(|| format!("{life} takes over"));
        self.seal()
    }

    /// The owner removes a member that lives, and goes on sending and receiving.
    pub(super) fn suspect(&mut self) -> Checked {
        let Some(node) = self.expendable().filter(|_| self.owner().is_some()) else {
            return Ok(());
        };
        for nodes in self.store.view.values_mut() {
            nodes.remove(&node);
        }
        self.note(|| format!("{node} is suspected"));
        self.seal()
    }

    /// The link between the owner and a member breaks for a moment.
    pub(super) fn cut_link(&mut self) {
        let Some(node) = self.expendable() else { return };
        let life = self.store.owner;
        let Some(manager) = self.managers.get_mut(&life) else {
            return;
        };
        let Some(replica) = self.replicas.get(&node) else {
            return;
        };
        manager.must_seal = true;
        let process = Process::Node(node, replica.life);
        self.network
            .cut(Process::Manager(life), process, &mut self.random);
        self.note(|| format!("the link of {life} and {node} breaks"));
    }

    /// Whether only a new epoch brings the cluster on: a member is dead, or a link was broken.
    pub(super) fn needs_seal(&self) -> bool {
        let dead = self
            .store
            .view
            .keys()
            .any(|group| self.members(*group).any(|member| !member.is_alive));
        self.owner().is_some_and(|owner| dead || owner.must_seal)
    }

    /// A step towards the return of a node: freeze its group, and once that is drained, admit it.
    pub(super) fn join(&mut self) -> Checked {
        let Some((group, node)) = self.absent_node().filter(|_| self.is_installed()) else {
            return Ok(());
        };
        let owner = self.store.owner;
        let Some(manager) = self.managers.get_mut(&owner) else {
            return Ok(());
        };
        if manager.frozen.insert(group) || !manager.sender.is_drained(group) {
            return Ok(());
        }
        if !self.admit(group, node) {
            return Ok(());
        }
        self.note(|| format!("{node} joins"));
        self.seal()
    }

    fn absent_node(&mut self) -> Option<(GroupId, NodeId)> {
        let mut absent = Vec::new();
        for (group, founders) in &self.founders {
            let present = self.store.view.get(group);
            let is_absent = |node: &&NodeId| !present.is_some_and(|nodes| nodes.contains(node));
            absent.extend(founders.iter().filter(is_absent).map(|node| (*group, *node)));
        }
        self.random.pick(&absent)
    }

    /// A new life of the node, with the state of a living member.
    fn admit(&mut self, group: GroupId, node: NodeId) -> bool {
        let donors: Vec<NodeId> = self
            .members(group)
            .filter(|replica| replica.is_alive)
            .map(|replica| replica.node)
            .collect();
        let Some(donor) = self.random.pick(&donors) else {
            return false;
        };
        let life = self.next_life();
        let Some(donor) = self.replicas.get(&donor) else {
            return false;
        };
        let joiner = Replica::copy_of(donor, node, life, self.defect);
        if let Some(former) = self.replicas.insert(node, joiner) {
            self.network.forget(Process::Node(node, former.life));
        }
        self.store.view.entry(group).or_default().insert(node);
        true
    }

    /// A read that waits for the stable watermark, if it is a manager's that still runs.
    pub(super) fn read(&mut self) {
        let nodes: Vec<NodeId> = self.replicas.keys().copied().collect();
        let Some(node) = self.random.pick(&nodes) else {
            return;
        };
        let Some(replica) = self.replicas.get_mut(&node).filter(|replica| replica.is_alive) else {
            return;
        };
        let from = Process::Node(node, replica.life);
        let questions = replica.read();
        if !questions.is_empty() {
            self.note(|| format!("a read waits at {node}"));
        }
        self.say(from, questions);
    }
}
