//! What a process says of its own memory.

/// How to ask this process's allocator for its live bytes; the binary that installs the counting allocator
/// hands it to the role it runs.
pub type HeapProbe = fn() -> u64;

/// Resident memory of this process in bytes, as the operating system counts it; 0 where it does not tell.
pub fn resident_bytes() -> u64 {
    memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem as u64)
}

/// A random number for an incarnation or a client id, never 0.
pub fn random_id() -> u64 {
    rand::random_range(1..=u64::MAX)
}
