//! Who is a member: the one place that decides it (DESIGN, "Membership store").
//!
//! A store holds one [`Membership`] and replaces it by compare-and-swap on its epoch. Heartbeats and timeouts
//! only raise suspicion; what the store holds is the truth, and an epoch is given out once.
//!
//! ```text
//! load()                              -> what is stored; epoch 0 and nobody if nothing ever was
//! compare_and_swap(expected, next)    -> stored, or Conflict with what is stored instead
//! watch(known, patience)              -> what is stored, as soon as it is later than known
//! ```
//!
//! Managers may also say there that they live ([`Announcer`]), for suspicion only.
//!
//! [`Changes`] keeps a thread in `watch` for a task that wants to hear of what others store.
//!
//! Invariants: epochs only rise; of two managers that swap from the same epoch one gets a conflict; what was
//! stored once is there after a crash; something unreadable is an error, never an empty membership.

mod announcer;
mod changes;
mod embedded;
mod envelope;
mod error;
#[cfg(feature = "etcd")]
mod etcd;

use std::{collections::BTreeMap, time::Duration};

use multicast::id::{Epoch, Incarnation, NodeId};
use wire::message::membership::Membership;

pub use announcer::{ANNOUNCED_FOR, Announcer};
pub use changes::Changes;
pub use embedded::EmbeddedStore;
pub use error::StoreError;
#[cfg(feature = "etcd")]
pub use etcd::EtcdStore;

/// Holds the membership. Calls block (on a disk, on another machine): not for a task's thread.
pub trait MembershipStore: Send + Sync {
    /// What is stored. Epoch 0 without members if nothing was ever stored.
    ///
    /// # Errors
    /// Whatever keeps the store from being read or understood; never [`StoreError::Conflict`].
    fn load(&self) -> Result<Membership, StoreError>;

    /// Stores `next` if the stored epoch is `expected`; durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with what is stored, if that has another epoch; [`StoreError::EpochNotRising`]
    /// if `next` has no later epoch than `expected`; otherwise what kept the store from being read or
    /// written. After an [`StoreError::Io`] or [`StoreError::Unreachable`] it is unknown which of the two memberships is stored.
    fn compare_and_swap(&self, expected: Epoch, next: &Membership) -> Result<(), StoreError>;

    /// Waits until something later than `known` is stored, at most for `patience`; what is stored then, or
    /// nothing if the time is over. Epochs in between may never be seen: the latest one is what counts.
    ///
    /// # Errors
    /// As [`MembershipStore::load`], at once; whoever watches on pauses first.
    fn watch(&self, known: Epoch, patience: Duration) -> Result<Option<Membership>, StoreError>;

    /// Says for about this long that a manager lives; said again in time, it goes on. For suspicion only. Whether
    /// the store takes it: one on the managers' own machine does not, since their links tell as much.
    ///
    /// # Errors
    /// What kept the store from being written.
    fn announce(&self, manager: NodeId, life: Incarnation, ttl: Duration) -> Result<bool, StoreError> {
        let _ = (manager, life, ttl);
        Ok(false)
    }

    /// Which managers said that they live, and which life did; nobody where the store does not take that.
    ///
    /// # Errors
    /// What kept the store from being read.
    fn announced(&self) -> Result<BTreeMap<NodeId, Incarnation>, StoreError> {
        Ok(BTreeMap::new())
    }
}
