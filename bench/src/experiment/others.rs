//! The other groups' writers through a crash: they write before it, during it and after it, and what they see is
//! cut into periods and short stretches of time.

use std::{
    cell::Cell,
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use futures_util::future::try_join_all;
use tokio::time::sleep;

use super::{
    ExperimentError,
    crash::{Crash, Party, crash_and_readmit},
    load::{Loader, empty_histogram},
};
use crate::{
    cluster::RunningCluster,
    results::{Configuration, OthersRow, Period, ThroughputRow},
};

/// How long the others write before the kill: some thousand updates, so that a 99.9th percentile is one.
const LEAD: Duration = Duration::from_millis(500);

/// How long they write on after the recovery.
const TAIL: Duration = Duration::from_millis(200);

/// Stretches are this long, in milliseconds, and as long as the next one if there would be more than
/// [`MAX_STRETCHES`] of them.
const STRETCHES_MS: [u64; 3] = [1, 10, 100];

/// Most stretches of one crash.
const MAX_STRETCHES: u64 = 2000;

/// What the others saw of one crash. All times in microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sightings {
    /// When each update was asked and answered.
    updates: Vec<(u64, u64)>,
    /// The kill, the next life's entry, the end of the recovery.
    killed_us: u64,
    entered_us: u64,
    active_us: u64,
    /// From when on the others wrote, and until when.
    from_us: u64,
    until_us: u64,
}

/// Crashes the party's nodes while these loaders write.
///
/// # Errors
/// Those of the crash, and of the loaders.
pub(super) async fn crash_under_load(
    running: &mut RunningCluster,
    party: &Party,
    loaders: impl Iterator<Item = &mut Loader>,
) -> Result<(Crash, Sightings), ExperimentError> {
    let clock = Clock::start();
    let stop = Cell::new(false);
    let crash = async {
        sleep(LEAD).await;
        let crash = crash_and_readmit(running, party).await;
        if crash.is_ok() {
            sleep(TAIL).await;
        }
        // However it ended: the writers have to.
        stop.set(true);
        crash
    };
    let writing = try_join_all(loaders.map(|loader| loader.keep_writing(&stop)));
    let (crash, updates) = tokio::join!(crash, writing);
    let (crash, updates) = (crash?, updates?.concat());
    let [killed_us, entered_us, active_us] = crash.times_us();
    let at = |(asked, answered): (Instant, Instant)| (clock.at_us(asked), clock.at_us(answered));
    let sightings = Sightings {
        updates: updates.into_iter().map(at).collect(),
        killed_us,
        entered_us,
        active_us,
        from_us: clock.began_us,
        until_us: clock.at_us(Instant::now()),
    };
    Ok((crash, sightings))
}

/// Turns this process's instants into times of day, which the manager's reports have.
struct Clock {
    began: Instant,
    began_us: u64,
}

impl Clock {
    fn start() -> Self {
        let today = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            began: Instant::now(),
            began_us: today.unwrap_or_default().as_micros() as u64,
        }
    }

    fn at_us(&self, instant: Instant) -> u64 {
        self.began_us + instant.saturating_duration_since(self.began).as_micros() as u64
    }
}

impl Sightings {
    /// Whether anybody wrote.
    pub(super) fn is_empty(&self) -> bool {
        self.updates.is_empty()
    }

    /// The rows of `others.csv`.
    pub(super) fn periods(&self, configuration: &Configuration, place: (u32, u32)) -> Vec<OthersRow> {
        let row = |period| {
            let (from, to) = self.ends_us(period);
            let mut latency_ns = empty_histogram();
            let mut answered_in_it = 0;
            for (asked, answered) in &self.updates {
                if *asked < to && *answered >= from {
                    latency_ns.saturating_record((answered - asked) * 1000);
                }
                answered_in_it += u64::from((from..to).contains(answered));
            }
            let duration_ms = to.saturating_sub(from) as f64 / 1000.0;
            OthersRow::from_histogram(
                configuration,
                place,
                period,
                duration_ms,
                answered_in_it,
                &latency_ns,
            )
        };
        Period::ALL.map(row).to_vec()
    }

    fn ends_us(&self, period: Period) -> (u64, u64) {
        match period {
            Period::Before => (self.from_us, self.killed_us),
            Period::Outage => (self.killed_us, self.entered_us),
            Period::Recovery => (self.entered_us, self.active_us),
        }
    }

