//! Answering what a reader asks, from the elements' chain.

use super::Packed;
use super::view::{Cursor, Record, View};
use crate::op::Element;
use crate::query::{Found, Query};

impl Packed {
    /// Answers a query.
    pub(crate) fn query(&self, query: &Query) -> Found {
        let view = self.view();
        if let Some((start, count)) = self.stretch(query) {
            return Found::Elements(self.run(start, count));
        }
        match query {
            Query::Len => Found::Len(self.len() as u64),
            Query::Get { key } if self.spec().kind.is_keyed() => Found::Value(self.get(key)),
            Query::At { index } => Found::Element(view.locate(*index).map(|at| self.element(at))),
            Query::Last => Found::Element(view.last().map(|at| self.element(at))),
            _ => Found::Unsupported,
        }
    }

    /// Bytes of memory that the elements of the answer will take, or a few more.
    pub(crate) fn answer_bytes(&self, query: &Query) -> u64 {
        let Some((start, count)) = self.stretch(query) else {
            return 0;
        };
        let lengths = self
            .records(start, count)
            .map(|record| Element::OVERHEAD_BYTES + record.length);
        lengths.map(|bytes| bytes as u64).sum()
    }

    /// Where the answer to a long query begins, and how many elements it has at most.
    fn stretch(&self, query: &Query) -> Option<(Option<Cursor>, u64)> {
        let view = self.view();
        match query {
            Query::All => Some((view.head(), u64::MAX)),
            Query::Range { from, count } => Some((view.locate(*from), *count)),
            Query::FromKey { key, after, count } => {
                let sorted = self.elements.by_key()?;
                let start = match after {
                    true => sorted.first_after(view, key),
                    false => sorted.first_from(view, key),
                };
                Some((start, *count))
            }
            _ => None,
        }
    }

    fn records(&self, start: Option<Cursor>, count: u64) -> impl Iterator<Item = Record<'_>> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.view().records_from(start).take(count)
    }

    /// The value of a key, if this kind has keys and this one is there.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let at = self.elements.find(self.view(), key)?;
        Some(self.element(at).value)
    }

    /// All elements in the structure's order, copied.
    pub(crate) fn elements(&self) -> Vec<Element> {
        self.run(self.view().head(), u64::MAX)
    }

    /// Up to `count` elements from `start` on.
    fn run(&self, start: Option<Cursor>, count: u64) -> Vec<Element> {
        self.records(start, count)
            .map(|record| self.elements.format().element(record))
            .collect()
    }

    fn element(&self, at: Cursor) -> Element {
        self.elements.format().element(self.view().record(at))
    }

    fn view(&self) -> View<'_> {
        self.elements.chain().view(&self.arena)
    }
}
