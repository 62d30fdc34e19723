//! Between two managers: that each lives.
//!
//! One connection for each pair, kept; the manager with the larger section number calls. Nothing that is said
//! here decides anything: the membership store does.

use multicast::id::Epoch;
use serde::{Deserialize, Serialize};

/// "I live." Said every heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagerBeat {
    /// Messages of the sender that are under way in this epoch cannot be finished, for it does not reach a member that
    /// it needs; they stand before everybody's. Whoever owns the membership seals it anew.
    pub stuck_in: Option<Epoch>,
}
