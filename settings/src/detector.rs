//! How the managers tell a late member from a crashed one: the settings of their failure detector.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::defaults;

/// What the detector is told. It learns the intervals between a member's signs of life, and suspects the member
/// once a silence is too unlikely to end; `suspicion_ms` stays the longest silence in any case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectorSettings {
    /// How sure it must be: 8 is one silence in 10^8 of those that the member's past makes likely.
    pub threshold: u32,
    /// How many intervals it remembers.
    pub window: usize,
    /// The least standard deviation that it assumes of the intervals, however regular they were.
    pub deviation: Duration,
    /// A silence on top of the intervals that nobody is suspected for: a collection of garbage, a busy core. One as
    /// long as `suspicion_ms` makes that alone decide.
    pub pause: Duration,
}

impl DetectorSettings {
    /// What a file that says nothing of it gets: half a heartbeat of deviation, half a suspicion time of pause.
    pub fn for_times(heartbeat: Duration, suspicion: Duration) -> Self {
        let whole_ms = |time: Duration| Duration::from_millis(time.as_millis() as u64);
        Self {
            threshold: defaults::DETECTOR_THRESHOLD,
            window: defaults::DETECTOR_WINDOW,
            deviation: whole_ms(heartbeat / 2),
            pause: whole_ms(suspicion / 2),
        }
    }
}
