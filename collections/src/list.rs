//! Elements by place; both ends are quick.

use std::{future::Future, ops::Range};

use structures::{
    op::{Answer, Element as StoredElement, Op, Outcome},
    query::Query,
};

use crate::{Element, Error, Pages, collection::Collection, element, line::Line, pages::Rest, shape::ListOf};

/// A list. Errors are those of [`Error`]; a place that is not there is `None`, or
/// [`NoSuchPlace`](Error::NoSuchPlace) where something was to be put.
///
/// All futures are `Send`, as the trait's methods say; implement them as `async fn`.
pub trait List<T: Element>: Send {
    /// Puts an element behind all others.
    fn push_back(&mut self, element: &T) -> impl Future<Output = Result<(), Error>> + Send;

    /// Puts an element before all others.
    fn push_front(&mut self, element: &T) -> impl Future<Output = Result<(), Error>> + Send;

    /// Takes the last element out.
    fn pop_back(&mut self) -> impl Future<Output = Result<Option<T>, Error>> + Send;

    /// Takes the first element out.
    fn pop_front(&mut self) -> impl Future<Output = Result<Option<T>, Error>> + Send;

    /// Puts an element at a place from 0 to the length; those from there on move up by one.
    fn insert(&mut self, index: u64, element: &T) -> impl Future<Output = Result<(), Error>> + Send;

    /// Replaces the element at a place.
    fn set(&mut self, index: u64, element: &T) -> impl Future<Output = Result<(), Error>> + Send;

    /// Takes the element at a place out; those behind it move down by one.
    fn remove(&mut self, index: u64) -> impl Future<Output = Result<Option<T>, Error>> + Send;

    /// The element at a place.
    fn get(&mut self, index: u64) -> impl Future<Output = Result<Option<T>, Error>> + Send;

    /// The elements at these places, as far as there are any, as of one moment. For a whole list, see
    /// [`pages`](Self::pages).
    fn range(&mut self, places: Range<u64>) -> impl Future<Output = Result<Vec<T>, Error>> + Send;

    /// All elements in order, page by page.
    fn pages(&mut self) -> Pages<'_, T>;

    /// Number of elements.
    fn len(&mut self) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Whether there are no elements.
    fn is_empty(&mut self) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl<L: Line, T: Element> List<T> for Collection<L, ListOf<T>> {
    async fn push_back(&mut self, element: &T) -> Result<(), Error> {
        let value = element::encode(element)?;
        inserted(&self.write(Op::PushBack { value }).await?)
    }

    async fn push_front(&mut self, element: &T) -> Result<(), Error> {
        let value = element::encode(element)?;
        inserted(&self.write(Op::PushFront { value }).await?)
    }

    async fn pop_back(&mut self) -> Result<Option<T>, Error> {
        removed(self.write(Op::PopBack).await?)
    }

    async fn pop_front(&mut self) -> Result<Option<T>, Error> {
        removed(self.write(Op::PopFront).await?)
    }

    async fn insert(&mut self, index: u64, element: &T) -> Result<(), Error> {
        let value = element::encode(element)?;
        placed(index, &self.write(Op::InsertAt { index, value }).await?)
    }

    async fn set(&mut self, index: u64, element: &T) -> Result<(), Error> {
        let value = element::encode(element)?;
        placed(index, &self.write(Op::SetAt { index, value }).await?)
    }

    async fn remove(&mut self, index: u64) -> Result<Option<T>, Error> {
        removed(self.write(Op::RemoveAt { index }).await?)
    }

    async fn get(&mut self, index: u64) -> Result<Option<T>, Error> {
        at(self.element(Query::At { index }).await?)
    }

    async fn range(&mut self, places: Range<u64>) -> Result<Vec<T>, Error> {
        let (from, count) = (places.start, places.end.saturating_sub(places.start));
        let elements = self.elements(Query::Range { from, count }).await?;
        elements.into_iter().map(value).collect()
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

/// An element that is its value alone.
pub(crate) fn value<T: Element>(element: StoredElement) -> Result<T, Error> {
    element::decode(&element.value)
}

/// What there is at a place.
pub(crate) fn at<T: Element>(element: Option<StoredElement>) -> Result<Option<T>, Error> {
    element.map(value).transpose()
}

/// The answer to an operation that always puts something in.
pub(crate) fn inserted(answer: &Answer) -> Result<(), Error> {
    match answer.outcome {
        Outcome::Inserted => Ok(()),
        _ => Err(Error::unexpected(answer)),
    }
}

/// The answer to an operation that takes an element out, if there is one.
pub(crate) fn removed<T: Element>(answer: Answer) -> Result<Option<T>, Error> {
    match answer {
        Answer {
            outcome: Outcome::Removed,
            value: Some(value),
        } => element::decode(&value).map(Some),
        Answer {
            outcome: Outcome::AbsentPlace | Outcome::AbsentKey,
            ..
        } => Ok(None),
        other => Err(Error::unexpected(&other)),
    }
}

fn placed(index: u64, answer: &Answer) -> Result<(), Error> {
    match answer.outcome {
        Outcome::Inserted | Outcome::Updated => Ok(()),
        Outcome::AbsentPlace => Err(Error::NoSuchPlace { index }),
        _ => Err(Error::unexpected(answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_out_and_is_of_another_type_is_not_lost() {
        let taken = Answer {
            outcome: Outcome::Removed,
            value: Some(vec![1, 2].into()),
        };
        let Err(Error::Undecodable { bytes, .. }) = removed::<u16>(taken) else {
            panic!("one byte too many");
        };
        assert_eq!(bytes, [1, 2]);
    }
}
