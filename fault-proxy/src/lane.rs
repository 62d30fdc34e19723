//! One direction of one connection: what to do with its bytes, as a value. No clock, no socket.
//!
//! ```text
//! arrive(now, bytes) --> held, each piece with the moment from which it may go --> front() --> forwarded(n)
//! ```
//!
//! Invariants: pieces leave in the order in which they came, whatever the jitter; at most [`MAX_HELD_BYTES`] and one
//! piece are held, beyond which nothing more is to be read (the back-pressure reaches the sender).

use std::{collections::VecDeque, time::Duration};

use bytes::{Buf, Bytes};

use crate::{
    fault::{Conduct, Flow},
    jitter::Jitter,
};

/// Bytes that one lane may hold back; its sender waits beyond it.
pub const MAX_HELD_BYTES: usize = 1 << 20;

/// What the lane's keeper is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write of [`Lane::front`] as much as is taken, and say how much with [`Lane::forwarded`].
    Forward,
    /// Look again at this moment, or when something arrives or changes.
    WaitUntil(Duration),
    /// Look again when something arrives or changes.
    Wait,
    /// The sender has closed its direction and everything is through: close it on the other side too.
    Finish,
    /// End both directions of the connection.
    Break(Breakage),
}

/// How a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakage {
    /// As by a process that closes it.
    Closed,
    /// As by a machine that knows nothing of it any more.
    Reset,
}

/// See the module's documentation. Moments are durations since any fixed one.
#[derive(Debug)]
pub struct Lane {
    conduct: Conduct,
    held: VecDeque<(Duration, Bytes)>,
    held_bytes: usize,
    /// When the sender's end may be passed on; it has closed then.
    end: Option<Duration>,
    /// The last piece goes no earlier than this.
    latest: Duration,
    /// How many more bytes may pass before the cut.
    until_cut: Option<u64>,
    /// Something was swallowed.
    has_hole: bool,
    jitter: Jitter,
}

impl Lane {
    /// An empty lane; `seed` decides its jitter.
    pub fn new(conduct: Conduct, seed: u64) -> Self {
        let mut lane = Self {
            conduct,
            held: VecDeque::new(),
            held_bytes: 0,
            end: None,
            latest: Duration::ZERO,
            until_cut: None,
            has_hole: false,
            jitter: Jitter::new(seed),
        };
        lane.set(conduct);
        lane
    }

    /// Behaves like this from now on. What is held already keeps its moment; a cut counts from here.
    pub fn set(&mut self, conduct: Conduct) {
        self.conduct = conduct;
        self.until_cut = match conduct.flow {
            Flow::CutAfter(bytes) => Some(bytes),
            _ => None,
        };
        if conduct.flow == Flow::Swallow {
            self.has_hole |= !self.held.is_empty() || self.end.is_some();
            self.held.clear();
            self.held_bytes = 0;
        }
    }

    /// Whether more may be read from the sender.
    pub fn wants_more(&self) -> bool {
        self.end.is_none() && self.held_bytes < MAX_HELD_BYTES && self.conduct.flow != Flow::Stall
    }

    /// The sender said this.
    pub fn arrive(&mut self, now: Duration, bytes: Bytes) {
        if self.conduct.flow == Flow::Swallow {
            self.has_hole = true;
            return;
        }
        let release = self.release(now);
        self.held_bytes += bytes.len();
        self.held.push_back((release, bytes));
    }

    /// The sender will say no more.
    pub fn end(&mut self, now: Duration) {
        self.has_hole |= self.conduct.flow == Flow::Swallow;
        self.end = Some(self.release(now));
    }

    /// What is to be done now.
    pub fn step(&self, now: Duration) -> Step {
        match self.conduct.flow {
            Flow::Reset => return Step::Break(Breakage::Reset),
            Flow::Swallow | Flow::Stall => return Step::Wait,
            Flow::Pass | Flow::CutAfter(_) => {}
        }
        if self.has_hole {
            return Step::Break(Breakage::Reset);
        }
        if self.until_cut == Some(0) {
            return Step::Break(Breakage::Closed);
        }
        let then = match (self.held.front(), self.end) {
            (Some((release, _)), _) => (*release, Step::Forward),
            (None, Some(release)) => (release, Step::Finish),
            (None, None) => return Step::Wait,
        };
        match then {
            (release, _) if release > now => Step::WaitUntil(release),
            (_, step) => step,
        }
    }

    /// What may be written next, with [`Step::Forward`].
    pub fn front(&self) -> Bytes {
        let Some((_, piece)) = self.held.front() else {
            return Bytes::new();
        };
        let allowed = self.until_cut.unwrap_or(u64::MAX);
        let bytes = usize::try_from(allowed).map_or(piece.len(), |allowed| allowed.min(piece.len()));
        piece.slice(..bytes)
    }

    /// So many bytes of the front were written.
    pub fn forwarded(&mut self, bytes: usize) {
        let Some((_, piece)) = self.held.front_mut() else {
            return;
        };
        piece.advance(bytes);
        if piece.is_empty() {
            self.held.pop_front();
        }
        self.held_bytes -= bytes;
        if let Some(left) = &mut self.until_cut {
            *left -= bytes as u64;
        }
    }

    /// When what comes now may go, which is never before what came earlier.
    fn release(&mut self, now: Duration) -> Duration {
        let release = now + self.conduct.delay + self.jitter.draw(self.conduct.jitter);
        self.latest = self.latest.max(release);
        self.latest
    }
}

#[cfg(test)]
mod tests;
