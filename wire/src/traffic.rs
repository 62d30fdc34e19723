//! Counters of what crossed a process's links, for "messages and bytes per update", and of what arrived over
//! all of them, for the bytes that a recovery moves.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::{Deserialize, Serialize};

/// Bytes of all frames that this process has read (relaxed: no decision depends on it).
static RECEIVED_BYTES: AtomicU64 = AtomicU64::new(0);

/// Bytes of all frames that this process has read, whatever the link, length prefixes included. Summed over
/// processes, each frame counts once.
pub fn received_bytes() -> u64 {
    RECEIVED_BYTES.load(Relaxed)
}

/// Counts a frame of this many bytes, its prefix included, as read.
pub(crate) fn count_received(bytes: u64) {
    RECEIVED_BYTES.fetch_add(bytes, Relaxed);
}

/// Frames and bytes in both directions. Shared between the two tasks of each link (relaxed counters: no
/// decision depends on them).
#[derive(Debug, Default)]
pub struct Traffic {
    frames: AtomicU64,
    bytes: AtomicU64,
}

impl Traffic {
    /// Counts `frames` frames of `bytes` bytes in all, prefixes included.
    pub fn count(&self, frames: u64, bytes: u64) {
        self.frames.fetch_add(frames, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// The totals since the process started.
    pub fn total(&self) -> TrafficTotal {
        TrafficTotal {
            frames: self.frames.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
        }
    }
}

/// Totals of a [`Traffic`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrafficTotal {
    /// Frames sent and received.
    pub frames: u64,
    /// Bytes sent and received, length prefixes included.
    pub bytes: u64,
}
