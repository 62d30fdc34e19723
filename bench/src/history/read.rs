//! Reading a history file.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use super::{
    line::{FORMAT, Head, Line},
    operation::{Entry, History},
};

pub use super::line::LineError;

/// Why a file is no history. Lines are counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It has no first line.
    #[error("it is empty: the first line says what the groups protect")]
    Empty,
    /// A line is not JSON of that form.
    #[error("line {line}: {source}")]
    Json {
        /// Which.
        line: usize,
        /// The parser's words.
        source: serde_json::Error,
    },
    /// A line makes no sense.
    #[error("line {line}: {source}")]
    Line {
        /// Which.
        line: usize,
        /// What is wrong.
        source: LineError,
    },
    /// Written by a later program.
    #[error("it has format {found}; this program reads format {FORMAT}")]
    Format {
        /// The first line's number.
        found: u32,
    },
}

/// Reads a history file.
///
/// # Errors
/// A variant of [`HistoryError`] for the first thing that is wrong.
pub fn read(path: &Path) -> Result<History, HistoryError> {
    read_from(BufReader::new(File::open(path)?))
}

/// The same from anywhere.
///
/// # Errors
/// As [`read`].
pub fn read_from(source: impl BufRead) -> Result<History, HistoryError> {
    let mut lines = source.lines();
    let head: Head = match lines.next() {
        None => return Err(HistoryError::Empty),
        Some(line) => parsed(1, &line?)?,
    };
    if head.history != FORMAT {
        return Err(HistoryError::Format { found: head.history });
    }
    let mut entries = Vec::new();
    for (line, text) in (2..).zip(lines) {
        let written: Line = parsed(line, &text?)?;
        let entry = Entry::try_from(written);
        entries.push(entry.map_err(|source| HistoryError::Line { line, source })?);
    }
    Ok(History {
        structure: head.into(),
        entries,
    })
}

fn parsed<T: serde::de::DeserializeOwned>(line: usize, text: &str) -> Result<T, HistoryError> {
    serde_json::from_str(text).map_err(|source| HistoryError::Json { line, source })
}
