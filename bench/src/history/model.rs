//! The sequential structures that a history is compared with: what one answers, and what it is afterwards.
//!
//! A state is a value that shares what it has in common with the one before, so that a search can keep many. It is
//! written down apart from the structures themselves: a mistake in these is to be noticed, not repeated. Tests
//! compare both.
//!
//! Invariant: states that are equal answer everything alike, now and after the same operations.

mod keyed;
mod line;

use std::sync::Arc;

use imbl::{OrdMap, Vector};
use structures::{
    kind::{StructureKind, StructureSpec},
    op::{Answer, Element, Op, Outcome},
    query::{Found, Query},
};

use self::keyed::Keyed;
use super::operation::{Asked, Told};

/// A key or a value.
type Bytes = Arc<[u8]>;

/// What a group, or one key of it, holds at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The value of a key; of maps, sets and keyed lists that nobody asks for their order.
    Register(Option<Bytes>),
    /// All keys.
    Keyed(Keyed),
    /// Values in a row: lists, queues, stacks.
    Line(Vector<Bytes>),
    /// By priority, then by arrival.
    Ranked(OrdMap<(u64, u64), Bytes>),
}

impl State {
    /// An empty group.
    pub(super) fn of_group(kind: StructureKind) -> Self {
        match kind {
            StructureKind::List | StructureKind::Queue | StructureKind::Stack => Self::Line(Vector::new()),
            StructureKind::PriorityQueue => Self::Ranked(OrdMap::new()),
            _ => Self::Keyed(Keyed::default()),
        }
    }

    /// One key of an empty group.
    pub(super) fn of_key() -> Self {
        Self::Register(None)
    }

    /// What is answered to that, if this may be the answer, and the state then; the answer that is due if not.
    ///
    /// Where an answer depends on more than the elements (a structure that is full, places in an order that nobody
    /// promises), any that is possible is taken.
    pub(super) fn step(&self, spec: StructureSpec, asked: &Asked, told: Option<&Told>) -> Result<Self, Told> {
        match asked {
            Asked::Write(_) if matches!(told, Some(Told::Answer(answer)) if answer.outcome == Outcome::Full) => {
                Ok(self.clone())
            }
            Asked::Write(op) => {
                let (answer, next) = self.write(spec, op);
                let due = Told::Answer(answer);
                match told {
                    Some(told) if *told != due => Err(due),
                    _ => Ok(next),
                }
            }
            Asked::Read(query) => match told {
                Some(told) if !self.may_show(spec.kind, query, told) => {
                    Err(self.read(spec.kind, query).into())
                }
                _ => Ok(self.clone()),
            },
        }
    }

    fn write(&self, spec: StructureSpec, op: &Op) -> (Answer, Self) {
        if let Some(refusal) = refusal(spec, op) {
            return (refusal.into(), self.clone());
        }
        match self {
            Self::Register(value) => {
                let (answer, value) = keyed::write(value.as_ref(), op);
                (answer, Self::Register(value))
            }
            Self::Keyed(keyed) => {
                let (answer, keyed) = keyed.write(op);
                (answer, Self::Keyed(keyed))
            }
            Self::Line(line) => {
                let (answer, line) = line::write(line, op);
                (answer, Self::Line(line))
            }
            Self::Ranked(ranked) => {
                let (answer, ranked) = line::write_ranked(ranked, op);
                (answer, Self::Ranked(ranked))
            }
        }
    }

    fn may_show(&self, kind: StructureKind, query: &Query, told: &Told) -> bool {
        let due = self.read(kind, query);
        let (Told::Found(found), false) = (told, is_ordered(kind)) else {
            return *told == Told::Found(due);
        };
        match (query, found, due) {
            (Query::All, Found::Elements(found), Found::Elements(mut due)) => {
                let mut found = found.clone();
                found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
                due.sort_unstable_by(|a, b| a.key.cmp(&b.key));
                found == due
            }
            (Query::At { .. } | Query::Last, Found::Element(found), Found::Element(due)) => {
                found.is_some() == due.is_some() && found.iter().all(|element| self.has(element))
            }
            (Query::Range { .. }, Found::Elements(found), Found::Elements(due)) => {
                found.len() == due.len() && found.iter().all(|element| self.has(element))
            }
            (_, found, due) => *found == due,
        }
    }

