//! Answering what a reader asks, from the elements' chain.

use super::Packed;
use super::view::{Cursor, View};
use crate::op::Element;
use crate::query::{Found, Query};

impl Packed {
    /// Answers a query.
    pub(crate) fn query(&self, query: &Query) -> Found {
        let view = self.view();
        match query {
            Query::Len => Found::Len(self.len() as u64),
            Query::All => Found::Elements(self.elements()),
            Query::Get { key } if self.spec().kind.is_keyed() => Found::Value(self.get(key)),
            Query::At { index } => Found::Element(view.locate(*index).map(|at| self.element(at))),
            Query::Last => Found::Element(view.last().map(|at| self.element(at))),
            Query::Range { from, count } => Found::Elements(self.run(view.locate(*from), *count)),
            Query::FromKey { key, after, count } => match self.elements.by_key() {
                Some(sorted) if *after => Found::Elements(self.run(sorted.first_after(view, key), *count)),
                Some(sorted) => Found::Elements(self.run(sorted.first_from(view, key), *count)),
                None => Found::Unsupported,
            },
            Query::Get { .. } => Found::Unsupported,
        }
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
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let records = self.view().records_from(start).take(count);
        records
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
