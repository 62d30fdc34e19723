//! The floor of throughput: the same rounds, with all messages of a window in one piece.
//!
//! With so many requests under way at once, their messages need not leave one by one. Nothing is done with them
//! here, and a round begins when the one before is over; so a mechanism that overlaps its rounds could even be faster.

use super::{FloorError, Kind, Receivers, RoundTimes, times_of};

/// The most messages of one piece: a piece fits into a socket's buffer, so nobody waits for a reader that writes.
pub const MAX_WINDOW: usize = 1024;

/// The rounds of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchedFloor {
    /// Messages in one piece.
    pub window: usize,
    /// To one process and back.
    pub client_round_trip: RoundTimes,
    /// One round to f processes.
    pub one_round_to_f: RoundTimes,
    /// One round to f + 1 processes.
    pub one_round_to_f_plus_1: RoundTimes,
    /// Two rounds to f + 1 processes.
    pub two_rounds_to_f_plus_1: RoundTimes,
}

impl BatchedFloor {
    /// Updates a second that `mechanism` could make if its messages were all that took time: the window over the
    /// median of its rounds. `None` for a mechanism whose rounds are not known.
    pub fn updates_per_second(&self, mechanism: &str) -> Option<f64> {
        let rounds = match mechanism {
            "replication" => self.two_rounds_to_f_plus_1,
            "replication-sequencer" => self.one_round_to_f_plus_1,
            "fusion-linked" | "fusion-arena" => self.one_round_to_f,
            // To its one replica and back.
            "redis" => self.client_round_trip,
            _ => return None,
        };
        Some(self.window as f64 * 1e6 / rounds.p50_us)
    }
}

/// Measures over f + 1 receivers; at most [`MAX_WINDOW`] messages go in one piece.
///
/// # Errors
/// [`FloorError::Connection`] if a receiver goes away.
pub fn measure_batched(
    receivers: &mut Receivers,
    window: usize,
    samples: u32,
) -> Result<BatchedFloor, FloorError> {
    let all = receivers.count();
    let batch = window.clamp(1, MAX_WINDOW);
    let kind = |to, rounds| Kind { to, rounds, batch };
    let kinds = [kind(1, 1), kind(all - 1, 1), kind(all, 1), kind(all, 2)];
    let [
        client_round_trip,
        one_round_to_f,
        one_round_to_f_plus_1,
        two_rounds_to_f_plus_1,
    ] = times_of(receivers, kinds, samples)?;
    Ok(BatchedFloor {
        window: batch,
        client_round_trip,
        one_round_to_f,
        one_round_to_f_plus_1,
        two_rounds_to_f_plus_1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(p50_us: f64) -> RoundTimes {
        RoundTimes {
            p50_us,
            p90_us: 1e9,
            p99_us: 1e9,
            mean_us: 1e9,
        }
    }

    #[test]
    fn a_mechanism_makes_a_window_of_updates_in_the_median_of_its_rounds() {
        let floor = BatchedFloor {
            window: 100,
            client_round_trip: rounds(10.0),
            one_round_to_f: rounds(20.0),
            one_round_to_f_plus_1: rounds(25.0),
            two_rounds_to_f_plus_1: rounds(50.0),
        };
        let expected = [
            ("replication", Some(2e6)),
            ("replication-sequencer", Some(4e6)),
            ("fusion-linked", Some(5e6)),
            ("fusion-arena", Some(5e6)),
            ("redis", Some(10e6)),
            ("another", None),
        ];
        let names = expected.map(|(name, _)| name);
        assert_eq!(names.map(|name| (name, floor.updates_per_second(name))), expected);
    }
}
