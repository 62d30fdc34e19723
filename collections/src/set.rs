//! Keys alone.

use std::{borrow::Borrow, future::Future};

use serde::Serialize;
use structures::op::{Answer, Element as StoredElement, Op, Outcome};

use crate::{
    Element, Error, Pages, collection::Collection, element, line::Line, map::is_new, pages::Rest,
    shape::SetOf,
};

/// A set. An element may be asked for by a borrowed form of it, `str` for `String`, whose serde form must be the same.
pub trait Set<T: Element>: Send {
    /// Puts an element in; whether it was not there before.
    fn insert<Q>(&mut self, element: &Q) -> impl Future<Output = Result<bool, Error>> + Send
    where
        T: Borrow<Q>,
        Q: Serialize + Sync + ?Sized;

    /// Whether an element is there.
    fn contains<Q>(&mut self, element: &Q) -> impl Future<Output = Result<bool, Error>> + Send
    where
        T: Borrow<Q>,
        Q: Serialize + Sync + ?Sized;

    /// Takes an element out; whether it was there.
    fn remove<Q>(&mut self, element: &Q) -> impl Future<Output = Result<bool, Error>> + Send
    where
        T: Borrow<Q>,
        Q: Serialize + Sync + ?Sized;

    /// All elements in no particular order, page by page.
    fn pages(&mut self) -> Pages<'_, T>;

    /// Number of elements.
    fn len(&mut self) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Whether there are no elements.
    fn is_empty(&mut self) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl<L: Line, T: Element> Set<T> for Collection<L, SetOf<T>> {
    async fn insert<Q>(&mut self, element: &Q) -> Result<bool, Error>
    where
        T: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        let (key, value) = (element::encode(element)?, Vec::new());
        is_new(&self.write(Op::Insert { key, value }).await?)
    }

    async fn contains<Q>(&mut self, element: &Q) -> Result<bool, Error>
    where
        T: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        Ok(self.value(element::encode(element)?).await?.is_some())
    }

    async fn remove<Q>(&mut self, element: &Q) -> Result<bool, Error>
    where
        T: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        let key = element::encode(element)?;
        was_there(&self.write(Op::Delete { key }).await?)
    }

    fn pages(&mut self) -> Pages<'_, T> {
        Pages::of(self, Rest::Places(0), key)
    }

    async fn len(&mut self) -> Result<u64, Error> {
        self.len().await
    }

    async fn is_empty(&mut self) -> Result<bool, Error> {
        self.is_empty().await
    }
}

/// The answer to a removal without the value.
pub(crate) fn was_there(answer: &Answer) -> Result<bool, Error> {
    match answer.outcome {
        Outcome::Deleted => Ok(true),
        Outcome::AbsentKey => Ok(false),
        _ => Err(Error::unexpected(answer)),
    }
}

fn key<T: Element>(element: StoredElement) -> Result<T, Error> {
    element::decode(&element.key)
}
