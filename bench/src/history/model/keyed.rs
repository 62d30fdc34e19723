//! Structures with keys.

use std::{ops::Bound, sync::Arc};

use imbl::OrdMap;
use structures::op::{Answer, Element, Op, Outcome};

use super::{Bytes, element};

/// All keys with their values, by key and in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keyed {
    /// The key's arrival and its value.
    by_key: OrdMap<Bytes, (u64, Bytes)>,
    order: OrdMap<u64, Bytes>,
    arrivals: u64,
}

/// What a write does to the value of the key that it names.
pub(super) fn write(value: Option<&Bytes>, op: &Op) -> (Answer, Option<Bytes>) {
    let outcome = |outcome: Outcome| Answer::from(outcome);
    match (op, value) {
        (Op::Insert { value, .. }, None) => (outcome(Outcome::Inserted), Some(Arc::from(value.as_slice()))),
        (Op::Insert { value, .. } | Op::Update { value, .. }, Some(_)) => {
            (outcome(Outcome::Updated), Some(Arc::from(value.as_slice())))
        }
        (Op::Delete { .. }, Some(_)) => (outcome(Outcome::Deleted), None),
        (Op::Remove { .. }, Some(value)) => (Answer::removed(value.to_vec()), None),
        (_, value) => (outcome(Outcome::AbsentKey), value.cloned()),
    }
}

impl Keyed {
    pub(super) fn write(&self, op: &Op) -> (Answer, Self) {
        let mut next = self.clone();
        let Some(key) = op.key() else {
            return (Outcome::Unsupported.into(), next);
        };
        let before = self.by_key.get(key);
        let (answer, after) = write(before.map(|(_, value)| value), op);
        match (before, after) {
            (None, Some(value)) => next.append(key, value),
            (Some((arrival, _)), Some(value)) => {
                next.by_key.insert(Arc::from(key), (*arrival, value));
            }
            (Some((arrival, _)), None) => {
                next.order.remove(arrival);
                next.by_key.remove(key);
            }
            (None, None) => {}
        }
        (answer, next)
    }

    fn append(&mut self, key: &[u8], value: Bytes) {
        let key: Bytes = Arc::from(key);
        self.order.insert(self.arrivals, Arc::clone(&key));
        self.by_key.insert(key, (self.arrivals, value));
        self.arrivals += 1;
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Bytes> {
        self.by_key.get(key).map(|(_, value)| value)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn run(&self, by_key: bool, from: usize, count: usize) -> Vec<Element> {
        if by_key {
            let pairs = self.by_key.iter().skip(from).take(count);
            return pairs.map(|(key, (_, value))| element(key, value)).collect();
        }
        let pairs = self.in_order().skip(from).take(count);
        pairs.map(|(key, value)| element(key, value)).collect()
    }

    pub(super) fn run_by_key(&self, key: &[u8], after: bool, count: u64) -> Vec<Element> {
        let from = match after {
            true => Bound::Excluded(key),
            false => Bound::Included(key),
        };
        let pairs = self.by_key.range::<_, [u8]>((from, Bound::Unbounded));
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        pairs
            .take(count)
            .map(|(key, (_, value))| element(key, value))
            .collect()
    }

    fn in_order(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.order.values().filter_map(|key| {
            self.by_key
                .get_key_value(key)
                .map(|(key, (_, value))| (key, value))
        })
    }
}

impl PartialEq for Keyed {
    /// The same elements in the same order: arrivals are no more than that.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.in_order().eq(other.in_order())
    }
}

impl Eq for Keyed {}
