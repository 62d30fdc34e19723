//! The lines of a history file: JSON, bytes as hexadecimal digits.
//!
//! ```json
//! {"history":1,"structure":"queue","key_bytes":16,"element_bytes":64}
//! {"client":1,"call":70,"return":190,"operations":[{"group":0,"op":"push-back","value":"6162"}],"outcome":"ok","answers":[{"outcome":"inserted"}]}
//! {"client":2,"call":95,"return":230,"operations":[{"group":0,"op":"len"}],"reads":"ordered","outcome":"ok","answers":[{"len":1}]}
//! {"client":3,"call":95,"return":330,"operations":[{"group":0,"op":"pop-front"},{"group":1,"op":"push-back","value":"62"}],"outcome":"unknown"}
//! ```
//!
//! - `call`, `return`: nanoseconds by one clock, before the request was sent and after its end was known.
//! - `operations`: most often one; several take effect at one moment (groups written together), and each has its answer.
//! - `reads`: of questions, `ordered` or `local`, which it is without.
//! - `outcome`: `ok`, with `answers`; `refused`, it had no effect and never will; `unknown`, it may have had, or may yet.
//!
//! Two stages: what is written (this file), and the checked [`Entry`].

mod answer;
mod bytes;
mod operation;

use serde::{Deserialize, Serialize};
use structures::kind::{StructureKind, StructureLimits, StructureSpec};
use wire::message::client::Reads;

use self::{answer::Said, operation::Operation};
use super::operation::{Ending, Entry, Part};

pub(super) use self::{answer::outcome_name, operation::name};

/// The format's number.
pub(super) const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) history: u32,
    structure: StructureKind,
    key_bytes: u8,
    element_bytes: u16,
}

/// Every other line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    client: u64,
    call: u64,
    #[serde(rename = "return")]
    end: u64,
    operations: Vec<Operation>,
    #[serde(default, skip_serializing_if = "is_local")]
    reads: Reads,
    outcome: Came,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    answers: Vec<Said>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Came {
    Ok,
    Refused,
    Unknown,
}

/// What is wrong with a line that is JSON.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No such operation, or not with these fields.
    #[error("`{op}` is no operation, or lacks what it needs (a key, a value, an index, ...)")]
    Operation {
        /// As written.
        op: String,
    },
    /// Not the answer that such an operation gets.
    #[error("the answer does not fit `{op}`")]
    Answer {
        /// The operation.
        op: String,
    },
    /// Every operation of a line that is `ok` has one answer, and no other has any.
    #[error("{operations} operations with {answers} answers")]
    Answers {
        /// How many were asked.
        operations: usize,
        /// How many answers there should not be, or are.
        answers: usize,
    },
    /// It ends before it begins.
    #[error("it returned at {end}, before its call at {call}")]
    Times {
        /// When it was called.
        call: u64,
        /// When it returned.
        end: u64,
    },
}

impl From<StructureSpec> for Head {
    fn from(spec: StructureSpec) -> Self {
        Self {
            history: FORMAT,
            structure: spec.kind,
            key_bytes: spec.limits.key_bytes,
            element_bytes: spec.limits.element_bytes,
        }
    }
}

impl From<Head> for StructureSpec {
    fn from(head: Head) -> Self {
        let (key_bytes, element_bytes) = (head.key_bytes, head.element_bytes);
        Self {
            kind: head.structure,
            limits: StructureLimits {
                key_bytes,
                element_bytes,
            },
        }
    }
}

impl From<&Entry> for Line {
    fn from(entry: &Entry) -> Self {
        let (outcome, answers) = match &entry.ending {
            Ending::Ok(told) => (Came::Ok, told.iter().map(Said::from).collect()),
            Ending::Refused => (Came::Refused, Vec::new()),
            Ending::Unknown => (Came::Unknown, Vec::new()),
        };
        Self {
            client: entry.client,
            call: entry.call,
            end: entry.end,
            operations: entry.parts.iter().map(Operation::from).collect(),
            reads: entry.reads,
            outcome,
            answers,
        }
    }
}

impl TryFrom<Line> for Entry {
    type Error = LineError;

    fn try_from(line: Line) -> Result<Self, LineError> {
        let Line { call, end, .. } = line;
        if end < call {
            return Err(LineError::Times { call, end });
        }
        let counts = (line.operations.len(), line.answers.len());
        let fits = match line.outcome {
            Came::Ok => counts.0 == counts.1,
            Came::Refused | Came::Unknown => counts.1 == 0,
        };
        if counts.0 == 0 || !fits {
            let (operations, answers) = counts;
            return Err(LineError::Answers { operations, answers });
        }
        let parts: Vec<Part> = line
            .operations
            .into_iter()
            .map(Part::try_from)
            .collect::<Result<_, _>>()?;
        let told = parts
            .iter()
            .zip(line.answers)
            .map(|(part, said)| said.to(&part.asked));
        let ending = match line.outcome {
            Came::Ok => Ending::Ok(told.collect::<Result<_, _>>()?),
            Came::Refused => Ending::Refused,
            Came::Unknown => Ending::Unknown,
        };
        Ok(Self {
            client: line.client,
            call,
            end,
            parts,
            reads: line.reads,
            ending,
        })
    }
}

fn is_local(reads: &Reads) -> bool {
    *reads == Reads::Local
}
