//! What a load leaves behind: one row per slice, one per second of it, and a record of the whole.
//!
//! Rows are tidy, with units in the column names, and go to the file system as they come.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::tally::{Second, Tally};
use crate::{
    floor::{BatchedFloor, Floor},
    results::{FolderError, RunRecord},
};

/// One row per slice.
pub const SLICES_FILE: &str = "load.csv";

/// One row per second of each slice.
pub const SECONDS_FILE: &str = "load_seconds.csv";

/// The command, the settings, the machine.
pub const RECORD_FILE: &str = "load.json";

/// What all slices of one contender have in common: the first columns of its rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Setting {
    /// A mechanism, or `redis`.
    pub(super) contender: String,
    /// None of Redis.
    pub(super) managers: Option<usize>,
    /// From a client to a manager that is not its own, and back as long again; none of Redis.
    pub(super) far_ms: Option<f64>,
    pub(super) groups: u32,
    pub(super) faults: u32,
    pub(super) structure: String,
    pub(super) workload: String,
    pub(super) value_bytes: String,
    /// Of each group.
    pub(super) clients: u32,
    pub(super) pipeline: usize,
    /// See [`Connections`](super::Connections).
    pub(super) connections: String,
    /// Empty in a closed loop.
    pub(super) rate_per_s: Option<u64>,
}

/// The figures of one slice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct SliceRow {
    /// From 1.
    pub(super) slice: u32,
    pub(super) duration_ms: f64,
    pub(super) requests: u64,
    pub(super) requests_per_s: f64,
    pub(super) not_sent: u64,
    pub(super) response_p50_us: f64,
    pub(super) response_p90_us: f64,
    pub(super) response_p99_us: f64,
    pub(super) response_p999_us: f64,
    pub(super) response_max_us: f64,
    pub(super) service_p50_us: f64,
    pub(super) service_p90_us: f64,
    pub(super) service_p99_us: f64,
    pub(super) service_p999_us: f64,
    pub(super) service_max_us: f64,
    /// One request alone: the median of its rounds.
    pub(super) floor_p50_us: Option<f64>,
    /// With the window in one piece.
    pub(super) batched_floor_per_s: Option<f64>,
    /// How much of the window that was: at most [`MAX_WINDOW`](crate::floor::MAX_WINDOW).
    pub(super) floor_window: usize,
}

#[derive(Serialize)]
struct SecondRow {
    slice: u32,
    second: u64,
    duration_ms: f64,
    requests: u64,
    response_p50_us: f64,
    response_p99_us: f64,
    response_max_us: f64,
}

/// The floors that were measured beside a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floors {
    pub(super) single: Floor,
    pub(super) batched: BatchedFloor,
}

impl SliceRow {
    /// Of slice `number` of a contender.
    pub(super) fn new(
        contender: &str,
        number: u32,
        duration_ms: f64,
        tally: &Tally,
        floors: &Floors,
    ) -> Self {
        let [r50, r90, r99, r999, rmax] = quantiles_us(&tally.response_ns);
        let [s50, s90, s99, s999, smax] = quantiles_us(&tally.service_ns);
        Self {
            slice: number,
            duration_ms,
            requests: tally.requests,
            requests_per_s: tally.per_second().round(),
            not_sent: tally.not_sent,
            response_p50_us: r50,
            response_p90_us: r90,
            response_p99_us: r99,
            response_p999_us: r999,
            response_max_us: rmax,
            service_p50_us: s50,
            service_p90_us: s90,
            service_p99_us: s99,
            service_p999_us: s999,
            service_max_us: smax,
            floor_p50_us: match contender {
                super::REDIS => Some(floors.single.client_round_trip.p50_us),
                mechanism => floors.single.floor_us(mechanism, floors.single.faults),
            },
            batched_floor_per_s: floors.batched.updates_per_second(contender).map(f64::round),
            floor_window: floors.batched.window,
        }
    }
}

fn quantiles_us(histogram_ns: &Histogram<u64>) -> [f64; 5] {
    let quantile = |q| micros(histogram_ns.value_at_quantile(q));
    [
        quantile(0.5),
        quantile(0.9),
        quantile(0.99),
        quantile(0.999),
        micros(histogram_ns.max()),
    ]
}

fn micros(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1000.0
}

/// The open folder of a load.
pub(super) struct LoadFolder {
    slices: RowFile,
    seconds: RowFile,
}

struct RowFile {
    path: PathBuf,
    rows: csv::Writer<File>,
}

impl LoadFolder {
    /// Makes the folder and its parents, writes the record and begins the tables.
    ///
    /// # Errors
    /// `HoldsARun` if a load's record is there already; `Io`, `Json`.
    pub(super) fn create(path: &Path, record: &RunRecord) -> Result<Self, FolderError> {
        let record_path = path.join(RECORD_FILE);
        if record_path.exists() {
            return Err(FolderError::HoldsARun {
                path: path.to_owned(),
                file: RECORD_FILE,
            });
        }
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::Io { path, source }
        };
        fs::create_dir_all(path).map_err(io(path))?;
        let text = serde_json::to_string_pretty(record).map_err(|source| FolderError::Json {
            path: record_path.clone(),
            source,
        })?;
        fs::write(&record_path, text + "\n").map_err(io(&record_path))?;
        Ok(Self {
            slices: RowFile::create(path.join(SLICES_FILE))?,
            seconds: RowFile::create(path.join(SECONDS_FILE))?,
        })
    }

    /// Adds a slice and its seconds.
    ///
    /// # Errors
    /// `Csv`, `Io`.
    pub(super) fn append(
        &mut self,
        setting: &Setting,
        row: &SliceRow,
        seconds: &[Second],
    ) -> Result<(), FolderError> {
        self.slices.append((setting, row))?;
        for second in seconds {
            let row = SecondRow {
                slice: row.slice,
                second: second.number,
                duration_ms: second.length.as_secs_f64() * 1e3,
                requests: second.requests,
                response_p50_us: micros(second.p50_ns),
                response_p99_us: micros(second.p99_ns),
                response_max_us: micros(second.max_ns),
            };
            self.seconds.append((setting, row))?;
        }
        Ok(())
    }
}

impl RowFile {
    fn create(path: PathBuf) -> Result<Self, FolderError> {
        let rows = csv::Writer::from_path(&path);
        let failed = |source| FolderError::Csv {
            path: path.clone(),
            source,
        };
        Ok(Self {
            rows: rows.map_err(failed)?,
            path,
        })
    }

    /// The first row brings the header.
    fn append(&mut self, row: impl Serialize) -> Result<(), FolderError> {
        let path = &self.path;
        self.rows.serialize(row).map_err(|source| FolderError::Csv {
            path: path.clone(),
            source,
        })?;
        self.rows.flush().map_err(|source| FolderError::Io {
            path: path.clone(),
            source,
        })
    }
}
