//! The last intervals of a member, with their mean and deviation at hand.
//!
//! Invariant: `sum` and `squares` are exactly those of `last`: whole microseconds, so that nothing drifts however
//! many intervals pass through.

use std::{collections::VecDeque, time::Duration};

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(super) struct Intervals {
    last: VecDeque<u64>,
    window: usize,
    sum: u64,
    squares: u128,
}

impl Intervals {
    pub(super) fn new(window: usize) -> Self {
        Self {
            last: VecDeque::new(),
            window,
            sum: 0,
            squares: 0,
        }
    }

    /// Takes in an interval; the oldest one past the window goes. An interval beyond an hour counts as one.
    pub(super) fn note(&mut self, interval: Duration) {
        const HOUR: Duration = Duration::from_secs(3600);
        let micros = interval.min(HOUR).as_micros() as u64;
        if self.last.len() == self.window
            && let Some(oldest) = self.last.pop_front()
        {
            self.sum -= oldest;
            self.squares -= square(oldest);
        }
        self.last.push_back(micros);
        self.sum += micros;
        self.squares += square(micros);
    }

    /// None before the first interval.
    pub(super) fn mean(&self) -> Option<Duration> {
        self.sum
            .checked_div(self.last.len() as u64)
            .map(Duration::from_micros)
    }

    /// The standard deviation; nothing before the second interval.
    pub(super) fn deviation(&self) -> Duration {
        let count = self.last.len() as u128;
        if count == 0 {
            return Duration::ZERO;
        }
        // Cauchy and Schwarz: never negative.
        let spread = count * self.squares - square(self.sum);
        Duration::from_secs_f64((spread as f64).sqrt() / count as f64 / 1e6)
    }
}

fn square(number: u64) -> u128 {
    u128::from(number) * u128::from(number)
}
