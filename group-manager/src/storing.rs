//! Writing the membership store on the core's behalf, off the task that owns the core: the disk or another machine is
//! waited for in a thread of its own.
//!
//! ```text
//! Command::Store --write--> a thread --compare and swap--> Inbox::Stored --outcome--> Stored | StoreConflict
//!                    ^---------------- a failure, STORE_RETRY later ------------------------+
//! ```
//!
//! Invariant: every write ends in exactly one event, [`Event::Stored`] or [`Event::StoreConflict`]; that the store
//! fails meanwhile is nothing that a core hears of.

use std::{sync::Arc, thread, time::Duration};

use multicast::id::Epoch;
use tokio::{sync::mpsc, task::spawn_blocking};
use wire::message::membership::Membership;

use crate::{
    coordinator::Event,
    inbox::Inbox,
    limits::STORE_RETRY,
    store::{MembershipStore, StoreError},
};

/// Carries memberships to the store. See the module's words.
pub(crate) struct StoreWriter {
    store: Arc<dyn MembershipStore>,
    inbox: mpsc::Sender<Inbox>,
}

impl StoreWriter {
    /// Writes to `store`; what comes of it is told to `inbox`.
    pub(crate) fn new(store: Arc<dyn MembershipStore>, inbox: mpsc::Sender<Inbox>) -> Self {
        Self { store, inbox }
    }

    /// Swaps the membership of epoch `expected` for the next one; [`Inbox::Stored`] follows.
    pub(crate) fn write(&self, expected: Epoch, next: Membership) {
        self.attempt(expected, next, None);
    }

    /// What the core is to hear of an [`Inbox::Stored`]; a write that failed is tried again.
    pub(crate) fn outcome(
        &self,
        expected: Epoch,
        next: Membership,
        outcome: Result<(), StoreError>,
    ) -> Option<Event> {
        match outcome {
            Ok(()) => Some(Event::Stored { epoch: next.epoch }),
            // What is older than what was stored is no other manager's word: somebody took the store away.
            Err(StoreError::Conflict { current, .. }) if current.epoch >= expected => {
                Some(Event::StoreConflict { current: *current })
            }
            Err(error) => {
                tracing::error!(%error, "the membership store could not be written; trying again");
                self.attempt(expected, next, Some(STORE_RETRY));
                None
            }
        }
    }

    /// `pause`: how long to wait first, if an attempt before this one failed.
    fn attempt(&self, expected: Epoch, next: Membership, pause: Option<Duration>) {
        let (store, inbox) = (Arc::clone(&self.store), self.inbox.clone());
        spawn_blocking(move || {
            if let Some(pause) = pause {
                thread::sleep(pause);
            }
            let outcome = match store.compare_and_swap(expected, &next) {
                // The attempt before this one did reach the store: it failed after that.
                Err(StoreError::Conflict { current, .. }) if pause.is_some() && *current == next => Ok(()),
                outcome => outcome,
            };
            // A closed inbox means that the manager is stopping.
            drop(inbox.blocking_send(Inbox::Stored {
                expected,
                next,
                outcome,
            }));
        });
    }
}
