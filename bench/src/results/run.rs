//! A run as read back from its folder: the record and all rows.
//!
//! The summary is computed again from the rows, so a run that was killed can be summed up too.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::folder::{RECOVERIES, RUN, SIZES, UPDATES};
use super::{BackupSizeRow, FolderError, RecoveryRow, RunRecord, SummaryRow, UpdateRow, summarize};

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
}

impl Run {
    /// Reads a folder. In an interrupted run, a last line without its end is left out: it was being written.
    ///
    /// # Errors
    /// [`FolderError::NotARun`] if a file of a run is missing; `Json` or `Csv` if one is not what it should
    /// be; `Io` if one cannot be read.
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
        })
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

fn rows<T: DeserializeOwned>(
    folder: &Path,
    file: &'static str,
    interrupted: bool,
) -> Result<Vec<T>, FolderError> {
    let text = read(folder, file)?;
    let whole_lines = match text.rfind('\n') {
        Some(end) if interrupted => &text[..=end],
        _ => &text,
    };
    let rows: Result<_, _> = csv::Reader::from_reader(whole_lines.as_bytes())
        .deserialize()
        .collect();
    rows.map_err(|source| FolderError::Csv {
        path: folder.join(file),
        source,
    })
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
