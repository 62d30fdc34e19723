//! The bare loopback rounds that a mechanism cannot beat.
//!
//! Times depend on the machine, and even on which core a process wakes. So every run measures, with nothing
//! but blocking sockets between processes, what its messages alone would take: 64 bytes there and back, one
//! round to several receivers (send to all, then read all), two such rounds. An update is then judged as a
//! ratio to its mechanism's floor: replication proposes and finalises, two rounds to the f + 1 data nodes;
//! fusion sends one delta, one round to the f fused servers.
//!
//! Invariant: receivers are processes of their own over kept `TCP_NODELAY` connections, as the nodes are.

mod batched;
mod echo;
mod receivers;

use std::io;

use crate::placement::Placement;
use std::process::Command;
use std::time::Instant;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use batched::{BatchedFloor, MAX_WINDOW, measure_batched};
pub use echo::{echo, echo_on};
pub use receivers::Receivers;

/// Bytes of every message, each way.
pub const MESSAGE_BYTES: usize = 64;

/// The hidden subcommand that runs [`echo`] in a process of its own.
pub const ECHO_COMMAND: &str = "floor-echo";

/// Samples of one kind that are taken in a row, before the next kind's turn: few, so that a drift of the
/// machine hits all kinds alike.
const CHUNK: u32 = 50;

/// Rounds of each kind before the first sample.
const WARM_UP: u32 = 200;

/// Longer rounds count as this long, in nanoseconds: ten seconds.
const LONGEST_ROUND_NS: u64 = 10_000_000_000;

/// The floor could not be measured.
#[derive(Debug, Error)]
pub enum FloorError {
    /// An echo process did not start.
    #[error("cannot start an echo process: {0}")]
    Start(io::Error),
    /// An echo process ended, or closed its output, without saying where it listens.
    #[error("an echo process did not say where it listens; its last line was {last_line:?}")]
    NoAddress {
        /// What it said instead.
        last_line: String,
    },
    /// A connection to an echo process failed.
    #[error("a connection to an echo process failed: {0}")]
    Connection(#[from] io::Error),
}

/// The distribution of one kind of round, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoundTimes {
    /// Median.
    pub p50_us: f64,
    /// 90th percentile.
    pub p90_us: f64,
    /// 99th percentile.
    pub p99_us: f64,
    /// Mean.
    pub mean_us: f64,
}

/// The loopback rounds of one run, for one number of tolerated faults f.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    /// f.
    pub faults: u32,
    /// Samples of each kind.
    pub samples: u32,
    /// Bytes of every message, each way.
    pub message_bytes: usize,
    /// One message to one process, and back: what any client pays.
    pub client_round_trip: RoundTimes,
    /// One round to f processes.
    pub one_round_to_f: RoundTimes,
    /// One round to f + 1 processes.
    pub one_round_to_f_plus_1: RoundTimes,
    /// Two rounds to f + 1 processes, the second after all answers of the first.
    pub two_rounds_to_f_plus_1: RoundTimes,
}

impl Floor {
    /// The median of the rounds that an update of `mechanism` cannot beat, in microseconds. `None` for a
    /// mechanism whose rounds are not known, or if the floor was measured for another number of faults.
    pub fn floor_us(&self, mechanism: &str, faults: u32) -> Option<f64> {
        if faults != self.faults {
            return None;
        }
        let rounds = match mechanism {
            "replication" => self.two_rounds_to_f_plus_1,
            "replication-sequencer" => self.one_round_to_f_plus_1,
            "fusion-linked" | "fusion-arena" => self.one_round_to_f,
            _ => return None,
        };
        Some(rounds.p50_us)
    }
}

/// Measures with echo processes that this same program runs (`floor-echo`). Blocks; about 4 x `samples`
/// rounds, a second for 2,000 samples.
///
/// # Errors
/// [`FloorError`] if an echo process does not start, or goes away.
pub fn measure(faults: u32, samples: u32, placement: Placement) -> Result<Floor, FloorError> {
    measure_over(&mut receivers(faults, placement)?, samples)
}

/// Starts the f + 1 echo processes that [`measure`] measures with.
///
/// # Errors
/// [`FloorError`] if one does not start.
pub fn receivers(faults: u32, placement: Placement) -> Result<Receivers, FloorError> {
    let program = std::env::current_exe().map_err(FloorError::Start)?;
    let command = || {
        let mut command = Command::new(&program);
        command.arg(ECHO_COMMAND);
        if let Some(core) = placement.core_of_receivers() {
            command.arg("--core").arg(core.to_string());
        }
        command
    };
    Receivers::spawn(faults + 1, command)
}

/// Measures over receivers that are connected already: f + 1 of them.
///
/// # Errors
/// [`FloorError::Connection`] if a receiver goes away.
pub fn measure_over(receivers: &mut Receivers, samples: u32) -> Result<Floor, FloorError> {
    let all = receivers.count();
    let kind = |to, rounds| Kind { to, rounds, batch: 1 };
    // Without faults there is no receiver to wait for: a round to none takes no time.
    let kinds = [kind(1, 1), kind(all - 1, 1), kind(all, 1), kind(all, 2)];
    let [
        client_round_trip,
        one_round_to_f,
        one_round_to_f_plus_1,
        two_rounds_to_f_plus_1,
    ] = times_of(receivers, kinds, samples)?;
    Ok(Floor {
        faults: u32::try_from(all - 1).unwrap_or(u32::MAX),
        samples,
        message_bytes: MESSAGE_BYTES,
        client_round_trip,
        one_round_to_f,
        one_round_to_f_plus_1,
        two_rounds_to_f_plus_1,
    })
}

/// Times every kind so often, in turns.
fn times_of<const KINDS: usize>(
    receivers: &mut Receivers,
    kinds: [Kind; KINDS],
    samples: u32,
) -> io::Result<[RoundTimes; KINDS]> {
    let mut times_ns = kinds.map(|_| empty_histogram());
    for kind in kinds {
        for _ in 0..WARM_UP.min(samples) {
            kind.run(receivers)?;
        }
    }
    let mut left = samples;
    while left > 0 {
        let chunk = left.min(CHUNK);
        for (kind, times_ns) in kinds.iter().zip(&mut times_ns) {
            for _ in 0..chunk {
                times_ns.saturating_record(kind.run(receivers)?);
            }
        }
        left -= chunk;
    }
    Ok(times_ns.map(|times_ns| RoundTimes::of(&times_ns)))
}

/// One of the things timed.
#[derive(Clone, Copy, Debug)]
struct Kind {
    to: usize,
    rounds: u32,
    /// Messages that go in one piece.
    batch: usize,
}

impl Kind {
    /// Runs it once; nanoseconds.
    fn run(self, receivers: &mut Receivers) -> io::Result<u64> {
        let start = Instant::now();
        for _ in 0..self.rounds {
            receivers.round(self.to, self.batch)?;
        }
        Ok(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

fn empty_histogram() -> Histogram<u64> {
    // With a bound, because a growing histogram does not grow for `saturating_record`.
    Histogram::new_with_max(LONGEST_ROUND_NS, 3).expect("these bounds are within what a histogram allows")
}

impl RoundTimes {
    fn of(times_ns: &Histogram<u64>) -> Self {
        let micros = |nanoseconds: f64| nanoseconds.round() / 1000.0;
        let quantile_us = |q| micros(times_ns.value_at_quantile(q) as f64);
        Self {
            p50_us: quantile_us(0.5),
            p90_us: quantile_us(0.9),
            p99_us: quantile_us(0.99),
            mean_us: micros(times_ns.mean()),
        }
    }
}
