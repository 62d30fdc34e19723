//! One mistake in a cluster file: what it is, where it stands, and the other place it speaks of.

use crate::{ClusterError, SectionError, Span, SyntaxError, ValueError};

/// The longest piece of the text that a message repeats, in characters.
const MAX_QUOTED_CHARS: usize = 40;

/// A mistake and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The place, where there is one.
    pub at: Option<Span>,
    /// A second place that explains the first: where a repeated key stood before, for instance.
    pub see: Option<Span>,
}

/// What is wrong, by the module that found it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text as a whole.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A line that is neither section, key nor comment.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// An unknown, missing or repeated section or key.
    #[error(transparent)]
    Section(#[from] SectionError),
    /// A value that is not of its key's kind.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// Values that contradict each other.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// What is wrong with a text before its lines are looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It is longer than [`crate::MAX_TEXT_BYTES`].
    #[error("the file is longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// It is not UTF-8.
    #[error("byte {offset} is not UTF-8")]
    NotUtf8 {
        /// The first offending byte, counted from 0.
        offset: usize,
    },
}

/// The words that a message puts beside its place; the `Display` of the error is its title.
pub(crate) trait Explain {
    /// Under the caret: what to do about it.
    fn label(&self) -> String;

    /// Under the second place.
    fn see_label(&self) -> &'static str {
        "the first one is here"
    }

    /// A line below the snippet.
    fn help(&self) -> Option<String> {
        None
    }
}

impl Explain for TextError {
    fn label(&self) -> String {
        match self {
            Self::TooLong { .. } => "not read".to_owned(),
            Self::NotUtf8 { .. } => "save the file as UTF-8".to_owned(),
        }
    }
}

impl ProblemKind {
    pub(crate) fn explanation(&self) -> &dyn Explain {
        match self {
            Self::Text(error) => error,
            Self::Syntax(error) => error,
            Self::Section(error) => error,
            Self::Value(error) => error,
            Self::Cluster(error) => error,
        }
    }
}

impl Problem {
    /// A mistake of the file as a whole.
    pub(crate) fn of_file(kind: impl Into<ProblemKind>) -> Self {
        Self {
            kind: kind.into(),
            at: None,
            see: None,
        }
    }

    /// A mistake at a place.
    pub(crate) fn at(kind: impl Into<ProblemKind>, at: Span) -> Self {
        Self {
            kind: kind.into(),
            at: Some(at),
            see: None,
        }
    }

    /// The same, with the other place it speaks of.
    pub(crate) fn seeing(self, see: Span) -> Self {
        Self {
            see: Some(see),
            ..self
        }
    }
}

/// What was written, cut short if it is long: a message must not repeat a whole file.
pub(crate) fn quoted(written: &str) -> String {
    match written.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{}...", &written[..end]),
        None => written.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_is_cut_one_character_past_the_limit() {
        let at_limit = "ü".repeat(MAX_QUOTED_CHARS);
        assert_eq!(quoted(&at_limit), at_limit);
        assert_eq!(quoted(&format!("{at_limit}ü")), format!("{at_limit}..."));
    }
}
