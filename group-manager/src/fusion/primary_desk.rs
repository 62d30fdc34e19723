//! What one life of a primary was told over its link, and what it said.

use multicast::id::Epoch;
use wire::message::fusion::ServerSeat;

/// The manager's side of the talk with one life of a primary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PrimaryDesk {
    /// The servers it was shown last.
    pub(super) view: Option<Vec<ServerSeat>>,
    /// The epoch of the last view that it says it took over.
    pub(super) viewed: Epoch,
    /// The epoch of the life it was told to begin or to resume; 0 before.
    pub(super) begun: Epoch,
    /// The epoch of the life that it was told to end on purpose.
    pub(super) told_to_leave: Epoch,
    /// The epoch of the life of which, it says, nothing is in the fused servers any more.
    pub(super) cleared: Epoch,
}
