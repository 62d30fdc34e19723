//! Whether a listener listens: the other side of suspicion.
//!
//! A process that was stopped, or got no turn, takes its own absence for the silence of all others; and they took
//! it for its silence, and may have hung up. Whoever watches others therefore watches itself by the same
//! expectations, and after a gap believes in everyone anew.
//!
//! Invariant: a gap is told once.

use std::time::Duration;

use super::Expectations;

/// When a listener listened last. Times are as those of a [`Detector`](super::Detector).
#[derive(Clone, Copy, Debug)]
pub struct Attention {
    expected: Expectations,
    last: Duration,
}

impl Attention {
    /// Of one that begins to listen now, and is to do so once per heartbeat at least.
    pub fn new(expected: Expectations, now: Duration) -> Self {
        Self { expected, last: now }
    }

    /// It listens now. If it was held up until then, for how long.
    pub fn listens(&mut self, now: Duration) -> Option<Duration> {
        let unheeded = now.saturating_sub(self.last);
        self.last = self.last.max(now);
        self.expected.is_held_up(unheeded).then_some(unheeded)
    }
}
