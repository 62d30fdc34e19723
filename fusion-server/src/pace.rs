//! How many blocks of a residual may be under way from the live primaries, so that their operations wait behind few.
//!
//! One thread takes both. While operations come, a block is asked for only when the one before it has come, so that an
//! operation waits behind one of them, and what waits of operations is taken between two of them. Once none came between
//! [`QUIET_BLOCKS`] blocks, the primaries are idle, and the residual takes what it can; so it begins, since a small
//! residual is over sooner than an idle primary is told from a busy one.
//!
//! Invariant: an operation brings the careful pace back at once.

/// Blocks in a row without an operation between them after which the primaries count as idle.
pub const QUIET_BLOCKS: u64 = 16;
/// Blocks that may be under way from all primaries together while they send operations.
pub const BUSY_BLOCKS_AHEAD: u64 = 1;

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Blocks that came since the last operation.
    quiet: u64,
}

impl Default for Pace {
    /// Of primaries that count as idle.
    fn default() -> Self {
        Self { quiet: QUIET_BLOCKS }
    }
}

impl Pace {
    /// Notes that an operation came.
    pub fn note_operation(&mut self) {
        self.quiet = 0;
    }

    /// Notes that a block came.
    pub fn note_block(&mut self) {
        self.quiet = self.quiet.saturating_add(1);
    }

    /// Blocks that may be under way from all primaries together now.
    pub fn blocks_ahead(&self) -> u64 {
        match self.quiet < QUIET_BLOCKS {
            true => BUSY_BLOCKS_AHEAD,
            false => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_blocks_without_an_operation_are_quiet_and_one_fewer_are_not() {
        let mut pace = Pace::default();
        assert_eq!(pace.blocks_ahead(), u64::MAX);
        pace.note_operation();
        for _ in 1..QUIET_BLOCKS {
            pace.note_block();
        }
        assert_eq!(pace.blocks_ahead(), BUSY_BLOCKS_AHEAD);
        pace.note_block();
        assert_eq!(pace.blocks_ahead(), u64::MAX);
        pace.note_operation();
        assert_eq!(pace.blocks_ahead(), BUSY_BLOCKS_AHEAD);
    }
}
