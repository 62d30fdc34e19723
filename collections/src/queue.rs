//! First in, first out.

use std::future::Future;

use structures::{op::Op, query::Query};

use crate::{
    Element, Error, Pages,
    collection::Collection,
    element,
    line::Line,
    list::{at, inserted, removed, value},
    pages::Rest,
    shape::QueueOf,
};

/// A queue. Every element is popped by one caller only, once.
pub trait Queue<T: Element>: Send {
    /// Puts an element behind all others.
    fn push(&mut self, element: &T) -> impl Future<Output = Result<(), Error>> + Send;

    /// Takes the first element out.
    fn pop(&mut self) -> impl Future<Output = Result<Option<T>, Error>> + Send;

    /// The first element, which stays.
    fn peek(&mut self) -> impl Future<Output = Result<Option<T>, Error>> + Send;

    /// All elements, the first one first, page by page.
    fn pages(&mut self) -> Pages<'_, T>;

    /// Number of elements.
    fn len(&mut self) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Whether there are no elements.
    fn is_empty(&mut self) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl<L: Line, T: Element> Queue<T> for Collection<L, QueueOf<T>> {
    async fn push(&mut self, element: &T) -> Result<(), Error> {
        let value = element::encode(element)?;
        inserted(&self.write(Op::PushBack { value }).await?)
    }

    async fn pop(&mut self) -> Result<Option<T>, Error> {
        removed(self.write(Op::PopFront).await?)
    }

    async fn peek(&mut self) -> Result<Option<T>, Error> {
        at(self.element(Query::At { index: 0 }).await?)
    }

    fn pages(&mut self) -> Pages<'_, T> {
        Pages::of(self, Rest::Places(0), value)
    }

    async fn len(&mut self) -> Result<u64, Error> {
        self.len().await
    }

    async fn is_empty(&mut self) -> Result<bool, Error> {
        self.is_empty().await
    }
}
