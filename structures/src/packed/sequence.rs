//! List, queue and stack: values by place.

use super::chain::Chain;
use super::format::Format;
use super::view::Cursor;
use crate::op::{Answer, Op, Outcome};
use crate::transaction::Transaction;

/// See the module's documentation.
#[derive(Clone)]
pub(crate) struct Sequence {
    pub(crate) chain: Chain,
}

impl Sequence {
    /// Applies an operation that its kind has, and whose value fits.
    pub(crate) fn apply(&mut self, tx: &mut Transaction<'_>, op: &Op) -> Answer {
        let view = self.chain.view_in(tx);
        match op {
            Op::PushFront { value } => {
                let head = view.head();
                self.insert(tx, head, value).into()
            }
            Op::PushBack { value } => self.insert(tx, None, value).into(),
            Op::InsertAt { index, .. } if *index > self.chain.records() => Outcome::AbsentPlace.into(),
            Op::InsertAt { index, value } => {
                let at = view.locate(*index);
                self.insert(tx, at, value).into()
            }
            Op::SetAt { index, value } => {
                let at = view.locate(*index);
                self.set(tx, at, value).into()
            }
            Op::PopFront => {
                let head = view.head();
                self.remove(tx, head)
            }
            Op::PopBack => {
                let last = view.last();
                self.remove(tx, last)
            }
            Op::RemoveAt { index } => {
                let at = view.locate(*index);
                self.remove(tx, at)
            }
            _ => Outcome::Unsupported.into(),
        }
    }

    /// Before the record at `at`, or behind all.
    fn insert(&mut self, tx: &mut Transaction<'_>, at: Option<Cursor>, value: &[u8]) -> Outcome {
        let record = Format::Value.encode(&[], value);
        if !self.chain.has_room_for(record.len()) {
            return Outcome::Full;
        }
        self.chain.edit(tx, &mut ()).insert(at, &record);
        Outcome::Inserted
    }

    fn set(&mut self, tx: &mut Transaction<'_>, at: Option<Cursor>, value: &[u8]) -> Outcome {
        let Some(at) = at else {
            return Outcome::AbsentPlace;
        };
        let record = Format::Value.encode(&[], value);
        let before = self.chain.view_in(tx).record(at).whole_bytes();
        if !self.chain.has_room_instead(before, record.len()) {
            return Outcome::Full;
        }
        self.chain.edit(tx, &mut ()).replace(at, &record);
        Outcome::Updated
    }

    fn remove(&mut self, tx: &mut Transaction<'_>, at: Option<Cursor>) -> Answer {
        let Some(at) = at else {
            return Outcome::AbsentPlace.into();
        };
        let value = self.chain.view_in(tx).record(at).content().into_owned();
        self.chain.edit(tx, &mut ()).remove(at);
        Answer::removed(value)
    }
}
