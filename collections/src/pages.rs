//! Reading a whole collection in bounded memory: page by page.
//!
//! Each page is as of one moment; two pages are not of the same. Pages of an [`OrderedMap`](crate::OrderedMap)
//! go on behind the last key seen, so that an entry that is there from beginning to end is seen exactly once,
//! whatever others write meanwhile. Pages of other collections go on at the next place: where others insert or remove
//! meanwhile, an element may be missed or seen twice.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{
    Stream,
    stream::{self, TryStreamExt},
};
use structures::{op::Element as StoredElement, query::Query};

use crate::{Error, collection::Collection, line::Line, ordered_map::KeySpan};

/// Most elements of one page.
pub const PAGE_ELEMENTS: u64 = 256;

/// The elements of a collection in pages, as a [`Stream`] and by [`next_page`](Self::next_page). Nothing is read
/// before it is asked for.
pub struct Pages<'a, T>(Pin<Box<dyn Stream<Item = Result<Vec<T>, Error>> + Send + 'a>>);

impl<'a, T: Send + 'a> Pages<'a, T> {
    /// The next elements, not none and at most [`PAGE_ELEMENTS`]; `None` at the end.
    ///
    /// # Errors
    /// See [`Error`]. There is nothing more after one.
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>, Error> {
        self.0.try_next().await
    }

    /// The elements one by one.
    pub fn elements(self) -> impl Stream<Item = Result<T, Error>> + Send + 'a {
        let elements = |page: Vec<T>| stream::iter(page.into_iter().map(Ok));
        self.0.map_ok(elements).try_flatten()
    }

    /// All elements, in the memory that they take.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn all(self) -> Result<Vec<T>, Error> {
        self.0.try_concat().await
    }

    /// The elements of the rest, decoded.
    pub(crate) fn of<L: Line + 'a, S: 'a>(
        collection: &'a mut Collection<L, S>,
        rest: Rest,
        decode: fn(StoredElement) -> Result<T, Error>,
    ) -> Self {
        let next = move |(collection, rest): (&'a mut Collection<L, S>, Option<Rest>)| async move {
            let Some(rest) = rest else {
                return Ok(None);
            };
            let found = collection.elements(rest.query()).await?;
            let (elements, rest) = rest.cut(found);
            match elements.is_empty() {
                true => Ok(None),
                false => {
                    let page: Result<Vec<T>, Error> = elements.into_iter().map(decode).collect();
                    Ok(Some((page?, (collection, rest))))
                }
            }
        };
        Self(Box::pin(stream::try_unfold((collection, Some(rest)), next)))
    }
}

/// What is still to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// From this place on.
    Places(u64),
    /// The keys within the span, in order.
    Keys(KeySpan),
}

impl Rest {
    fn query(&self) -> Query {
        let count = PAGE_ELEMENTS;
        match self {
            Self::Places(from) => Query::Range { from: *from, count },
            Self::Keys(span) => span.query(count),
        }
    }

    /// Those of the elements found that belong to it, and what is left behind them, if anything is.
    fn cut(self, mut found: Vec<StoredElement>) -> (Vec<StoredElement>, Option<Self>) {
        if let Self::Keys(span) = &self {
            found.truncate(found.partition_point(|element| span.reaches(&element.key)));
        }
        if (found.len() as u64) < PAGE_ELEMENTS {
            return (found, None);
        }
        let rest = match (self, found.last()) {
            (Self::Places(from), _) => Self::Places(from + PAGE_ELEMENTS),
            (Self::Keys(span), Some(last)) => Self::Keys(span.behind(&last.key)),
            (Self::Keys(_), None) => return (found, None),
        };
        (found, Some(rest))
    }
}

impl<T> Stream for Pages<'_, T> {
    type Item = Result<Vec<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for Pages<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}
