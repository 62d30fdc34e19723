//! What others store, as a channel: for a task, which must not wait in a blocking call itself.
//!
//! ```text
//! thread: watch(known) -> later than known? -> channel -> task
//!             ^ known = its epoch, or after a failure a pause
//! ```
//!
//! Invariants: epochs in the channel rise; a change is heard of however long the store was out of reach.

use std::{sync::Arc, thread, time::Duration};

use multicast::id::Epoch;
use tokio::sync::mpsc;
use wire::message::membership::Membership;

use super::MembershipStore;
use crate::limits::STORE_RETRY;

/// How long one call of `watch` may take; after it the thread sees whether anybody still listens.
const PATIENCE: Duration = Duration::from_millis(500);

/// Memberships later than a known one, as they are stored, whoever stored them. Ends its thread when dropped.
#[derive(Debug)]
pub struct Changes {
    stored: mpsc::Receiver<Membership>,
}

impl Changes {
    /// Listens from now on for what is later than `known`.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn after(store: Arc<dyn MembershipStore>, known: Epoch) -> std::io::Result<Self> {
        let (tell, stored) = mpsc::channel(1);
        // Not a thread of the runtime's: that would wait for it when it ends.
        thread::Builder::new()
            .name("membership-watch".to_owned())
            .spawn(move || watch_on(&*store, known, &tell))?;
        Ok(Self { stored })
    }

    /// The next one. Never ends; may be dropped and called again without missing anything.
    pub async fn next(&mut self) -> Membership {
        match self.stored.recv().await {
            Some(membership) => membership,
            None => std::future::pending().await,
        }
    }
}

fn watch_on(store: &dyn MembershipStore, mut known: Epoch, tell: &mpsc::Sender<Membership>) {
    let mut reachable = true;
    while !tell.is_closed() {
        match store.watch(known, PATIENCE) {
            Ok(later) => {
                reachable = true;
                let Some(later) = later else { continue };
                known = later.epoch;
                if tell.blocking_send(later).is_err() {
                    return;
                }
            }
            Err(error) => {
                if reachable {
                    tracing::warn!(%error, "the membership store cannot be watched; trying on");
                }
                reachable = false;
                thread::sleep(STORE_RETRY);
            }
        }
    }
}

#[cfg(test)]
mod tests;
