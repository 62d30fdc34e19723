//! The end of every simulation: no more faults, and everything that was begun must end.

use super::{
    invariants::{self, Checked, progress},
    world::World,
};
use crate::id::{ClientId, Incarnation};

/// More packets than any simulation of this size needs.
const MOST_PACKETS: usize = 20_000;

/// More rounds of copying, installing and promoting than the joiners of any simulation need.
const MOST_JOIN_ROUNDS: usize = 20;

impl World {
    /// Repairs what is broken, lets everything arrive, and demands progress; then the clients retry; then
    /// whoever is joining gets a state.
    pub(super) fn heal(&mut self) -> Checked {
        self.managers
            .values_mut()
            .for_each(|manager| manager.is_asleep = false);
        self.network.free();
        self.find_an_owner()?;
        self.settle()?;
        progress::nothing_is_pending(self)?;
        let clients: Vec<ClientId> = self.clients.keys().copied().collect();
        for client in clients {
            if let Some(manager) = self.some_sender() {
                self.submit(manager, client)?;
            }
        }
        self.settle()?;
        progress::nothing_is_pending(self)?;
        progress::every_client_is_answered(self)?;
        self.finish_joins()?;
        progress::nothing_is_pending(self)?;
        invariants::at_the_end(self)
    }

    /// All know the stored view, and its owner has sealed it after everything that happened.
    fn find_an_owner(&mut self) -> Checked {
        if self.owner().is_none() {
            // The first one may learn by its attempt that it has missed a view.
            self.anybody_takes_over()?;
            let looked: Vec<Incarnation> = self.managers.keys().copied().collect();
            looked.into_iter().try_for_each(|life| self.look(life))?;
        }
        if self.owner().is_none() {
            self.anybody_takes_over()?;
        }
        let owner = self.store.owner;
        self.take_over(owner)?;
        self.everybody_knows()
    }

    pub(super) fn everybody_knows(&mut self) -> Checked {
        for life in self.managers.keys().copied().collect::<Vec<_>>() {
            self.look(life)?;
            self.seal(life)?;
        }
        Ok(())
    }

    /// Every joiner gets a state of this view and becomes active.
    fn finish_joins(&mut self) -> Checked {
        for _ in 0..MOST_JOIN_ROUNDS {
            if self.store.joining.is_empty() {
                return Ok(());
            }
            self.copy_a_state()?;
            self.stream_arrives()?;
            self.promote()?;
            self.everybody_knows()?;
            self.settle()?;
        }
        invariants::broken("every joiner becomes active", &self.store)
    }

    /// Everything under way arrives.
    pub(super) fn settle(&mut self) -> Checked {
        for _ in 0..MOST_PACKETS {
            if !self.arrive()? {
                return Ok(());
            }
        }
        invariants::broken("the network comes to rest", &MOST_PACKETS)
    }
}
