//! What may happen next: work, most of the time, and now and then a fault.

use std::collections::BTreeSet;

use multicast::id::{GroupId, NodeId};

use super::world::{GROUPS, SUSPICION_US, World};
use crate::coordinator::Event;

impl World {
    /// One thing happens. `faults` of a thousand are faults.
    pub(super) fn step(&mut self, faults: usize) {
        if self.below(1000) < faults {
            return self.strike();
        }
        let place = self.below(self.managers.len());
        match self.below(100) {
            0..36 => {
                let nodes = self.nodes_with_work();
                if let Some(node) = self.pick(&nodes) {
                    self.node_takes(node);
                }
            }
            36..72 => {
                let places = self.places_with_work();
                if let Some(place) = self.pick(&places) {
                    self.manager_takes(place);
                }
            }
            72..75 => self.store_takes(),
            75..79 => self.answer_a_call(place),
            79..82 => self.watch_tells(place),
            82..91 => {
                let client = self.below(self.clients.len());
                self.client_acts(client);
            }
            91..95 => self.someone_enters(place),
            95..97 => self.time_passes(place),
            97 => self.wake(place),
            98 => self.fellows_meet_somewhere(place),
            _ => self.revive(place),
        }
    }

    fn strike(&mut self) {
        let place = self.below(self.managers.len());
        let client = self.below(self.clients.len());
        match self.below(12) {
            0 | 1 => self.any_link_breaks(),
            2 | 3 => self.crash_a_node(),
            4 | 5 => self.fall_asleep(place),
            6 => self.crash_manager(place),
            7 | 8 => self.fellows_part(place, (place + 1) % self.managers.len()),
            9 => self.client_turns_away(client),
            10 => {
                let group = GROUPS[self.below(GROUPS.len())];
                self.when_awake(place, |world| world.add_node(place, group));
            }
            _ => {
                if let Some(node) = self.any_member() {
                    self.when_awake(place, |world| world.remove_node(place, node));
                }
            }
        }
    }

    fn when_awake(&mut self, place: usize, act: impl FnOnce(&mut Self)) {
        if self.managers[place].is_awake() {
            act(self);
        }
    }

    /// Managers that are awake and have something to take.
    pub(super) fn places_with_work(&self) -> Vec<usize> {
        let mut places = self.awake();
        places.retain(|place| {
            let manager = &self.managers[*place];
            let mut links = self.links.iter();
            let is_spoken_to = links.any(|((at, _), link)| at == place && !link.to_manager.is_empty());
            let has_news = manager.told < self.store.stored.epoch;
            !manager.inbox.is_empty() || !manager.dials.is_empty() || has_news || is_spoken_to
        });
        places
    }

    /// Nodes that are spoken to, or have work of their own.
    pub(super) fn nodes_with_work(&self) -> Vec<NodeId> {
        let spoken_to = self.links.iter().filter(|(_, link)| !link.to_node.is_empty());
        let busy = self
            .nodes
            .iter()
            .filter(|(_, node)| node.is_busy())
            .map(|(node, _)| *node);
        let nodes: BTreeSet<NodeId> = spoken_to.map(|((_, node), _)| *node).chain(busy).collect();
        nodes.into_iter().collect()
    }

    fn any_node(&mut self) -> Option<NodeId> {
        let nodes: Vec<NodeId> = self.nodes.keys().copied().collect();
        self.pick(&nodes)
    }

    fn any_member(&mut self) -> Option<NodeId> {
        let mut nodes: Vec<NodeId> = self.store.stored.members.keys().copied().collect();
        nodes.extend(self.nodes.keys());
        self.pick(&nodes)
    }

    fn any_link_breaks(&mut self) {
        let links: Vec<(usize, NodeId)> = self.links.keys().copied().collect();
        if let Some((place, node)) = self.pick(&links) {
            self.break_link(place, node);
        }
    }

    /// Rarely the last one of its group, for then little is left to see.
    fn crash_a_node(&mut self) {
        let Some(node) = self.any_node() else { return };
        let member = self.store.stored.members.get(&node);
        let group = member.and_then(|member| member.group);
        let is_last = group.is_some_and(|group| self.living_holders(group).len() < 2);
        if !is_last || self.percent(5) {
            self.stop_node(node);
        }
    }

    fn someone_enters(&mut self, place: usize) {
        let Some(node) = self.any_member() else { return };
        if !self.nodes.contains_key(&node) {
            self.start_node(node);
        }
        self.enter(node, place);
    }

    fn time_passes(&mut self, place: usize) {
        self.now.0 += SUSPICION_US / 20;
        self.when_awake(place, |world| world.feed(place, Event::Tick));
    }

    /// The process is stopped; sooner or later the others hang up on it.
    fn fall_asleep(&mut self, place: usize) {
        if !self.managers[place].is_awake() {
            return;
        }
        self.note(|| format!("manager {place} falls asleep"));
        self.managers[place].is_asleep = true;
        if self.percent(70) {
            for fellow in self.fellows_of(place) {
                self.fellows_part(place, fellow);
            }
        }
        let nodes: Vec<NodeId> = self.nodes.keys().copied().collect();
        if self.percent(30) {
            nodes.into_iter().for_each(|node| self.break_link(place, node));
        }
    }

    /// It goes on as if nothing had been; all that came meanwhile is still there.
    pub(super) fn wake(&mut self, place: usize) {
        if std::mem::take(&mut self.managers[place].is_asleep) {
            self.note(|| format!("manager {place} wakes"));
            self.feed(place, Event::HeldUp);
        }
    }

    fn crash_manager(&mut self, place: usize) {
        if self.managers[place].core.is_none() {
            return;
        }
        self.note(|| format!("manager {place} crashes"));
        for fellow in self.fellows_of(place) {
            self.fellows_part(place, fellow);
        }
        self.managers[place].core = None;
        let nodes: Vec<NodeId> = self.nodes.keys().copied().collect();
        nodes.into_iter().for_each(|node| self.break_link(place, node));
        for client in 0..self.clients.len() {
            if self.clients[client].at == place {
                self.client_turns_away(client);
            }
        }
    }

    pub(super) fn revive(&mut self, place: usize) {
        if self.managers[place].core.is_none() {
            self.start_manager(place);
        }
    }

    fn fellows_meet_somewhere(&mut self, place: usize) {
        let other = (place + 1) % self.managers.len();
        if self.managers[place].is_awake() && self.managers[other].is_awake() {
            self.fellows_meet(place, other);
        }
    }

    /// Nodes whose running life the store calls active.
    pub(super) fn living_holders(&self, group: GroupId) -> Vec<NodeId> {
        let holders = self.holders(group).into_iter();
        let lives = holders.filter(|(node, life)| self.nodes.get(node).is_some_and(|n| n.life == *life));
        lives.map(|(node, _)| node).collect()
    }
}
