//! What can go wrong, and what is done about it: one step each, at any boundary between two messages.
//!
//! Every group keeps a living active member of the stored view; more crashes than that lose it, which is not the
//! multicast's to prevent.

use super::{
    invariants::Checked,
    network::Process,
    world::{MOST_MANAGERS, World},
};
use crate::id::{GroupId, Incarnation, NodeId};

impl World {
    /// One thing goes wrong.
    pub(super) fn fault(&mut self) -> Checked {
        match self.random.below(15) {
            0..=2 => self.crash_node(),
            3 => self.crash_manager(),
            4 => return self.anybody_takes_over(),
            5 | 6 => return self.suspect(),
            7 | 8 => self.cut_link(),
            9 => self.pause(),
            10..=12 => {
                self.network.hold_up(&mut self.random);
                self.note(|| "a way is held up".to_owned());
            }
            _ => self.read(),
        }
        Ok(())
    }

    /// One thing is done about it.
    pub(super) fn repair(&mut self) -> Checked {
        match self.random.below(6) {
            0 if self.owner().is_none() => self.anybody_takes_over(),
            0 if self.needs_seal() => self.take_over(self.store.owner),
            1 if self.random.percent(30) => {
                self.network.free();
                Ok(())
            }
            1 => self.wake(),
            2 => self.somebody_looks(),
            3 => self.awake_manager().map_or(Ok(()), |life| self.seal(life)),
            4 if self.managers.len() < MOST_MANAGERS => {
                self.start_manager();
                Ok(())
            }
            _ => self.join(),
        }
    }

    /// A node without which its group still has an active member.
    fn expendable(&mut self) -> Option<NodeId> {
        let living = |group: &GroupId| self.members(*group).filter(|replica| replica.is_alive).count();
        let voters = self.store.voters.iter();
        let rich = voters.filter(|(group, _)| living(group) > 1);
        let rich = rich.flat_map(|(_, nodes)| nodes).chain(&self.store.joining);
        let is_alive = |node: &&NodeId| self.replicas.get(node).is_some_and(|replica| replica.is_alive);
        let nodes: Vec<NodeId> = rich.filter(is_alive).copied().collect();
        self.random.pick(&nodes)
    }

    fn crash_node(&mut self) {
        let Some(node) = self.expendable() else { return };
        let Some(replica) = self.replicas.get_mut(&node) else {
            return;
        };
        replica.is_alive = false;
        let process = Process::Node(node, replica.life);
        self.network.bury(process, &mut self.random);
        self.note(|| format!("{node} crashes"));
    }

    /// What it had under way blocks the members' queues until the owner seals them anew.
    fn crash_manager(&mut self) {
        let lives: Vec<Incarnation> = self.managers.keys().copied().collect();
        let Some(life) = self.random.pick(&lives) else {
            return;
        };
        self.managers.remove(&life);
        self.network.bury(Process::Manager(life), &mut self.random);
        for manager in self.managers.values_mut() {
            manager.must_seal = true;
        }
        self.note(|| format!("{life} crashes"));
    }

    /// Some manager takes over, whether or not the owner is dead.
    pub(super) fn anybody_takes_over(&mut self) -> Checked {
        if self.managers.is_empty() {
            self.start_manager();
        }
        self.awake_manager().map_or(Ok(()), |life| self.take_over(life))
    }

    /// The owner removes a member that lives, and goes on sending and receiving.
    fn suspect(&mut self) -> Checked {
        let (Some(node), Some(owner)) = (self.expendable(), self.awake_owner()) else {
            return Ok(());
        };
        self.change_view(owner, |world| {
            for nodes in world.store.voters.values_mut() {
                nodes.remove(&node);
            }
            world.store.joining.remove(&node);
            world.note(|| format!("{node} is suspected"));
        })
    }

    /// A manager stands still: it sleeps through whatever the others do meanwhile.
    fn pause(&mut self) {
        let Some(life) = self.awake_manager() else { return };
        if let Some(manager) = self.managers.get_mut(&life) {
            manager.is_asleep = true;
        }
        self.note(|| format!("{life} stands still"));
    }

    fn wake(&mut self) -> Checked {
        let asleep = self.managers.values_mut().filter(|manager| manager.is_asleep);
        asleep.for_each(|manager| manager.is_asleep = false);
        self.note(|| "whoever stood still goes on".to_owned());
        Ok(())
    }

    fn somebody_looks(&mut self) -> Checked {
        self.awake_manager().map_or(Ok(()), |life| self.look(life))
    }

    /// The link between a manager and a member breaks for a moment. An owner seals anew; to another one the
    /// member says where it is.
    fn cut_link(&mut self) {
        let nodes: Vec<NodeId> = self.store.voters.values().flatten().copied().collect();
        let lives: Vec<Incarnation> = self.managers.keys().copied().collect();
        let (Some(node), Some(life)) = (self.random.pick(&nodes), self.random.pick(&lives)) else {
            return;
        };
        let replica = self.replicas.get_mut(&node).filter(|replica| replica.is_alive);
        let (Some(replica), Some(manager)) = (replica, self.managers.get_mut(&life)) else {
            return;
        };
        manager.must_seal = true;
        let process = Process::Node(node, replica.life);
        let greeting = replica.handle_linked(life);
        self.network
            .cut(Process::Manager(life), process, &mut self.random);
        self.say(process, greeting);
        self.note(|| format!("the link of {life} and {node} breaks"));
    }

    /// Whether only a new epoch brings the cluster on: a member or a manager is gone, or a link was broken.
    pub(super) fn needs_seal(&self) -> bool {
        let mut nodes = self.store.voters.values().flatten();
        let is_dead = |node: &NodeId| self.replicas.get(node).is_none_or(|replica| !replica.is_alive);
        let dead = nodes.any(is_dead);
        self.owner().is_some_and(|owner| dead || owner.must_seal)
    }

    /// A read that waits for the stable watermark.
    fn read(&mut self) {
        let nodes: Vec<NodeId> = self.replicas.keys().copied().collect();
        let Some(node) = self.random.pick(&nodes) else {
            return;
        };
        let Some(replica) = self.replicas.get_mut(&node).filter(|replica| replica.is_alive) else {
            return;
        };
        let from = Process::Node(node, replica.life);
        let questions = replica.read();
        self.note(|| format!("a read comes to {node}"));
        self.say(from, questions);
    }
}
