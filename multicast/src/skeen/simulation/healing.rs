//! The end of every simulation: no more faults, and everything that was begun must end.

use super::{
    invariants::{self, Checked, progress},
    world::World,
};
use crate::id::ClientId;

/// More packets than any simulation of this size needs.
const MOST_PACKETS: usize = 20_000;

impl World {
    /// Repairs what is broken, lets everything arrive, and demands progress; then the clients retry.
    pub(super) fn heal(&mut self) -> Checked {
        if self.owner().is_none() {
            self.take_over()?;
        } else if self.needs_seal() {
            self.seal()?;
        }
        self.settle()?;
        progress::nothing_is_pending(self)?;
        let owner = self.store.owner;
        if let Some(manager) = self.managers.get_mut(&owner) {
            manager.frozen.clear();
        }
        let clients: Vec<ClientId> = self.clients.keys().copied().collect();
        for client in clients {
            self.submit(owner, client)?;
        }
        self.settle()?;
        progress::nothing_is_pending(self)?;
        progress::every_client_is_answered(self)?;
        invariants::at_the_end(self)
    }

    /// Everything under way arrives.
    fn settle(&mut self) -> Checked {
        for _ in 0..MOST_PACKETS {
            if !self.arrive()? {
                return Ok(());
            }
        }
        invariants::broken("the network comes to rest", &MOST_PACKETS)
    }
}