    /// The rows of `throughput.csv`: every stretch, also those without an update. The first and the last one
    /// end where the writing does and are left out, since they are not whole.
    pub(super) fn stretches(
        &self,
        configuration: &Configuration,
        (trial, crash): (u32, u32),
    ) -> Vec<ThroughputRow> {
        let bucket_ms = self.bucket_ms();
        let since_kill_ms = |us: u64| (us as i64 - self.killed_us as i64).div_euclid(1000);
        let bucket = |us: u64| since_kill_ms(us).div_euclid(bucket_ms as i64);
        let mut answered: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        for (asked, end) in &self.updates {
            let (updates, max_us) = answered.entry(bucket(*end)).or_default();
            *updates += 1;
            *max_us = (*max_us).max(end - asked);
        }
        let whole = bucket(self.from_us) + 1..bucket(self.until_us);
        let row = |bucket: i64| {
            let (updates, max_us) = answered.get(&bucket).copied().unwrap_or_default();
            ThroughputRow {
                configuration: configuration.clone(),
                trial,
                crash,
                t_ms: bucket * bucket_ms as i64,
                bucket_ms,
                updates,
                max_us: max_us as f64,
            }
        };
        whole.map(row).collect()
    }

    fn bucket_ms(&self) -> u64 {
        let whole_ms = self.until_us.saturating_sub(self.from_us) / 1000;
        let fits = |bucket_ms: &u64| whole_ms / bucket_ms <= MAX_STRETCHES;
        let [.., longest] = STRETCHES_MS;
        STRETCHES_MS.into_iter().find(fits).unwrap_or(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::ValueBytes;

    fn configuration() -> Configuration {
        Configuration {
            mechanism: "fusion-arena".to_owned(),
            groups: 2,
            faults: 1,
            structure: "list".to_owned(),
            workload: "insert".to_owned(),
            value_bytes: ValueBytes::fixed(8),
        }
    }

    /// Written from 0 to 50 ms, killed at 10, back at 20, active at 40 ms.
    fn sightings(updates_ms: &[(u64, u64)]) -> Sightings {
        let us = |(asked, answered): &(u64, u64)| (asked * 1000 + 500, answered * 1000 + 500);
        Sightings {
            updates: updates_ms.iter().map(us).collect(),
            killed_us: 10_000,
            entered_us: 20_000,
            active_us: 40_000,
            from_us: 0,
            until_us: 50_000,
        }
    }

    #[test]
    fn an_update_counts_where_it_is_answered_and_slows_every_period_that_it_touches() {
        let rows = sightings(&[(1, 2), (5, 25), (30, 31), (41, 42)]).periods(&configuration(), (1, 2));
        let seen: Vec<_> = rows
            .iter()
            .map(|row| (row.period, row.updates, row.duration_ms, row.max_us.round()))
            .collect();
        let expected = [
            (Period::Before, 1, 10.0, 20_004.0),
            (Period::Outage, 0, 10.0, 20_004.0),
            (Period::Recovery, 2, 20.0, 20_004.0),
        ];
        // Three digits of the histogram.
        let near = |a: f64, b: f64| (a - b).abs() < 20.0;
        for (seen, expected) in seen.iter().zip(expected) {
            assert_eq!((seen.0, seen.1, seen.2), (expected.0, expected.1, expected.2));
            assert!(near(seen.3, expected.3), "{seen:?}");
        }
        assert_eq!(rows[2].updates_per_s, 100.0);
    }

    #[test]
    fn stretches_are_counted_from_the_kill_and_empty_ones_are_there_too() {
        let rows = sightings(&[(1, 2), (8, 9), (9, 10), (9, 10)]).stretches(&configuration(), (1, 2));
        assert_eq!(rows.len(), 49);
        assert_eq!((rows[0].t_ms, rows[48].t_ms), (-9, 39));
        let filled: Vec<_> = rows
            .iter()
            .filter(|row| row.updates > 0)
            .map(|row| (row.t_ms, row.updates, row.max_us, row.per_s()))
            .collect();
        let expected = [
            (-8, 1, 1000.0, 1000.0),
            (-1, 1, 1000.0, 1000.0),
            (0, 2, 1000.0, 2000.0),
        ];
        assert_eq!(filled, expected);
    }

    #[test]
    fn long_crashes_are_cut_into_longer_stretches() {
        let lasting = |ms: u64| Sightings {
            until_us: ms * 1000,
            ..sightings(&[])
        };
        assert_eq!(lasting(2000).bucket_ms(), 1);
        assert_eq!(lasting(2001).bucket_ms(), 10);
        assert_eq!(lasting(20_010).bucket_ms(), 100);
        assert_eq!(lasting(900_000).bucket_ms(), 100);
    }
}
