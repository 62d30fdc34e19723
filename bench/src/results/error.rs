//! What can go wrong with a run's folder.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A folder could not be written or read.
#[derive(Debug, Error)]
pub enum FolderError {
    /// Creating over an earlier run would lose it.
    #[error("{} already holds a run ({file} is there); choose another folder", path.display())]
    HoldsARun {
        /// The folder.
        path: PathBuf,
        /// The file that says so.
        file: &'static str,
    },
    /// Opening a folder that no run wrote.
    #[error("{} is not the folder of a run: {file} is missing", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The file that should be there.
        file: &'static str,
    },
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// A file of another version of this program.
    #[error("{} has the columns \"{found}\" instead of \"{expected}\"", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// What this version writes.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A row could not be written, or is not what its header promises.
    #[error("{}: {source}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: csv::Error,
    },
    /// `run.json` is not a run's record.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: serde_json::Error,
    },
}
