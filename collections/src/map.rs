//! Keys with values.

use std::{borrow::Borrow, future::Future};

use serde::Serialize;
use structures::op::{Answer, Element as StoredElement, Op, Outcome};

use crate::{
    Element, Error, Pages, collection::Collection, element, line::Line, list::removed, pages::Rest,
    shape::MapOf,
};

/// A map. A key may be given in a borrowed form, `str` for `String`, whose serde form must be the same.
pub trait Map<K: Element, V: Element>: Send {
    /// Puts a value under a key, in place of the one there may be; whether the key is new.
    fn insert<Q>(&mut self, key: &Q, value: &V) -> impl Future<Output = Result<bool, Error>> + Send
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized;

    /// Replaces the value of a key that is there; whether it is.
    fn update<Q>(&mut self, key: &Q, value: &V) -> impl Future<Output = Result<bool, Error>> + Send
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized;

    /// The value of a key.
    fn get<Q>(&mut self, key: &Q) -> impl Future<Output = Result<Option<V>, Error>> + Send
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized;

    /// Whether a key is there.
    fn contains_key<Q>(&mut self, key: &Q) -> impl Future<Output = Result<bool, Error>> + Send
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized;

    /// Takes a key out, and gives its value.
    fn remove<Q>(&mut self, key: &Q) -> impl Future<Output = Result<Option<V>, Error>> + Send
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized;

    /// All keys with their values, in no particular order, page by page.
    fn pages(&mut self) -> Pages<'_, (K, V)>;

    /// Number of keys.
    fn len(&mut self) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Whether there are no keys.
    fn is_empty(&mut self) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl<L: Line, K: Element, V: Element> Map<K, V> for Collection<L, MapOf<K, V>> {
    async fn insert<Q>(&mut self, key: &Q, value: &V) -> Result<bool, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        let (key, value) = (element::encode(key)?, element::encode(value)?);
        is_new(&self.write(Op::Insert { key, value }).await?)
    }

    async fn update<Q>(&mut self, key: &Q, value: &V) -> Result<bool, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        let (key, value) = (element::encode(key)?, element::encode(value)?);
        is_there(&self.write(Op::Update { key, value }).await?)
    }

    async fn get<Q>(&mut self, key: &Q) -> Result<Option<V>, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        let value = self.value(element::encode(key)?).await?;
        value.map(|value| element::decode(&value)).transpose()
    }

    async fn contains_key<Q>(&mut self, key: &Q) -> Result<bool, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        Ok(self.value(element::encode(key)?).await?.is_some())
    }

    async fn remove<Q>(&mut self, key: &Q) -> Result<Option<V>, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        let key = element::encode(key)?;
        removed(self.write(Op::Remove { key }).await?)
    }

    fn pages(&mut self) -> Pages<'_, (K, V)> {
        Pages::of(self, Rest::Places(0), entry)
    }

    async fn len(&mut self) -> Result<u64, Error> {
        self.len().await
    }

    async fn is_empty(&mut self) -> Result<bool, Error> {
        self.is_empty().await
    }
}

fn entry<K: Element, V: Element>(element: StoredElement) -> Result<(K, V), Error> {
    Ok((element::decode(&element.key)?, element::decode(&element.value)?))
}

/// The answer to an insert.
pub(crate) fn is_new(answer: &Answer) -> Result<bool, Error> {
    match answer.outcome {
        Outcome::Inserted => Ok(true),
        Outcome::Updated => Ok(false),
        _ => Err(Error::unexpected(answer)),
    }
}

/// The answer to an update.
pub(crate) fn is_there(answer: &Answer) -> Result<bool, Error> {
    match answer.outcome {
        Outcome::Updated => Ok(true),
        Outcome::AbsentKey => Ok(false),
        _ => Err(Error::unexpected(answer)),
    }
}
