//! Is a silent member late, or gone? A suspicion that grows with the silence, learnt from the member's own past.
//!
//! The phi-accrual detector (Hayashibara, Défago, Yared, Katayama: The phi Accrual Failure Detector, SRDS 2004,
//! section 4): the intervals between signs of life are taken to be normally distributed; the suspicion after a
//! silence of t is
//!
//! ```text
//! phi(t) = -log10 P(an interval is longer than t)      phi = 8: one interval in 10^8 is that long
//!
//! P from the mean and the deviation of the last intervals, where
//!   - an interval shorter than a heartbeat counts as one: traffic promises nothing
//!   - one interval per heartbeat is remembered: traffic does not push the past out of the window
//!   - the deviation is never taken for less than a named one, and a pause is forgiven on top of the mean
//! ```
//!
//! Two additions to the paper bound it: a silence longer than the suspicion time is suspect whatever was learnt, so
//! that a slow member is waited for only so long; and a listener that was itself held up excuses everyone.
//!
//! Invariants: the suspicion never falls while the silence lasts; nobody is suspected within a heartbeat and the
//! pause, unless the suspicion time is shorter (a primary's leases rest on that); no clock is read here. Suspicion
//! decides nothing by itself (DESIGN section 5). [`Readmission`] keeps a member that is suspected again and again from
//! flapping; [`Attention`] is how a listener knows that it was held up.

mod attention;
mod intervals;
mod readmission;

use std::{f64::consts::SQRT_2, time::Duration};

use settings::Cluster;

pub use attention::Attention;
use intervals::Intervals;
pub use readmission::{FORGIVEN_AFTER, MAX_READMISSION_PAUSE, Readmission};

/// What is expected of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectations {
    /// How often it promises a sign of life.
    pub heartbeat: Duration,
    /// The longest silence that is believed in.
    pub longest_silence: Duration,
    /// The suspicion from which on it counts as gone.
    pub threshold: u32,
    /// How many intervals are remembered.
    pub window: usize,
    /// The least deviation that is assumed.
    pub deviation: Duration,
    /// The silence that is forgiven on top of the mean interval.
    pub pause: Duration,
}

impl Expectations {
    /// What a cluster's file says.
    pub fn of(cluster: &Cluster) -> Self {
        let detector = &cluster.detector;
        Self {
            heartbeat: cluster.heartbeat,
            longest_silence: cluster.suspicion,
            threshold: detector.threshold,
            window: detector.window,
            deviation: detector.deviation,
            pause: detector.pause,
        }
    }

    /// Whether a listener that should listen every heartbeat, and did not for so long, was itself held up. With a
    /// pause of a heartbeat or more, that is before it could suspect anybody for it.
    fn is_held_up(&self, unheeded: Duration) -> bool {
        unheeded > (self.heartbeat * 3 + self.pause).min(self.longest_silence) / 2
    }
}

/// One member's. Times are since a moment that its owner chooses, by a clock that never goes back.
#[derive(Clone, Debug)]
pub struct Detector {
    expected: Expectations,
    intervals: Intervals,
    last_heard: Duration,
    /// When the last interval was noted.
    last_noted: Duration,
}

impl Detector {
    /// Of a member that was just heard for the first time.
    pub fn new(expected: Expectations, now: Duration) -> Self {
        Self {
            expected,
            intervals: Intervals::new(expected.window),
            last_heard: now,
            last_noted: now,
        }
    }

    /// Any sign of life. Constant time.
    pub fn heard(&mut self, now: Duration) {
        let interval = self.silence(now).max(self.expected.heartbeat);
        self.last_heard = self.last_heard.max(now);
        if now.saturating_sub(self.last_noted) >= self.expected.heartbeat {
            self.last_noted = now;
            self.intervals.note(interval);
        }
    }

    /// The listener was away: the silence until now says nothing about the member.
    pub fn excuse(&mut self, now: Duration) {
        self.last_heard = self.last_heard.max(now);
        self.last_noted = self.last_heard;
    }

    /// For how long nothing was heard.
    pub fn silence(&self, now: Duration) -> Duration {
        now.saturating_sub(self.last_heard)
    }

    /// The paper's phi: 0 while the member is in time, 1 if one silence in ten lasts so long, 2 if one in a hundred
    /// does, infinite where the numbers end.
    pub fn suspicion(&self, now: Duration) -> f64 {
        let mean = self.intervals.mean().unwrap_or(self.expected.heartbeat);
        let deviation = self.intervals.deviation().max(self.expected.deviation);
        let late = self.silence(now).as_secs_f64() - (mean + self.expected.pause).as_secs_f64();
        let longer = libm::erfc(late / deviation.as_secs_f64() / SQRT_2) / 2.0;
        -longer.log10()
    }

    /// Whether the member is to be taken for gone.
    pub fn is_suspect(&self, now: Duration) -> bool {
        self.silence(now) > self.expected.longest_silence
            || self.suspicion(now) >= f64::from(self.expected.threshold)
    }
}

#[cfg(test)]
mod tests;
