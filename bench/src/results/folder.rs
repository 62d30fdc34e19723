//! The folder a run writes, while it runs.
//!
//! Every row goes to the file system as it comes, so an interrupted run leaves what it measured. `run.json`
//! says "interrupted" from the first moment until [`RunFolder::finish`] is told otherwise.
//!
//! Invariant: a folder that holds a run is never written over.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::table_file::{OTHERS, RECOVERIES, SIZES, SUMMARY, THROUGHPUT, TableFile, UPDATES};
use super::{
    BackupSizeRow, FolderError, OthersRow, RecoveryRow, Run, RunRecord, ThroughputRow, UpdateRow,
    rfc3339_utc, write_hgrm,
};
use crate::floor::Floor;

pub(super) const RUN: &str = "run.json";
const HISTOGRAMS: &str = "histograms";

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every step was taken.
    Complete,
    /// Stopped before the last step: by the user, or by an error.
    Interrupted,
}

/// An open folder of a run under way.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    record: RunRecord,
    updates: RowFile,
    sizes: RowFile,
    recoveries: RowFile,
    others: RowFile,
    throughput: RowFile,
}

impl RunFolder {
    /// Makes the folder (and its parents) and its files, each with its header.
    ///
    /// # Errors
    /// [`FolderError::HoldsARun`] if a run's file is there already; `Io`, `Csv`, `Json` if writing fails.
    pub fn create(path: &Path, record: RunRecord) -> Result<Self, FolderError> {
        refuse_a_run(path)?;
        let histograms = path.join(HISTOGRAMS);
        fs::create_dir_all(&histograms).map_err(|source| FolderError::Io {
            path: histograms,
            source,
        })?;
        let folder = Self {
            path: path.to_owned(),
            record,
            updates: RowFile::create(path, UPDATES)?,
            sizes: RowFile::create(path, SIZES)?,
            recoveries: RowFile::create(path, RECOVERIES)?,
            others: RowFile::create(path, OTHERS)?,
            throughput: RowFile::create(path, THROUGHPUT)?,
        };
        folder.write_record()?;
        Ok(folder)
    }

    /// Reads back the folder of a run, finished or not.
    ///
    /// # Errors
    /// As [`Run::open`].
    pub fn open(path: &Path) -> Result<Run, FolderError> {
        Run::open(path)
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the floor to the record.
    ///
    /// # Errors
    /// `Io` or `Json` if `run.json` cannot be written.
    pub fn record_floor(&mut self, floor: Floor) -> Result<(), FolderError> {
        self.record.floor = Some(floor);
        self.write_record()
    }

    /// Appends a row to `updates.csv` and writes its `.hgrm` file.
    ///
    /// # Errors
    /// `Io` or `Csv` if writing fails.
    pub fn append_update(&mut self, row: &UpdateRow, latency_ns: &Histogram<u64>) -> Result<(), FolderError> {
        let path = self.path.join(HISTOGRAMS).join(row.histogram_name());
        let mut text = Vec::new();
        let written = write_hgrm(&mut text, latency_ns).and_then(|()| fs::write(&path, text));
        written.map_err(|source| FolderError::Io { path, source })?;
        self.updates.append(row)
    }

    /// Appends a row to `backup_size.csv`.
    ///
    /// # Errors
    /// `Io` or `Csv` if writing fails.
    pub fn append_size(&mut self, row: &BackupSizeRow) -> Result<(), FolderError> {
        self.sizes.append(row)
    }

    /// Appends a row to `recovery.csv`.
    ///
    /// # Errors
    /// `Io` or `Csv` if writing fails.
    pub fn append_recovery(&mut self, row: &RecoveryRow) -> Result<(), FolderError> {
        self.recoveries.append(row)
    }

    /// Appends rows to `others.csv` and `throughput.csv`.
    ///
    /// # Errors
    /// `Io` or `Csv` if writing fails.
    pub fn append_others(
        &mut self,
        periods: &[OthersRow],
        stretches: &[ThroughputRow],
    ) -> Result<(), FolderError> {
        periods.iter().try_for_each(|row| self.others.append(row))?;
        self.throughput.append_all(stretches)
    }

    /// Marks the end, writes `summary.csv`, and gives the run as it can be read back.
    ///
    /// # Errors
    /// As for writing a row, and as [`Run::open`].
    pub fn finish(mut self, ending: Ending) -> Result<Run, FolderError> {
        self.record.end = Some(rfc3339_utc(SystemTime::now()));
        self.record.interrupted = ending == Ending::Interrupted;
        let run = Run {
            record: self.record.clone(),
            ..Run::open(&self.path)?
        };
        RowFile::create(&self.path, SUMMARY)?.append_all(&run.summary())?;
        self.write_record()?;
        Ok(run)
    }

    /// Written beside and renamed, so that no reader ever meets half a record.
    fn write_record(&self) -> Result<(), FolderError> {
        let path = self.path.join(RUN);
        let text = serde_json::to_string_pretty(&self.record).map_err(|source| FolderError::Json {
            path: path.clone(),
            source,
        })?;
        let draft = self.path.join("run.json.draft");
        let written = fs::write(&draft, text + "\n").and_then(|()| fs::rename(&draft, &path));
        written.map_err(|source| FolderError::Io { path, source })
    }
}

fn refuse_a_run(path: &Path) -> Result<(), FolderError> {
    let files = TableFile::ALL.map(|file| file.name);
    match [RUN]
        .into_iter()
        .chain(files)
        .find(|file| path.join(file).exists())
    {
        Some(file) => Err(FolderError::HoldsARun {
            path: path.to_owned(),
            file,
        }),
        None => Ok(()),
    }
}

/// A CSV file that grows by whole rows: those appended at once are one write to the file system.
#[derive(Debug)]
struct RowFile {
    path: PathBuf,
    file: File,
}

impl RowFile {
    fn create(folder: &Path, table: TableFile) -> Result<Self, FolderError> {
        let path = folder.join(table.name);
        let header = table.header() + "\n";
        let opened = OpenOptions::new().write(true).create_new(true).open(&path);
        let written = opened.and_then(|mut file| file.write_all(header.as_bytes()).map(|()| file));
        match written {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(FolderError::Io { path, source }),
        }
    }

    fn append(&mut self, row: &impl Serialize) -> Result<(), FolderError> {
        self.append_all(std::slice::from_ref(row))
    }

    fn append_all(&mut self, rows: &[impl Serialize]) -> Result<(), FolderError> {
        let mut writer = csv::WriterBuilder::new()
            .has_headers(false)
            .from_writer(Vec::new());
        let encoded = rows.iter().try_for_each(|row| writer.serialize(row));
        encoded.map_err(|source| FolderError::Csv {
            path: self.path.clone(),
            source,
        })?;
        let written = writer.into_inner().map_err(|failed| failed.into_error());
        let written = written.and_then(|lines| self.file.write_all(&lines));
        written.map_err(|source| FolderError::Io {
            path: self.path.clone(),
            source,
        })
    }
}
