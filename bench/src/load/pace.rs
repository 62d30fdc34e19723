//! When requests are to start: as soon as there is room (closed loop), or at a rate (open loop).
//!
//! In an open loop a request has an intended start that does not depend on the answers before it. A service that
//! stalls is then seen by all who would have come meanwhile, not by the one who happened to wait: response time
//! counts from the intended start, service time from the actual one (Tene, "How NOT to Measure Latency", 2013).
//!
//! Invariant: the n-th start of a rate is exactly n / rate after the beginning; nothing accumulates. Pure: times
//! are offsets from the beginning of the slice.

use std::time::Duration;

/// The fastest rate, in requests a second: a start per microsecond.
pub const MAX_RATE: u64 = 1_000_000;

/// How fast requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Every client sends again as soon as it may.
    Closed,
    /// So many a second, by all clients together, evenly.
    Open {
        /// Requests a second, 1 to [`MAX_RATE`].
        per_second: u64,
    },
}

/// The starts of one client's requests. Client k of n has every n-th start of the rate, from the k-th on.
#[derive(Clone, Debug)]
pub(super) struct Starts {
    pace: Pace,
    /// The number of the next start among those of all clients.
    next: u64,
    clients: u64,
}

impl Starts {
    pub(super) fn of_client(pace: Pace, client: u64, clients: u64) -> Self {
        let next = client;
        Self { pace, next, clients }
    }

    /// When the next request is to start: `now`, or at its own time, which may have passed.
    pub(super) fn next(&self, now: Duration) -> Duration {
        match self.pace {
            Pace::Closed => now,
            Pace::Open { per_second } => start(self.next, per_second),
        }
    }

    /// The next request has started.
    pub(super) fn advance(&mut self) {
        self.next += self.clients;
    }

    /// The starts before `end` that did not take place; none are left after it.
    pub(super) fn missed(&mut self, end: Duration) -> Vec<Duration> {
        let mut missed = Vec::new();
        while self.next(end) < end {
            missed.push(self.next(end));
            self.advance();
        }
        missed
    }
}

fn start(number: u64, per_second: u64) -> Duration {
    let (seconds, rest) = (number / per_second, number % per_second);
    // Below 10^6 x 10^9, as the rate is at most a million.
    Duration::from_secs(seconds) + Duration::from_nanos(rest * 1_000_000_000 / per_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(client: u64, clients: u64, per_second: u64) -> Starts {
        Starts::of_client(Pace::Open { per_second }, client, clients)
    }

    fn nanos(starts: &mut Starts, count: usize) -> Vec<u128> {
        let late = Duration::from_secs(1000);
        (0..count)
            .map(|_| {
                let next = starts.next(late).as_nanos();
                starts.advance();
                next
            })
            .collect()
    }

    #[test]
    fn clients_take_turns_in_the_starts_of_one_rate() {
        assert_eq!(nanos(&mut starts(0, 2, 4), 3), [0, 500_000_000, 1_000_000_000]);
        assert_eq!(
            nanos(&mut starts(1, 2, 4), 3),
            [250_000_000, 750_000_000, 1_250_000_000]
        );
    }

    #[test]
    fn a_rate_that_divides_no_second_never_drifts() {
        let mut starts = starts(0, 1, 3);
        assert_eq!(
            nanos(&mut starts, 4),
            [0, 333_333_333, 666_666_666, 1_000_000_000]
        );
        starts.next = 3 * 86_400;
        assert_eq!(starts.next(Duration::ZERO), Duration::from_secs(86_400));
        assert_eq!(start(MAX_RATE - 1, MAX_RATE), Duration::from_micros(999_999));
    }

    #[test]
    fn a_closed_loop_starts_whenever_it_is_asked_and_misses_nothing() {
        let mut starts = Starts::of_client(Pace::Closed, 3, 8);
        let now = Duration::from_millis(17);
        assert_eq!(starts.next(now), now);
        starts.advance();
        assert_eq!((starts.next(now), starts.missed(now)), (now, vec![]));
    }

    #[test]
    fn what_was_to_start_before_the_end_and_did_not_is_missed() {
        let mut starts = starts(0, 1, 10);
        starts.advance();
        let missed = starts.missed(Duration::from_millis(300));
        assert_eq!(missed, [100, 200].map(Duration::from_millis));
        assert_eq!(starts.missed(Duration::from_millis(300)), []);
    }
}
