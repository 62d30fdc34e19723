//! A run as read back from its folder: the record and all rows.
//!
//! The summary is computed again from the rows, so a run that was killed can be summed up too.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::folder::RUN;
use super::table_file::{OTHERS, RECOVERIES, SIZES, THROUGHPUT, TableFile, UPDATES};
use super::{
    BackupSizeRow, Configuration, FolderError, OthersRow, RecoveryRow, RunRecord, SummaryRow, ThroughputRow,
    UpdateRow, summarize,
};

/// All that a folder says.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Where it was read.
    pub path: PathBuf,
    /// `run.json`.
    pub record: RunRecord,
    /// `updates.csv`, in its order.
    pub updates: Vec<UpdateRow>,
    /// `backup_size.csv`, in its order.
    pub sizes: Vec<BackupSizeRow>,
    /// `recovery.csv`, in its order.
    pub recoveries: Vec<RecoveryRow>,
    /// `others.csv`, in its order.
    pub others: Vec<OthersRow>,
    /// `throughput.csv`, in its order.
    pub throughput: Vec<ThroughputRow>,
}

impl Run {
    /// Reads a folder. In an interrupted run, a last line without its end is left out: it was being written.
    ///
    /// # Errors
    /// [`FolderError::NotARun`] if a file of a run is missing; `Json`, `Columns` or `Csv` if one is not what it
    /// should be; `Io` if one cannot be read.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let text = read(path, RUN)?;
        let record: RunRecord = serde_json::from_str(&text).map_err(|source| FolderError::Json {
            path: path.join(RUN),
            source,
        })?;
        let interrupted = record.interrupted;
        Ok(Self {
            path: path.to_owned(),
            record,
            updates: rows(path, UPDATES, interrupted)?,
            sizes: rows(path, SIZES, interrupted)?,
            recoveries: rows(path, RECOVERIES, interrupted)?,
            others: rows(path, OTHERS, interrupted)?,
            throughput: rows(path, THROUGHPUT, interrupted)?,
        })
    }

    /// The part of the run with the shortest values: the whole run, where they are all of one length.
    #[must_use]
    pub fn of_least_values(&self) -> Self {
        let configurations = self
            .updates
            .iter()
            .map(|row| &row.configuration)
            .chain(self.sizes.iter().map(|row| &row.configuration))
            .chain(self.recoveries.iter().map(|row| &row.configuration));
        let least = configurations
            .map(|configuration| configuration.value_bytes)
            .min();
        let is_of_it = |configuration: &Configuration| Some(configuration.value_bytes) == least;
        let mut part = self.clone();
        part.updates.retain(|row| is_of_it(&row.configuration));
        part.sizes.retain(|row| is_of_it(&row.configuration));
        part.recoveries.retain(|row| is_of_it(&row.configuration));
        part.others.retain(|row| is_of_it(&row.configuration));
        part.throughput.retain(|row| is_of_it(&row.configuration));
        part
    }

    /// One line per configuration.
    pub fn summary(&self) -> Vec<SummaryRow> {
        summarize(
            self.record.ops,
            self.record.floor.as_ref(),
            &self.updates,
            &self.sizes,
            &self.recoveries,
        )
    }
}

/// Rows are read by the places of their columns, so these must be the very ones that are written.
fn rows<T: DeserializeOwned>(
    folder: &Path,
    table: TableFile,
    interrupted: bool,
) -> Result<Vec<T>, FolderError> {
    let path = folder.join(table.name);
    let text = read(folder, table.name)?;
    let whole_lines = match text.rfind('\n') {
        Some(end) if interrupted => &text[..=end],
        _ => &text,
    };
    let (header, lines) = whole_lines.split_once('\n').unwrap_or((whole_lines, ""));
    if header != table.header() {
        return Err(FolderError::Columns {
            path,
            expected: table.header(),
            found: header.to_owned(),
        });
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(lines.as_bytes());
    let rows: Result<_, _> = reader.deserialize().collect();
    rows.map_err(|source| FolderError::Csv { path, source })
}

fn read(folder: &Path, file: &'static str) -> Result<String, FolderError> {
    let path = folder.join(file);
    fs::read_to_string(&path).map_err(|source| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FolderError::NotARun {
            path: folder.to_owned(),
            file,
        },
        _ => FolderError::Io { path, source },
    })
}
