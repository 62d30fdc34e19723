//! The manager's orders to fused servers and primaries, and what these report.
//!
//! Every order may be repeated: one that was carried out already changes nothing.

use multicast::id::{Epoch, NodeId, Seq};
use serde::{Deserialize, Serialize};

use super::{GroupLife, Loss, PrimarySeat, ServerSeat};

/// Manager to fused server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToServer {
    /// From now on refuse these primaries' deltas of epochs before this one; say what you applied.
    Fence {
        /// The new epoch.
        epoch: Epoch,
        /// The crashed primaries.
        primaries: Vec<NodeId>,
    },
    /// Undo the lost primaries above their cuts and drop what was pending of them.
    Cut {
        /// The recovery.
        recovery: u64,
        /// (primary, cut).
        cuts: Vec<(NodeId, Seq)>,
    },
    /// Compute the residual of these losses, and stream it to each replacement, scaled by what that one's decoding
    /// multiplies this server's residual by. After `Cut`.
    Residual {
        /// The recovery.
        recovery: u64,
        /// All losses of it, by column.
        losses: Vec<Loss>,
        /// The rows of the code that send residuals, this server's among them: as many as losses.
        rows: Vec<u8>,
        /// The primaries whose part is to be taken out.
        live: Vec<NodeId>,
        /// Whether this server is also the one that sends the plain regions.
        with_auxiliary: bool,
    },
    /// Drop that recovery's residual: another crash came between, or it is finished.
    Abandon {
        /// The recovery.
        recovery: u64,
    },
    /// This primary may send: deltas of `since`, going on after what this server has applied of it.
    Admit {
        /// The primary.
        seat: PrimarySeat,
    },
    /// Forget everything; be rebuilt from these primaries' images.
    Rebuild {
        /// The epoch of the rebuild.
        epoch: Epoch,
        /// The server's row of the code, for as long as it belongs to the cluster.
        row: u8,
        /// All primaries of the cluster that hold data.
        primaries: Vec<PrimarySeat>,
    },
    /// Nothing new, but alive.
    Heartbeat,
}

/// Fused server to manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromServer {
    /// The answer to `Fence`.
    Fenced {
        /// The epoch.
        epoch: Epoch,
        /// The last applied operation of each fenced primary.
        applied: Vec<(NodeId, Seq)>,
    },
    /// The answer to `Cut`.
    CutDone {
        /// The recovery.
        recovery: u64,
    },
    /// The cut cannot be reached: the undo ring no longer holds the operations above it.
    CutImpossible {
        /// The recovery.
        recovery: u64,
        /// Why.
        reason: String,
    },
    /// A replacement could not be reached or stopped reading.
    ResidualFailed {
        /// The recovery.
        recovery: u64,
        /// Why.
        reason: String,
    },
    /// A primary's image broke off half-way; only a new rebuild can help.
    RebuildBroken {
        /// The epoch of the rebuild.
        epoch: Epoch,
        /// Why.
        reason: String,
    },
    /// The answer to `Admit`.
    Admitted {
        /// The primary.
        primary: NodeId,
        /// Its epoch.
        since: Epoch,
    },
    /// Nothing new, but alive.
    Heartbeat,
}

/// Manager to primary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToPrimary {
    /// The fused servers of this epoch. Acknowledgements wait for all active ones; a server that left the
    /// list is not waited for any more; one that is new and not active is to be sent the image.
    View {
        /// The epoch.
        epoch: Epoch,
        /// The epoch of the life that it is for. To one that believes in an earlier epoch it says that this one was
        /// taken for lost, and that servers may have undone what is not stable: nothing they said before counts.
        since: Epoch,
        /// All servers that are active or being rebuilt.
        servers: Vec<ServerSeat>,
        /// Writes wait while fewer than this many are active.
        min_backups: usize,
    },
    /// Begin with an empty structure (the group has none), sending deltas of this epoch. Whoever holds
    /// something of this life of the group, or was ever told to recover it, takes no notice.
    Found {
        /// The epoch of this life.
        since: Epoch,
        /// What it is to hold.
        life: GroupLife,
    },
    /// You are the replacement of a crashed primary: expect residuals, then say `Installed`.
    Recover {
        /// The recovery.
        recovery: u64,
        /// All losses of it, by column: what the residuals are a sum of.
        losses: Vec<Loss>,
        /// The servers whose residuals will come, with their rows, in order.
        rows: Vec<(NodeId, u8)>,
        /// What it is to hold.
        life: GroupLife,
        /// Whether the primary was about to leave: then what comes may be the rest of a structure.
        leaving: bool,
    },
    /// That recovery was abandoned; another `Recover` follows.
    Abandon {
        /// The recovery.
        recovery: u64,
    },
    /// All servers know your new life: serve, and send deltas of this epoch. A recovered primary goes on at
    /// its cut + 1; one that was only suspected goes on with the memory it has.
    Resume {
        /// The epoch of this life.
        since: Epoch,
        /// What it is to hold.
        life: GroupLife,
    },
    /// You are to leave: serve nobody any more, take everything out of the fused servers, then say `Cleared`.
    Leave {
        /// The epoch of this life.
        since: Epoch,
    },
    /// The answer to `AskLease`, while that life is the one that counts: since it was asked it was heard of, and it is
    /// not taken for lost before the suspicion time has passed.
    Lease {
        /// What the primary said.
        asked_us: u64,
        /// The epoch of the life that counts.
        since: Epoch,
    },
    /// Nothing new, but alive.
    Heartbeat,
}

/// Primary to manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromPrimary {
    /// From now on no acknowledgement does without this server, and it has everything acknowledged before.
    CaughtUp {
        /// The server.
        server: NodeId,
        /// The epoch of the rebuild that it completes.
        rebuild: Epoch,
    },
    /// The view was taken over: no acknowledgement waits for a server outside it.
    Viewed {
        /// Its epoch.
        epoch: Epoch,
    },
    /// The structure was decoded, checked and installed.
    Installed {
        /// The recovery.
        recovery: u64,
        /// First to last byte, without the arithmetic, microseconds.
        transfer_us: u64,
        /// Arithmetic, microseconds.
        decode_us: u64,
        /// Checks and derived indexes, microseconds.
        install_us: u64,
    },
    /// What came is no sound structure; it is not served.
    InstallFailed {
        /// The recovery.
        recovery: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing of this primary is in the fused servers any more, and nothing will be.
    Cleared {
        /// The epoch of this life.
        since: Epoch,
    },
    /// Say whether this life is still the one that counts.
    AskLease {
        /// When it is asked, in microseconds of the primary's own clock: the manager hands it back as it is.
        asked_us: u64,
    },
    /// Nothing new, but alive.
    Heartbeat,
}
