//! A growable buffer whose first byte begins a line of the cache.
//!
//! Registers of 64 bytes read and write lines of 64 bytes; from a buffer that begins within a line, each access
//! takes two. The allocator promises less, so the bytes begin at the first such place of a vector that is
//! up to 63 bytes longer. Where a reallocation moves the vector by a part of a line, the bytes are moved to
//! the new place; large vectors, which the system moves by whole pages, are not copied at all.
//!
//! Invariant: what is allocated is at most [`most_allocated`] of the length, growing and shrinking, and a
//! reallocation comes only after growing or shrinking by a share of the length.

use std::ops::{Deref, DerefMut};

/// The first byte's address is a multiple of this: a line of the cache, and the widest register.
pub const ALIGNMENT: usize = 64;
/// Bytes in front of the first, at most.
const LONGEST_LEAD: usize = ALIGNMENT - 1;
/// A full buffer grows by its length divided by this; doubling would waste what coding saves.
const RESERVE_DIVISOR: usize = 16;
/// A full buffer grows by at least this many bytes.
const MIN_RESERVE_BYTES: usize = 64;

/// Bytes that begin a line of the cache. Reads, writes and compares like a slice.
#[derive(Default)]
pub struct AlignedBytes {
    /// The bytes, behind `lead` others that mean nothing.
    buffer: Vec<u8>,
    lead: usize,
}

impl AlignedBytes {
    /// None, without memory.
    pub const fn new() -> Self {
        Self {
            buffer: Vec::new(),
            lead: 0,
        }
    }

    /// So many zeroes, without reserve.
    pub fn zeroed(length: usize) -> Self {
        let mut buffer = vec![0; length + LONGEST_LEAD];
        let lead = lead_of(&buffer);
        buffer.truncate(lead + length);
        Self { buffer, lead }
    }

    /// Bytes of memory that it takes.
    pub fn allocated(&self) -> usize {
        self.buffer.capacity()
    }

    /// Grows with zeroes, or cuts, to `length` bytes. Little is kept in reserve, and memory is given back
    /// when more than that is unused. Cost: what is grown; that of a reallocation now and then.
    pub fn resize(&mut self, length: usize) {
        if self.lead + length > self.buffer.capacity() {
            self.reallocate(length + reserve(length));
        }
        self.buffer.resize(self.lead + length, 0);
        if self.buffer.capacity() > most_allocated(length) {
            self.reallocate(length + reserve(length) / 2);
        }
    }

    /// Allocates for `room` bytes, which are no fewer than there are.
    fn reallocate(&mut self, room: usize) {
        let capacity = LONGEST_LEAD + room;
        match capacity > self.buffer.capacity() {
            true => self.buffer.reserve_exact(capacity - self.buffer.len()),
            false => self.buffer.shrink_to(capacity),
        }
        self.realign();
    }

    /// Moves the bytes to where a line begins now.
    fn realign(&mut self) {
        let (before, now) = (self.lead, lead_of(&self.buffer));
        let length = self.buffer.len() - before;
        if before != now {
            self.buffer.resize(before.max(now) + length, 0);
            self.buffer.copy_within(before..before + length, now);
            self.buffer.truncate(now + length);
            self.lead = now;
        }
    }
}

/// The most that [`AlignedBytes::allocated`] is after a resize to `length`.
pub const fn most_allocated(length: usize) -> usize {
    length + length / RESERVE_DIVISOR + 2 * ALIGNMENT
}

/// Bytes to hold in reserve behind `length` bytes.
fn reserve(length: usize) -> usize {
    (length / RESERVE_DIVISOR).max(MIN_RESERVE_BYTES)
}

/// Bytes in front of the first line that begins in it.
fn lead_of(buffer: &[u8]) -> usize {
    buffer.as_ptr().addr().wrapping_neg() % ALIGNMENT
}

impl Deref for AlignedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[self.lead..]
    }
}

impl DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[self.lead..]
    }
}

impl From<&[u8]> for AlignedBytes {
    fn from(bytes: &[u8]) -> Self {
        let mut copy = Self::zeroed(bytes.len());
        copy.copy_from_slice(bytes);
        copy
    }
}

impl Clone for AlignedBytes {
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}

impl PartialEq for AlignedBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for AlignedBytes {}

impl std::fmt::Debug for AlignedBytes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(formatter)
    }
}

#[cfg(test)]
mod tests;
