//! Update latency of one run, as seen from one place: a row of `updates.csv`.

use std::fmt;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::Configuration;

/// Where an update was timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum At {
    /// At the manager or primary: from the request's arrival to its reply's departure.
    Door,
    /// At the client: from the request's departure to its reply's arrival.
    Client,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Door => "door",
            Self::Client => "client",
        })
    }
}

/// What the updates of one run cost on the network, all nodes together, each message counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages sent.
    pub messages: u64,
    /// Bytes sent, frames included.
    pub bytes: u64,
}

/// The distribution of one run's update latencies. Times in microseconds, three decimals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpdateRow {
    /// The run that this row belongs to.
    pub configuration: Configuration,
    /// The repetition, from 1.
    pub trial: u32,
    /// Where the updates were timed.
    pub at: At,
    /// How many updates.
    pub count: u64,
    /// Mean.
    pub mean_us: f64,
    /// Standard deviation.
    pub std_dev_us: f64,
    /// Median.
    pub p50_us: f64,
    /// 90th percentile.
    pub p90_us: f64,
    /// 99th percentile.
    pub p99_us: f64,
    /// 99.9th percentile.
    pub p999_us: f64,
    /// The longest.
    pub max_us: f64,
    /// Messages per update.
    pub messages_per_update: f64,
    /// Bytes per update.
    pub bytes_per_update: f64,
}

impl UpdateRow {
    /// The row of a histogram of nanoseconds. An empty histogram gives zeros.
    pub fn from_histogram(
        configuration: &Configuration,
        trial: u32,
        at: At,
        latency_ns: &Histogram<u64>,
        traffic: Traffic,
    ) -> Self {
        let updates = latency_ns.len().max(1) as f64;
        let quantile_us = |q| micros(latency_ns.value_at_quantile(q) as f64);
        Self {
            configuration: configuration.clone(),
            trial,
            at,
            count: latency_ns.len(),
            mean_us: micros(latency_ns.mean()),
            std_dev_us: micros(latency_ns.stdev()),
            p50_us: quantile_us(0.5),
            p90_us: quantile_us(0.9),
            p99_us: quantile_us(0.99),
            p999_us: quantile_us(0.999),
            max_us: micros(latency_ns.max() as f64),
            messages_per_update: thousandths(traffic.messages as f64 / updates),
            bytes_per_update: thousandths(traffic.bytes as f64 / updates),
        }
    }

    /// The name of the row's histogram file: what differs between the rows of one run.
    pub fn histogram_name(&self) -> String {
        let Configuration {
            mechanism,
            groups,
            faults,
            value_bytes,
            ..
        } = &self.configuration;
        let Self { trial, at, .. } = self;
        format!("{mechanism}-values{value_bytes}-groups{groups}-faults{faults}-trial{trial}-{at}.hgrm")
    }
}

/// Nanoseconds as microseconds, to the nanosecond.
pub(super) fn micros(nanoseconds: f64) -> f64 {
    thousandths(nanoseconds / 1000.0)
}

/// Rounded to three decimals, so that the files stay readable.
pub(super) fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
