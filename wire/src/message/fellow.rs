//! Between two managers: that each lives, and what it knows to be stored.
//!
//! One connection for each pair, kept; the manager with the larger section number calls. Nothing that is said
//! here decides anything: the membership store does.

use multicast::id::Epoch;
use serde::{Deserialize, Serialize};

/// "I live." Said every heartbeat, and at once when a later membership was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagerBeat {
    /// The latest epoch that the sender has seen in the store.
    pub epoch: Epoch,
}
