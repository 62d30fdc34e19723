//! The one place that touches a file: reads a cluster file, never more of it than the limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::problem::{Problem, TextError};
use crate::{Cluster, MAX_TEXT_BYTES, Problems, Span};

/// Why a file gave no cluster.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file could not be read.
    #[error("cannot read the cluster file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file was read, and is wrong.
    #[error(transparent)]
    Problems(#[from] Problems),
}

impl Cluster {
    /// Reads a cluster file.
    ///
    /// # Errors
    /// [`LoadError::Read`] if it cannot be read, [`LoadError::Problems`] with all its mistakes.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        let bytes = read(path).map_err(|source| LoadError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::parse_bytes(&path.display().to_string(), &bytes)?)
    }

    /// As [`Cluster::parse`], of bytes that may not be UTF-8.
    ///
    /// # Errors
    /// All mistakes of the text at once; where it is not UTF-8, that alone.
    pub fn parse_bytes(file_name: &str, bytes: &[u8]) -> Result<Self, Problems> {
        if bytes.len() > MAX_TEXT_BYTES {
            let too_long = Problem::of_file(TextError::TooLong {
                limit: MAX_TEXT_BYTES,
            });
            return Err(Problems::new(file_name, "", vec![too_long]));
        }
        match str::from_utf8(bytes) {
            Ok(text) => Self::parse(file_name, text),
            Err(error) => {
                let offset = error.valid_up_to();
                let replacement = offset..offset + char::REPLACEMENT_CHARACTER.len_utf8();
                let at = Span {
                    start: replacement.start,
                    end: replacement.end,
                };
                let problem = Problem::at(TextError::NotUtf8 { offset }, at);
                Err(Problems::new(
                    file_name,
                    &String::from_utf8_lossy(bytes),
                    vec![problem],
                ))
            }
        }
    }
}

/// The file up to one byte past the limit, which is enough to know that it is too long.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_TEXT_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
