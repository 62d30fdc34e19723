//! The end of a life: everybody wakes or starts again, everybody meets, and all that is under way arrives.

use multicast::id::NodeId;

use super::world::{SUSPICION_US, World};
use crate::coordinator::Event;

/// Time enough for a takeover, for members to be missed, and for one node after the other to enter.
const ROUNDS: usize = 14;

/// Rounds in which only processes that run come back: they may hold what nobody else does.
const ROUNDS_OF_THE_LIVING: usize = 5;

/// More steps than any world needs to come to rest.
const STEPS: usize = 50_000;

impl World {
    pub(super) fn heal(&mut self) {
        self.note(|| "healing".to_owned());
        for place in 0..self.managers.len() {
            self.revive(place);
            self.wake(place);
        }
        for round in 0..ROUNDS {
            self.everyone_meets();
            self.settle();
            self.everyone_enters(round >= ROUNDS_OF_THE_LIVING);
            self.now.0 += SUSPICION_US;
            for place in 0..self.managers.len() {
                self.feed(place, Event::Tick);
            }
            self.settle();
            for client in 0..self.clients.len() {
                self.client_sends(client);
            }
            self.settle();
        }
    }

    /// Everybody of the cluster file starts and enters.
    pub(super) fn begin_founding(&mut self) {
        self.everyone_meets();
        let nodes: Vec<_> = self.cluster.nodes.keys().copied().collect();
        for node in nodes {
            self.start_node(node);
        }
        for _ in 0..2 {
            self.now.0 += SUSPICION_US;
            for place in 0..self.managers.len() {
                self.feed(place, Event::Tick);
                self.settle();
            }
            self.everyone_enters(false);
        }
    }

    fn everyone_meets(&mut self) {
        for one in 0..self.managers.len() {
            for other in 0..one {
                self.fellows_meet(other, one);
            }
        }
    }

    /// At every manager, as a process does that is refused.
    fn everyone_enters(&mut self, with_the_missing: bool) {
        let members: Vec<_> = self.store.stored.members.keys().copied().collect();
        for node in members {
            if with_the_missing && !self.nodes.contains_key(&node) {
                self.start_node(node);
            }
        }
        let nodes: Vec<NodeId> = self.nodes.keys().copied().collect();
        for node in nodes {
            for place in 0..self.managers.len() {
                self.enter(node, place);
                self.settle();
            }
        }
    }

    /// Whatever is under way arrives, and whatever comes of it.
    pub(super) fn settle(&mut self) {
        for _ in 0..STEPS {
            if !self.store.asked.is_empty() {
                self.store_takes();
            } else if let Some(place) = self.place_with_work() {
                self.answer_a_call(place);
                self.watch_tells(place);
                self.manager_takes(place);
            } else if let Some(node) = self.node_with_work() {
                self.node_takes(node);
            } else {
                return;
            }
        }
        panic!("it never settles");
    }

    fn place_with_work(&self) -> Option<usize> {
        self.places_with_work().into_iter().next()
    }

    fn node_with_work(&self) -> Option<NodeId> {
        self.nodes_with_work().into_iter().next()
    }
}
