//! What a joining member learns of the order together with the structure's bytes (rule 6).
//!
//! The bytes hold messages that other members may not have delivered yet. If their donor crashed, nobody but
//! the joiner would know their final timestamps; so these come along, and a sealed joiner reports them as its
//! donor would have.

use serde::{Deserialize, Serialize};

use crate::id::{Epoch, GroupId, Incarnation, MessageId, Timestamp};

/// A donor's place in the order. Belongs to the structure as it is at the same moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Snapshot<P> {
    /// The donor's epoch. Only members of the same one may install it: in a later one the donor may be gone,
    /// and what it alone had delivered have got another place in the order.
    pub epoch: Epoch,
    /// Every message up to here is included.
    pub watermark: Timestamp,
    /// The donor's Lamport clock.
    pub clock: u64,
    /// Included messages that are not known to be stable, in their order.
    pub recent: Vec<Recent<P>>,
}

/// A message that was delivered and is not known to be stable.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Recent<P> {
    /// The message.
    pub id: MessageId,
    /// All groups it is addressed to, ascending.
    pub groups: Vec<GroupId>,
    /// What was delivered.
    pub payload: P,
    /// Its final timestamp.
    pub timestamp: Timestamp,
    /// Who says when it is stable.
    pub keeper: Incarnation,
}

impl<P> Snapshot<P> {
    /// The largest counter that it names.
    pub(super) fn largest_counter(&self) -> u64 {
        let recent = self.recent.iter().map(|recent| recent.timestamp.counter);
        recent.fold(self.clock.max(self.watermark.counter), u64::max)
    }
}

/// Why a member does not take a snapshot; it stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstallError {
    /// The view changed between the donor's snapshot and now: another one is needed.
    #[error("the snapshot is of {snapshot}, the member in {own}")]
    OtherEpoch {
        /// The snapshot's epoch.
        snapshot: Epoch,
        /// The member's.
        own: Epoch,
    },
    /// The member holds a state already.
    #[error("the member holds a state already")]
    Installed,
    /// It names a counter behind which no order could be continued.
    #[error("the snapshot names the counter {counter}, above the largest, {limit}")]
    Counter {
        /// The largest in it.
        counter: u64,
        /// The largest that is believed.
        limit: u64,
    },
}
