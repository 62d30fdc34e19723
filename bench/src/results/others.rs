//! What the writers of the other groups saw of a crash: rows of `others.csv` and `throughput.csv`.
//!
//! They write without a pause from well before the kill until well after the recovery. An update belongs to a
//! period if it was under way in any part of it, so that none that waited is overlooked; it counts towards the
//! throughput of the one in which it was answered.

use std::fmt;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::Configuration;
use super::update::{micros, thousandths};

/// A stretch of time around one crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Up to the kill.
    Before,
    /// From the kill until the node's next life asks to be let in.
    Outage,
    /// From then until the node is active again.
    Recovery,
}

impl Period {
    /// In the order of time.
    pub const ALL: [Self; 3] = [Self::Before, Self::Outage, Self::Recovery];
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::Outage => "outage",
            Self::Recovery => "recovery",
        })
    }
}

/// The updates of all other groups in one period of one crash. Times in microseconds at the clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OthersRow {
    /// The run that this row belongs to.
    pub configuration: Configuration,
    /// The repetition, from 1.
    pub trial: u32,
    /// Which crash of the trial, as in `recovery.csv`.
    pub crash: u32,
    /// Which period.
    pub period: Period,
    /// How long it was.
    pub duration_ms: f64,
    /// Updates answered in it.
    pub updates: u64,
    /// The same per second.
    pub updates_per_s: f64,
    /// Median of those that were under way in it.
    pub p50_us: f64,
    /// 99th percentile.
    pub p99_us: f64,
    /// 99.9th percentile.
    pub p999_us: f64,
    /// The longest.
    pub max_us: f64,
}

impl OthersRow {
    /// The row of a histogram of nanoseconds.
    pub fn from_histogram(
        configuration: &Configuration,
        (trial, crash): (u32, u32),
        period: Period,
        duration_ms: f64,
        updates: u64,
        latency_ns: &Histogram<u64>,
    ) -> Self {
        let quantile_us = |q| micros(latency_ns.value_at_quantile(q) as f64);
        let per_s = match duration_ms > 0.0 {
            true => updates as f64 * 1000.0 / duration_ms,
            false => 0.0,
        };
        Self {
            configuration: configuration.clone(),
            trial,
            crash,
            period,
            duration_ms: thousandths(duration_ms),
            updates,
            updates_per_s: thousandths(per_s),
            p50_us: quantile_us(0.5),
            p99_us: quantile_us(0.99),
            p999_us: quantile_us(0.999),
            max_us: micros(latency_ns.max() as f64),
        }
    }
}

/// The updates of all other groups that were answered in one short stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThroughputRow {
    /// The run that this row belongs to.
    pub configuration: Configuration,
    /// The repetition, from 1.
    pub trial: u32,
    /// Which crash of the trial, as in `recovery.csv`.
    pub crash: u32,
    /// When the stretch begins, from the kill; before it negative.
    pub t_ms: i64,
    /// How long it is.
    pub bucket_ms: u64,
    /// Updates answered in it.
    pub updates: u64,
    /// The longest of them.
    pub max_us: f64,
}

impl ThroughputRow {
    /// Updates per second.
    pub fn per_s(&self) -> f64 {
        self.updates as f64 * 1000.0 / self.bucket_ms as f64
    }
}
