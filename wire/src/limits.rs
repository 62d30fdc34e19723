//! Every limit of the transport, in one place.

use std::time::Duration;

/// Longest frame, in bytes after the length prefix. Larger things travel in chunks.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// What a bulk stream (state transfer, read all, blocks) puts into one frame, in bytes.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// Most memory a reader takes ahead of the bytes that have really arrived.
pub const READ_AHEAD_BYTES: usize = 64 * 1024;

/// What a reader that has waited takes at first, in bytes; many ordinary frames are below.
pub const READ_START_BYTES: usize = 8 * 1024;

/// What a writer that has waited takes at first, in bytes; a few ordinary frames are below.
pub const WRITE_START_BYTES: usize = 512;

/// Frames that may wait in one link's outbox; a peer that lets it fill is treated as gone.
pub const OUTBOX_FRAMES: usize = 8 * 1024;

/// Frames of [`CHUNK_BYTES`] that one read of all elements may fill; a few of them fit into an outbox.
pub const MAX_READ_CHUNKS: usize = OUTBOX_FRAMES / 4;

/// A client that lets so many frames wait gets no further read of all elements before it has read some.
pub const MAX_BACKLOG: usize = 64;

/// A peer that takes none of the bytes that wait for it for so long is given up.
pub const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// Frames that one flush may gather, so that one busy link still flushes now and then.
pub const FRAMES_PER_FLUSH: usize = 256;

/// Bytes from which one flush gathers no further frame, so that a bulk stream is sent as it is encoded.
pub const FLUSH_BYTES: usize = 64 * 1024;

/// Events that may wait before a task that owns a core; readers wait beyond it, which is the back-pressure.
pub const INBOX_EVENTS: usize = 4 * 1024;

/// A peer that has not finished its handshake by then is let go.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(2);

/// A dialled address that has not answered by then counts as absent.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(2);

/// First and longest pause between two attempts to reach a peer.
pub const REDIAL_PAUSE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(250));
