//! Ordered map and priority queue: records in the order of their keys, found by binary search.
//!
//! A priority is a key of eight bytes, most significant first, that may be there several times; a new one goes
//! behind its equals, so that equals come out in the order in which they came in.

use std::cmp::Ordering;

use super::chain::Chain;
use super::format::Format;
use super::view::{Cursor, View};
use crate::image_error::ImageError;
use crate::op::{Answer, Op, Outcome};
use crate::transaction::Transaction;

/// See the module's documentation.
#[derive(Clone)]
pub(crate) struct Sorted {
    pub(crate) chain: Chain,
    pub(crate) format: Format,
}

impl Sorted {
    /// Applies an operation that its kind has, and whose key and value fit.
    pub(crate) fn apply(&mut self, tx: &mut Transaction<'_>, op: &Op) -> Answer {
        match op {
            Op::PushRanked { priority, value } => self.push(tx, *priority, value).into(),
            Op::PopFront => {
                let head = self.chain.view_in(tx).head();
                self.remove(tx, head, Outcome::AbsentPlace)
            }
            Op::Insert { key, value } => self.insert(tx, key, value).into(),
            Op::Update { key, value } => match self.find(self.chain.view_in(tx), key) {
                Some(at) => self.replace(tx, at, key, value).into(),
                None => Outcome::AbsentKey.into(),
            },
            Op::Delete { key } => {
                let at = self.find(self.chain.view_in(tx), key);
                match self.remove(tx, at, Outcome::AbsentKey).outcome {
                    Outcome::Removed => Outcome::Deleted.into(),
                    refusal => refusal.into(),
                }
            }
            Op::Remove { key } => {
                let at = self.find(self.chain.view_in(tx), key);
                self.remove(tx, at, Outcome::AbsentKey)
            }
            _ => Outcome::Unsupported.into(),
        }
    }

    /// Where the record of this key starts.
    pub(crate) fn find(&self, view: View<'_>, key: &[u8]) -> Option<Cursor> {
        let at = self.first_from(view, key)?;
        (*self.format.key(view.record(at)) == *key).then_some(at)
    }

    /// The first record whose key is not smaller.
    pub(crate) fn first_from(&self, view: View<'_>, key: &[u8]) -> Option<Cursor> {
        view.partition_point(|record| *self.format.key(record) < *key)
    }

    /// The first record whose key is larger.
    pub(crate) fn first_after(&self, view: View<'_>, key: &[u8]) -> Option<Cursor> {
        view.partition_point(|record| *self.format.key(record) <= *key)
    }

    fn push(&mut self, tx: &mut Transaction<'_>, priority: u64, value: &[u8]) -> Outcome {
        let key = priority.to_be_bytes();
        let at = self.first_after(self.chain.view_in(tx), &key);
        self.add(tx, at, &key, value)
    }

    fn insert(&mut self, tx: &mut Transaction<'_>, key: &[u8], value: &[u8]) -> Outcome {
        let view = self.chain.view_in(tx);
        let at = self.first_from(view, key);
        match at {
            Some(at) if *self.format.key(view.record(at)) == *key => self.replace(tx, at, key, value),
            at => self.add(tx, at, key, value),
        }
    }

    fn add(&mut self, tx: &mut Transaction<'_>, at: Option<Cursor>, key: &[u8], value: &[u8]) -> Outcome {
        let record = self.format.encode(key, value);
        if !self.chain.has_room_for(record.len()) {
            return Outcome::Full;
        }
        self.chain.edit(tx, &mut ()).insert(at, &record);
        Outcome::Inserted
    }

    fn replace(&mut self, tx: &mut Transaction<'_>, at: Cursor, key: &[u8], value: &[u8]) -> Outcome {
        let record = self.format.encode(key, value);
        let before = self.chain.view_in(tx).record(at).whole_bytes();
        if !self.chain.has_room_instead(before, record.len()) {
            return Outcome::Full;
        }
        self.chain.edit(tx, &mut ()).replace(at, &record);
        Outcome::Updated
    }

    /// Removes a record and answers its value, or `absent` if there is none.
    fn remove(&mut self, tx: &mut Transaction<'_>, at: Option<Cursor>, absent: Outcome) -> Answer {
        let Some(at) = at else {
            return absent.into();
        };
        let value = self.format.element(self.chain.view_in(tx).record(at)).value;
        self.chain.edit(tx, &mut ()).remove(at);
        Answer::removed(value)
    }

    /// Whether every record of a chain that was read belongs behind the one before it.
    ///
    /// # Errors
    /// [`ImageError::KnownKey`], [`ImageError::Disorder`].
    pub(crate) fn check_order(&self, view: View<'_>) -> Result<(), ImageError> {
        let mut before: Option<Vec<u8>> = None;
        for page in self.chain.order().iter() {
            for start in view.starts(page) {
                let key = self.format.key(view.record(start));
                let (page, offset) = (start.page.0, start.offset);
                match before.as_deref().map(|before| (*before).cmp(&*key)) {
                    Some(Ordering::Greater) => return Err(ImageError::Disorder { page, offset }),
                    Some(Ordering::Equal) if self.format == Format::Keyed => {
                        let region = self.chain.geometry().region.0;
                        return Err(ImageError::KnownKey { region, page, offset });
                    }
                    _ => {}
                }
                let mut own = before.take().unwrap_or_default();
                own.clear();
                own.extend_from_slice(&key);
                before = Some(own);
            }
        }
        Ok(())
    }
}
