//! Every limit of the manager, in one place.

/// Writes that may wait at one group's door (frozen, in a view change, or behind a slow round).
pub const MAX_WAITING_WRITES: usize = 64 * 1024;

/// Writes in one multicast message.
pub const MAX_BATCH_WRITES: usize = 512;

/// Bytes of keys and values in one multicast message (a single larger write still goes, alone).
pub const MAX_BATCH_BYTES: usize = 256 * 1024;

/// Bytes of values that the answers to one multicast message may hold, by the largest that each may have (one
/// request still goes, alone): what a member says to it fits into a frame.
pub const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Writes of several groups that may wait; they may each hold as much as a whole batch.
pub const MAX_WAITING_TOGETHER: usize = 4 * 1024;

/// Requests that one turn takes in before it sends; members' words wait so long at most.
pub const REQUESTS_PER_TURN: usize = 256;

/// Rounds of one group under way at once; while they are, the next batch gathers. Together with the batch
/// limits this bounds what a sealed node has to report to far less than a frame. Rounds of writes to several groups
/// are counted apart, by the same limit in each of their groups, so that neither kind keeps the other waiting.
pub const MAX_ROUNDS: usize = 4;

/// Transfers that may fail for one entry before the joiner is let go (it will enter again).
pub const MAX_TRANSFER_ATTEMPTS: u32 = 3;

/// Changes of members that may wait for the next membership.
pub const MAX_WAITING_CHANGES: usize = 64;

/// Clients that may be connected at once.
pub const MAX_CLIENTS: usize = 4096;

/// How long to wait before a failed write of the membership store is tried again.
pub const STORE_RETRY: std::time::Duration = std::time::Duration::from_millis(200);

/// Reads of all elements that may be under way at one data node; each fills at most a quarter of its outbox
/// ([`wire::limits::MAX_READ_CHUNKS`]).
pub const MAX_LONG_READS: usize = 3;

/// Recovery reports in one reply.
pub const MAX_REPORTS_PER_REPLY: usize = 4096;
