//! Keys with values, in the order of the keys.

use std::{
    borrow::Borrow,
    future::Future,
    ops::{Bound, RangeBounds},
};

use structures::{
    op::{Element as StoredElement, Op},
    query::Query,
};

use crate::{
    Element, Error, OrderedKey, Pages, ToOrderedBytes,
    collection::Collection,
    element,
    line::Line,
    list::removed,
    map::{is_new, is_there},
    pages::Rest,
    shape::OrderedMapOf,
};

/// An ordered map. Keys are written so that their bytes are in their order, see [`OrderedKey`]; a key may be given
/// in a borrowed form, `str` for `String`.
pub trait OrderedMap<K: OrderedKey, V: Element>: Send {
    /// Puts a value under a key, in place of the one there may be; whether the key is new.
    fn insert<Q>(&mut self, key: &Q, value: &V) -> impl Future<Output = Result<bool, Error>> + Send
    where
        K: Borrow<Q>,
        Q: ToOrderedBytes + Sync + ?Sized;

    /// Replaces the value of a key that is there; whether it is.
    fn update<Q>(&mut self, key: &Q, value: &V) -> impl Future<Output = Result<bool, Error>> + Send
    where
        K: Borrow<Q>,
        Q: ToOrderedBytes + Sync + ?Sized;

    /// The value of a key.
    fn get<Q>(&mut self, key: &Q) -> impl Future<Output = Result<Option<V>, Error>> + Send
    where
        K: Borrow<Q>,
        Q: ToOrderedBytes + Sync + ?Sized;

    /// Whether a key is there.
    fn contains_key<Q>(&mut self, key: &Q) -> impl Future<Output = Result<bool, Error>> + Send
    where
        K: Borrow<Q>,
        Q: ToOrderedBytes + Sync + ?Sized;

    /// Takes a key out, and gives its value.
    fn remove<Q>(&mut self, key: &Q) -> impl Future<Output = Result<Option<V>, Error>> + Send
    where
        K: Borrow<Q>,
        Q: ToOrderedBytes + Sync + ?Sized;

    /// The smallest key and its value.
    fn first(&mut self) -> impl Future<Output = Result<Option<(K, V)>, Error>> + Send;

    /// The largest key and its value.
    fn last(&mut self) -> impl Future<Output = Result<Option<(K, V)>, Error>> + Send;

    /// The keys within these bounds with their values, in order, page by page. Bounds that hold nothing give nothing.
    fn range<R: RangeBounds<K>>(&mut self, keys: R) -> Pages<'_, (K, V)>;

    /// All keys with their values, in order, page by page.
    fn pages(&mut self) -> Pages<'_, (K, V)> {
        self.range(..)
    }

    /// Number of keys.
    fn len(&mut self) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Whether there are no keys.
    fn is_empty(&mut self) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl<L: Line, K: OrderedKey, V: Element> OrderedMap<K, V> for Collection<L, OrderedMapOf<K, V>> {
    async fn insert<Q>(&mut self, key: &Q, value: &V) -> Result<bool, Error>
    where
        K: Borrow<Q>,
        Q: ToOrderedBytes + Sync + ?Sized,
    {
        let (key, value) = (key.ordered_bytes(), element::encode(value)?);
        is_new(&self.write(Op::Insert { key, value }).await?)
    }

    async fn update<Q>(&mut self, key: &Q, value: &V) -> Result<bool, Error>
    where
        K: Borrow<Q>,
        Q: ToOrderedBytes + Sync + ?Sized,
    {
        let (key, value) = (key.ordered_bytes(), element::encode(value)?);
        is_there(&self.write(Op::Update { key, value }).await?)
    }

    async fn get<Q>(&mut self, key: &Q) -> Result<Option<V>, Error>
    where
        K: Borrow<Q>,
        Q: ToOrderedBytes + Sync + ?Sized,
    {
        let value = self.value(key.ordered_bytes()).await?;
        value.map(|value| element::decode(&value)).transpose()
    }

    async fn contains_key<Q>(&mut self, key: &Q) -> Result<bool, Error>
    where
        K: Borrow<Q>,
        Q: ToOrderedBytes + Sync + ?Sized,
    {
        Ok(self.value(key.ordered_bytes()).await?.is_some())
    }

    async fn remove<Q>(&mut self, key: &Q) -> Result<Option<V>, Error>
    where
        K: Borrow<Q>,
        Q: ToOrderedBytes + Sync + ?Sized,
    {
        let key = key.ordered_bytes();
        removed(self.write(Op::Remove { key }).await?)
    }

    async fn first(&mut self) -> Result<Option<(K, V)>, Error> {
        let first = self.element(Query::At { index: 0 }).await?;
        first.map(entry).transpose()
    }

    async fn last(&mut self) -> Result<Option<(K, V)>, Error> {
        let last = self.element(Query::Last).await?;
        last.map(entry).transpose()
    }

    fn range<R: RangeBounds<K>>(&mut self, keys: R) -> Pages<'_, (K, V)> {
        Pages::of(self, Rest::Keys(KeySpan::of(&keys)), entry)
    }

    async fn len(&mut self) -> Result<u64, Error> {
        self.len().await
    }

    async fn is_empty(&mut self) -> Result<bool, Error> {
        self.is_empty().await
    }
}

fn entry<K: OrderedKey, V: Element>(element: StoredElement) -> Result<(K, V), Error> {
    Ok((
        K::from_ordered_bytes(&element.key)?,
        element::decode(&element.value)?,
    ))
}

/// The keys that are still to be read, by their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeySpan {
    from: Vec<u8>,
    /// Whether `from` itself is left out.
    after: bool,
    to: Bound<Vec<u8>>,
}

impl KeySpan {
    fn of<K: OrderedKey>(keys: &impl RangeBounds<K>) -> Self {
        let (from, after) = match keys.start_bound() {
            Bound::Included(key) => (key.ordered_bytes(), false),
            Bound::Excluded(key) => (key.ordered_bytes(), true),
            Bound::Unbounded => (Vec::new(), false),
        };
        let to = keys.end_bound().map(K::ordered_bytes);
        Self { from, after, to }
    }

    /// The question for its first keys.
    pub(crate) fn query(&self, count: u64) -> Query {
        Query::FromKey {
            key: self.from.clone(),
            after: self.after,
            count,
        }
    }

    /// Whether a key is at or before its end.
    pub(crate) fn reaches(&self, key: &[u8]) -> bool {
        match &self.to {
            Bound::Included(to) => key <= to.as_slice(),
            Bound::Excluded(to) => key < to.as_slice(),
            Bound::Unbounded => true,
        }
    }

    /// What is left of it behind a key.
    pub(crate) fn behind(mut self, key: &[u8]) -> Self {
        self.from = key.to_vec();
        self.after = true;
        self
    }
}
