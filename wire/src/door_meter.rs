//! How long a door takes over its updates, measured where they arrive: one per manager and per primary.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::Arc,
    time::{Duration, Instant},
};

use hdrhistogram::{
    Histogram,
    serialization::{Serializer, V2Serializer},
};

use crate::{Traffic, message::client::DoorReport, traffic::TrafficTotal};

/// Longest latency that is told from longer ones.
const LONGEST: Duration = Duration::from_secs(60);

/// Significant decimal digits of every latency.
const DIGITS: u8 = 3;

/// Times the updates of one door, from the arrival of a request to the queueing of its reply. `Ticket`
/// names a request among the unanswered ones.
#[derive(Debug)]
pub struct DoorMeter<Ticket> {
    latencies_ns: Histogram<u64>,
    arrivals: HashMap<Ticket, Instant>,
    /// What the links to the members carried before the count began.
    before: TrafficTotal,
    links: Arc<Traffic>,
}

impl<Ticket: Eq + Hash> DoorMeter<Ticket> {
    /// A meter that also counts what `links`, the links to the members, carry from now on.
    pub fn new(links: Arc<Traffic>) -> Self {
        let latencies_ns = Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, DIGITS)
            .expect("the bounds are constants that the histogram accepts");
        Self {
            latencies_ns,
            arrivals: HashMap::new(),
            before: links.total(),
            links,
        }
    }

    /// An update arrived.
    pub fn arrived(&mut self, ticket: Ticket, at: Instant) {
        self.arrivals.insert(ticket, at);
    }

    /// Its reply is on the way. Replies to anything but updates are unknown here and not counted.
    pub fn answered(&mut self, ticket: &Ticket) {
        if let Some(arrival) = self.arrivals.remove(ticket) {
            self.latencies_ns
                .saturating_record(arrival.elapsed().as_nanos() as u64);
        }
    }

    /// It was refused, or its client is gone: not an update.
    pub fn dropped(&mut self, ticket: &Ticket) {
        self.arrivals.remove(ticket);
    }

    /// These requests will never be answered: their client is gone.
    pub fn forget(&mut self, gone: impl Fn(&Ticket) -> bool) {
        self.arrivals.retain(|ticket, _| !gone(ticket));
    }

    /// Everything since the count began; `reset` begins it anew.
    pub fn report(&mut self, reset: bool) -> DoorReport {
        let mut latency_histogram = Vec::new();
        if let Err(error) = V2Serializer::new().serialize(&self.latencies_ns, &mut latency_histogram) {
            tracing::error!(?error, "the latency histogram could not be written");
        }
        let now = self.links.total();
        let report = DoorReport {
            updates: self.latencies_ns.len(),
            latency_histogram,
            traffic: TrafficTotal {
                frames: now.frames - self.before.frames,
                bytes: now.bytes - self.before.bytes,
            },
        };
        if reset {
            self.latencies_ns.reset();
            self.before = now;
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;

    use super::*;

    #[test]
    fn a_report_counts_answered_updates_and_traffic_since_the_last_reset() {
        let links = Arc::new(Traffic::default());
        links.count(5, 500);
        let mut meter = DoorMeter::new(Arc::clone(&links));
        for ticket in 0..4 {
            meter.arrived(ticket, Instant::now());
        }
        meter.answered(&0);
        meter.answered(&1);
        meter.dropped(&2);
        meter.answered(&99);
        links.count(8, 100);
        let report = meter.report(true);
        assert_eq!(
            (report.updates, report.traffic),
            (
                2,
                TrafficTotal {
                    frames: 8,
                    bytes: 100
                }
            )
        );
        let read: Histogram<u64> = Deserializer::new()
            .deserialize(&mut report.latency_histogram.as_slice())
            .expect("V2 bytes");
        assert_eq!(read.len(), 2);

        meter.answered(&3);
        let report = meter.report(false);
        assert_eq!((report.updates, report.traffic), (1, TrafficTotal::default()));
    }
}
