//! Every limit of a data node, in one place.

/// Bytes that the answers of reads may fill while they wait for the stable watermark; each is counted by the most that
/// it may have. Beyond it a read is refused.
pub const MAX_WAITING_READ_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of messages that a joining node may hold until its state is there and it has caught up. One that would hold
/// more gives its join up and enters anew.
pub const MAX_HELD_BYTES: u64 = 256 * 1024 * 1024;

/// What is counted for a read or a message beside its bytes.
pub const OVERHEAD_BYTES: u64 = 128;

/// States that may be on their way to this node at once, each in a thread of its own. One is awaited; the others are of
/// transfers that were given up and have not noticed. A connection beyond them is closed.
pub const MAX_ARRIVING_STATES: usize = 4;
