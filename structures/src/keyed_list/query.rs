//! Answering what a reader asks. Places are counted along the links.

use super::KeyedList;
use crate::op::Element;
use crate::query::{Found, Query};

impl KeyedList {
    /// Answers a query. A place costs as many steps as elements are before it.
    pub fn query(&self, query: &Query) -> Found {
        match query {
            Query::Len => Found::Len(self.len() as u64),
            Query::All => Found::Elements(self.elements()),
            Query::Get { key } => Found::Value(self.get(key)),
            Query::At { index } => Found::Element(self.run(*index, 1).pop()),
            Query::Last => Found::Element(
                self.len()
                    .checked_sub(1)
                    .and_then(|last| self.run(last as u64, 1).pop()),
            ),
            Query::Range { from, count } => Found::Elements(self.run(*from, *count)),
            Query::FromKey { .. } => Found::Unsupported,
        }
    }

    /// Up to `count` elements from place `from` on.
    fn run(&self, from: u64, count: u64) -> Vec<Element> {
        let [from, count] = [from, count].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let elements = self.iter().skip(from).take(count);
        elements
            .map(|(key, value)| Element {
                key: key.to_vec(),
                value: value.to_vec(),
            })
            .collect()
    }
}
