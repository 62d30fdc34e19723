//! The membership store: swaps that arrive and are answered late, also those of managers that are dead by then; and a
//! watch that tells each manager in its own time.

use std::collections::{BTreeMap, VecDeque};

use multicast::id::{Epoch, Incarnation};
use wire::message::membership::Membership;

use super::{fault::Fault, world::World};
use crate::coordinator::Event;

/// A compare-and-swap on its way.
pub(super) struct Swap {
    pub(super) life: Incarnation,
    pub(super) expected: Epoch,
    pub(super) next: Membership,
}

pub(super) struct Store {
    pub(super) stored: Membership,
    pub(super) asked: VecDeque<Swap>,
    /// Which life stored each epoch.
    pub(super) owners: BTreeMap<Epoch, Incarnation>,
    /// Swaps that found something else.
    pub(super) conflicts: usize,
}

impl Store {
    pub(super) fn new(stored: Membership) -> Self {
        Self {
            stored,
            asked: VecDeque::new(),
            owners: BTreeMap::new(),
            conflicts: 0,
        }
    }
}

impl World {
    /// One of the swaps on their way reaches the store, in any order, since each comes from another process.
    pub(super) fn store_takes(&mut self) {
        if self.store.asked.is_empty() {
            return;
        }
        let place = self.below(self.store.asked.len());
        let Some(Swap { life, expected, next }) = self.store.asked.remove(place) else {
            return;
        };
        let is_next = self.store.stored.epoch == expected;
        let epoch = next.epoch;
        if is_next {
            self.note(|| format!("{life} stores {epoch}"));
            self.store.owners.insert(epoch, life);
            self.store.stored = next;
        } else {
            self.store.conflicts += 1;
        }
        let answer = match is_next || self.variant.fault == Some(Fault::IgnoresConflicts) {
            true => Event::Stored { epoch },
            false => Event::StoreConflict {
                current: self.store.stored.clone(),
            },
        };
        if let Some(place) = self.place_of(life) {
            self.managers[place].inbox.push_back(answer);
        }
    }

    /// The watch tells the manager what is stored, if that is news.
    pub(super) fn watch_tells(&mut self, place: usize) {
        let epoch = self.store.stored.epoch;
        let manager = &mut self.managers[place];
        if manager.told < epoch {
            manager.told = epoch;
            let seen = self.store.stored.clone();
            manager.inbox.push_back(Event::MembershipSeen(seen));
        }
    }
}
