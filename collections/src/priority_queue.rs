//! The smallest priority first; among equals, first in, first out.

use std::future::Future;

use structures::{
    op::{Element as StoredElement, Op},
    query::Query,
};

use crate::{
    Element, Error, OrderedKey, Pages,
    collection::Collection,
    element,
    line::Line,
    list::{inserted, removed},
    pages::Rest,
    shape::PriorityQueueOf,
};

/// A priority queue. Every element is popped by one caller only, once.
pub trait PriorityQueue<T: Element>: Send {
    /// Puts an element behind all of the same or a smaller priority.
    fn push(&mut self, priority: u64, element: &T) -> impl Future<Output = Result<(), Error>> + Send;

    /// Takes the first element of the smallest priority out.
    fn pop(&mut self) -> impl Future<Output = Result<Option<T>, Error>> + Send;

    /// The first element of the smallest priority, and that priority; it stays.
    fn peek(&mut self) -> impl Future<Output = Result<Option<(u64, T)>, Error>> + Send;

    /// All elements with their priorities, in the order in which they would be popped, page by page.
    fn pages(&mut self) -> Pages<'_, (u64, T)>;

    /// Number of elements.
    fn len(&mut self) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Whether there are no elements.
    fn is_empty(&mut self) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl<L: Line, T: Element> PriorityQueue<T> for Collection<L, PriorityQueueOf<T>> {
    async fn push(&mut self, priority: u64, element: &T) -> Result<(), Error> {
        let value = element::encode(element)?;
        inserted(&self.write(Op::PushRanked { priority, value }).await?)
    }

    async fn pop(&mut self) -> Result<Option<T>, Error> {
        removed(self.write(Op::PopFront).await?)
    }

    async fn peek(&mut self) -> Result<Option<(u64, T)>, Error> {
        let first = self.element(Query::At { index: 0 }).await?;
        first.map(ranked).transpose()
    }

    fn pages(&mut self) -> Pages<'_, (u64, T)> {
        Pages::of(self, Rest::Places(0), ranked)
    }

    async fn len(&mut self) -> Result<u64, Error> {
        self.len().await
    }

    async fn is_empty(&mut self) -> Result<bool, Error> {
        self.is_empty().await
    }
}

/// Its priority is eight bytes, most significant first, as an ordered key's.
fn ranked<T: Element>(element: StoredElement) -> Result<(u64, T), Error> {
    let priority = u64::from_ordered_bytes(&element.key)?;
    Ok((priority, element::decode(&element.value)?))
}
