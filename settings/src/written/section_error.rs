//! What is wrong with the sections and keys of a file, whatever their values are.

use crate::SectionKind;
use crate::problem::{Explain, quoted};

/// An unknown, missing or repeated section or key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SectionError {
    /// The word in the brackets names no kind of section.
    #[error("unknown section `[{written}]`")]
    UnknownSection {
        /// Between the brackets.
        written: String,
        /// The kind that was meant, perhaps.
        meant: Option<SectionKind>,
    },
    /// A section that needs a number has none.
    #[error("{kind} without its number")]
    NumberMissing {
        /// Its kind.
        kind: SectionKind,
    },
    /// `[cluster]` with something behind the word.
    #[error("{kind} stands alone")]
    NumberNotWanted {
        /// Its kind.
        kind: SectionKind,
    },
    /// The same kind and number again.
    #[error("repeated section {}", title(*kind, *number))]
    RepeatedSection {
        /// Its kind.
        kind: SectionKind,
        /// Its number, 0 where the kind has none.
        number: u32,
    },
    /// A key that the section does not have.
    #[error("unknown key `{written}` in {kind}")]
    UnknownKey {
        /// The key.
        written: String,
        /// The kind of its section.
        kind: SectionKind,
        /// The key that was meant, perhaps.
        meant: Option<&'static str>,
    },
    /// The same key again in one section.
    #[error("repeated key `{key}`")]
    RepeatedKey {
        /// The key.
        key: &'static str,
    },
    /// A section without a key that it needs.
    #[error("missing key `{key}`")]
    MissingKey {
        /// The key.
        key: &'static str,
        /// The kind of the section.
        kind: SectionKind,
    },
}

/// A title without its brackets' worth of doubt: `[node 3]`, `[cluster]`.
fn title(kind: SectionKind, number: u32) -> String {
    match kind.is_numbered() {
        true => format!("[{} {number}]", kind.name()),
        false => kind.to_string(),
    }
}

fn list<T: ToString>(things: impl IntoIterator<Item = T>) -> String {
    things
        .into_iter()
        .map(|thing| thing.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

impl SectionError {
    pub(crate) fn unknown_section(written: &str, meant: Option<SectionKind>) -> Self {
        Self::UnknownSection {
            written: quoted(written),
            meant,
        }
    }

    pub(crate) fn unknown_key(written: &str, kind: SectionKind, meant: Option<&'static str>) -> Self {
        Self::UnknownKey {
            written: quoted(written),
            kind,
            meant,
        }
    }
}

impl Explain for SectionError {
    fn label(&self) -> String {
        match self {
            Self::UnknownSection {
                meant: Some(meant), ..
            } => format!("did you mean {meant}?"),
            Self::UnknownSection { meant: None, .. } => "no section has this name".to_owned(),
            Self::NumberMissing { kind } => format!("`[{} 1]`, for instance", kind.name()),
            Self::NumberNotWanted { .. } => "expected nothing behind the word".to_owned(),
            Self::RepeatedSection { .. } | Self::RepeatedKey { .. } => "again here".to_owned(),
            Self::UnknownKey {
                meant: Some(meant), ..
            } => format!("did you mean `{meant}`?"),
            Self::UnknownKey {
                meant: None, kind, ..
            } => format!("{kind} has no such key"),
            Self::MissingKey { kind, .. } => format!("{kind} needs it"),
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownSection { meant: None, .. } => {
                Some(format!("the sections are {}", list(SectionKind::ALL)))
            }
            Self::UnknownKey {
                meant: None, kind, ..
            } => Some(format!("the keys of {kind} are {}", list(kind.key_names()))),
            _ => None,
        }
    }
}