    fn has(&self, element: &Element) -> bool {
        matches!(self, Self::Keyed(keyed) if keyed.get(&element.key).is_some_and(|value| **value == *element.value))
    }

    fn read(&self, kind: StructureKind, query: &Query) -> Found {
        match query {
            Query::Get { .. } if !kind.is_keyed() => Found::Unsupported,
            Query::Get { key } => Found::Value(match self {
                Self::Register(value) => value.as_ref().map(|value| value.to_vec()),
                Self::Keyed(keyed) => keyed.get(key).map(|value| value.to_vec()),
                Self::Line(_) | Self::Ranked(_) => None,
            }),
            Query::FromKey { key, after, count } => match (kind, self) {
                (StructureKind::OrderedMap, Self::Keyed(keyed)) => {
                    Found::Elements(keyed.run_by_key(key, *after, *count))
                }
                _ => Found::Unsupported,
            },
            Query::Len => Found::Len(self.len() as u64),
            Query::All => Found::Elements(self.run(kind, 0, u64::MAX)),
            Query::Range { from, count } => Found::Elements(self.run(kind, *from, *count)),
            Query::At { index } => Found::Element(self.run(kind, *index, 1).pop()),
            Query::Last => {
                let last = (self.len() as u64).checked_sub(1);
                Found::Element(last.and_then(|last| self.run(kind, last, 1).pop()))
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Register(value) => usize::from(value.is_some()),
            Self::Keyed(keyed) => keyed.len(),
            Self::Line(line) => line.len(),
            Self::Ranked(ranked) => ranked.len(),
        }
    }

    /// Up to `count` elements from place `from` on.
    fn run(&self, kind: StructureKind, from: u64, count: u64) -> Vec<Element> {
        let [from, count] = [from, count].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        match self {
            Self::Register(_) => Vec::new(),
            Self::Keyed(keyed) => keyed.run(is_by_key(kind), from, count),
            Self::Line(line) => {
                let values = line.iter().skip(from).take(count);
                values.map(|value| element(&[], value)).collect()
            }
            Self::Ranked(ranked) => {
                let entries = ranked.iter().skip(from).take(count);
                entries
                    .map(|((priority, _), value)| element(&priority.to_be_bytes(), value))
                    .collect()
            }
        }
    }
}

fn element(key: &[u8], value: &Bytes) -> Element {
    Element {
        key: key.to_vec(),
        value: value.to_vec(),
    }
}

/// Whether the kind promises an order of its elements.
pub(super) fn is_ordered(kind: StructureKind) -> bool {
    !matches!(kind, StructureKind::Map | StructureKind::Set)
}

/// Whether the order, if any, is that of the keys.
pub(super) fn is_by_key(kind: StructureKind) -> bool {
    matches!(
        kind,
        StructureKind::Map | StructureKind::Set | StructureKind::OrderedMap
    )
}

fn refusal(spec: StructureSpec, op: &Op) -> Option<Outcome> {
    let limits = spec.limits;
    if !spec.kind.has(op) {
        return Some(Outcome::Unsupported);
    }
    let is_bad = |key: &[u8]| key.is_empty() || key.len() > limits.key_bytes.into();
    if op.key().is_some_and(is_bad) {
        return Some(Outcome::BadKeyLength);
    }
    let longest = match spec.kind {
        StructureKind::Set => 0,
        _ => usize::from(limits.element_bytes),
    };
    (op.value()?.len() > longest).then_some(Outcome::ValueTooLong)
}

#[cfg(test)]
mod tests;
