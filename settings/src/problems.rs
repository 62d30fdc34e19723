//! All mistakes of one cluster file, in the order of their places.

use std::fmt;

use crate::render::{self, Style};
use crate::{Position, Problem};

/// Why a text is no [`crate::Cluster`]: never empty. Shown (`Display`) without colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    file_name: String,
    text: String,
    problems: Vec<Problem>,
}

impl Problems {
    /// Sorts the problems by place; those of the file as a whole come last.
    pub(crate) fn new(file_name: &str, text: &str, mut problems: Vec<Problem>) -> Self {
        debug_assert!(!problems.is_empty(), "a refusal without a reason");
        problems.sort_by_key(|problem| (problem.at.is_none(), problem.at));
        Self {
            file_name: file_name.to_owned(),
            text: text.to_owned(),
            problems,
        }
    }

    /// Every problem, in the order of their places.
    pub fn all(&self) -> &[Problem] {
        &self.problems
    }

    /// The name of the file, as it was given.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Line and column of a problem of this file, where it has a place.
    pub fn position(&self, problem: &Problem) -> Option<Position> {
        problem.at.map(|span| span.position(&self.text))
    }

    /// Every problem with its line and a caret, without colour. No line break at the end.
    /// Past [`crate::MAX_RENDERED_PROBLEMS`] the rest is counted.
    pub fn plain(&self) -> String {
        render::render(&self.file_name, &self.text, &self.problems, Style::Plain)
    }

    /// The same for a terminal.
    pub fn coloured(&self) -> String {
        render::render(&self.file_name, &self.text, &self.problems, Style::Coloured)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.plain())
    }
}

impl std::error::Error for Problems {}
