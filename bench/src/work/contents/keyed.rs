//! Elements by key, each of one client. Client k of n has the numbers that leave k when divided by n.

use super::{Draws, Version};

/// Stands for the changes of an element that was deleted.
const GONE: u32 = u32::MAX;

/// One client's elements of one group.
#[derive(Debug)]
pub(in crate::work) struct Keyed {
    client: u32,
    clients: u32,
    /// Of every element in the order of its insert: how often it was changed since.
    changes: Vec<u32>,
    /// The places in `changes` of those that are there, in no order.
    there: Vec<u32>,
    /// Where each place stands in `there`; of those that are gone, anywhere.
    stands_at: Vec<u32>,
}

impl Keyed {
    pub(super) fn new(client: u32, clients: u32) -> Self {
        Self {
            client,
            clients,
            changes: Vec::new(),
            there: Vec::new(),
            stands_at: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.there.len()
    }

    /// One element that is there and not among the busy ones.
    pub(super) fn pick(&self, draws: &mut Draws, busy: &[u32]) -> Option<u32> {
        // All that is there may be busy only where there is little.
        let few = self.there.len() <= busy.len();
        if few && self.there.iter().all(|place| busy.contains(&self.number(*place))) {
            return None;
        }
        loop {
            let number = self.number(self.there[draws.below(self.there.len() as u64) as usize]);
            if !busy.contains(&number) {
                return Some(number);
            }
        }
    }

    pub(super) fn insert(&mut self) -> Version {
        let place = self.changes.len() as u32;
        self.changes.push(0);
        self.stands_at.push(self.there.len() as u32);
        self.there.push(place);
        Version {
            number: self.number(place),
            changes: 0,
        }
    }

    pub(super) fn update(&mut self, number: u32) -> Version {
        let changes = &mut self.changes[(number / self.clients) as usize];
        *changes += 1;
        Version {
            number,
            changes: *changes,
        }
    }

    /// Takes it out; it was there.
    pub(super) fn remove(&mut self, number: u32) -> Version {
        let place = number / self.clients;
        let changes = std::mem::replace(&mut self.changes[place as usize], GONE);
        let stood_at = self.stands_at[place as usize];
        self.there.swap_remove(stood_at as usize);
        if let Some(moved) = self.there.get(stood_at as usize) {
            self.stands_at[*moved as usize] = stood_at;
        }
        Version { number, changes }
    }

    /// The element as it is, if this client inserted it and it is there.
    pub(in crate::work) fn version(&self, number: u32) -> Option<Version> {
        let own = number % self.clients == self.client;
        let changes = self.changes.get((number / self.clients) as usize)?;
        (own && *changes != GONE).then_some(Version {
            number,
            changes: *changes,
        })
    }

    /// Everything that is there, in the order of the inserts.
    pub(in crate::work) fn versions(&self) -> impl Iterator<Item = Version> {
        let places = 0..self.changes.len() as u32;
        places.filter_map(|place| self.version(self.number(place)))
    }

    fn number(&self, place: u32) -> u32 {
        self.client + place * self.clients
    }
}
