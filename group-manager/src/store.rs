//! Who is a member: the one place that decides it (DESIGN, "Membership store").
//!
//! A store holds one [`Membership`] and replaces it by compare-and-swap on its epoch. Heartbeats and timeouts
//! only raise suspicion; what the store holds is the truth, and an epoch is given out once.
//!
//! ```text
//! load()                              -> what is stored; epoch 0 and nobody if nothing ever was
//! compare_and_swap(expected, next)    -> stored, or Conflict with what is stored instead
//! ```
//!
//! Invariants: epochs only rise; of two managers that swap from the same epoch one gets a conflict; what was
//! stored once is there after a crash; something unreadable is an error, never an empty membership.

mod embedded;
mod envelope;
mod error;

use multicast::id::Epoch;
use wire::message::membership::Membership;

pub use embedded::EmbeddedStore;
pub use error::StoreError;

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
    /// written. After an [`StoreError::Io`] it is unknown which of the two memberships is stored.
    fn compare_and_swap(&self, expected: Epoch, next: &Membership) -> Result<(), StoreError>;
}
