//! One operation of a history: who asked what and when, and what came of it.

use multicast::id::GroupId;
use structures::{
    kind::StructureSpec,
    op::{Answer, Op, Outcome},
    query::{Found, Query},
};
use wire::message::client::Reads;

/// What clients saw of a cluster whose groups all protect such a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Of every group; they begin empty.
    pub structure: StructureSpec,
    /// In any order.
    pub entries: Vec<Entry>,
}

/// One operation as its client saw it. Times are nanoseconds of one monotonic clock of the whole history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The recorder's number for the client.
    pub client: u64,
    /// Just before it was sent.
    pub call: u64,
    /// Just after its end was known.
    pub end: u64,
    /// What was asked, all of it at one moment; most often of one group.
    pub parts: Vec<Part>,
    /// How its questions were asked; of no meaning for writes.
    pub reads: Reads,
    /// What came of it.
    pub ending: Ending,
}

/// What is asked of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The group.
    pub group: GroupId,
    /// What is asked.
    pub asked: Asked,
}

/// An operation or a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A change.
    Write(Op),
    /// A question.
    Read(Query),
}

/// What the client knows of its operation in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It took effect between call and end; an answer for each part.
    Ok(Vec<Told>),
    /// It had no effect and never will.
    Refused,
    /// It took effect at any moment after its call, or will, or never.
    Unknown,
}

/// The answer to one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// To a write.
    Answer(Answer),
    /// To a read.
    Found(Found),
}

impl Asked {
    /// Whether it can change anything.
    pub fn is_write(&self) -> bool {
        matches!(self, Self::Write(_))
    }

    /// The key that it names, if it names one.
    pub(super) fn key(&self) -> Option<&[u8]> {
        match self {
            Self::Write(op) => op.key(),
            Self::Read(query) => query.key(),
        }
    }
}

impl Told {
    /// The values that it shows: what was read, or taken out.
    pub(super) fn values(&self) -> Vec<&[u8]> {
        match self {
            Self::Answer(answer) => answer.value.iter().map(|value| value.as_slice()).collect(),
            Self::Found(Found::Value(value)) => value.iter().map(Vec::as_slice).collect(),
            Self::Found(Found::Element(element)) => element.iter().map(|e| e.value.as_slice()).collect(),
            Self::Found(Found::Elements(elements)) => elements.iter().map(|e| e.value.as_slice()).collect(),
            Self::Found(Found::Len(_) | Found::Unsupported) => Vec::new(),
        }
    }
}

impl From<Outcome> for Told {
    fn from(outcome: Outcome) -> Self {
        Self::Answer(outcome.into())
    }
}

impl From<Found> for Told {
    fn from(found: Found) -> Self {
        Self::Found(found)
    }
}
