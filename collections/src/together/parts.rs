//! A transaction's operations on one collection: what its shape has, under the same names.

use std::{borrow::Borrow, fmt, marker::PhantomData};

use serde::Serialize;
use structures::op::{Answer, Op};

use crate::{
    Element, Error, OrderedKey, ToOrderedBytes, element,
    list::{inserted, removed},
    map::{is_new, is_there},
    set::was_there,
    shape::{ListOf, MapOf, OrderedMapOf, PriorityQueueOf, QueueOf, SetOf, StackOf},
};

/// What an operation will have given once its transaction is committed:
/// [`Committed::take`](super::Committed::take).
pub struct Pending<T> {
    pub(super) transaction: u64,
    pub(super) part: usize,
    pub(super) place: usize,
    pub(super) result: fn(Answer) -> Result<T, Error>,
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("transaction", &self.transaction)
            .field("part", &self.part)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// The operations of a transaction on one collection of shape `S`. Each method stages one operation; its errors are
/// the codec's, `Unencodable`, and nothing is staged then.
#[derive(Debug)]
pub struct Part<'a, S> {
    transaction: u64,
    part: usize,
    ops: &'a mut Vec<Op>,
    shape: PhantomData<fn() -> S>,
}

/// The result of staging an operation.
type Staged<T> = Result<Pending<T>, Error>;

impl<'a, S> Part<'a, S> {
    pub(super) fn new(transaction: u64, part: usize, ops: &'a mut Vec<Op>) -> Self {
        Self {
            transaction,
            part,
            ops,
            shape: PhantomData,
        }
    }

    fn stage<T>(self, op: Op, result: fn(Answer) -> Result<T, Error>) -> Pending<T> {
        self.ops.push(op);
        Pending {
            transaction: self.transaction,
            part: self.part,
            place: self.ops.len() - 1,
            result,
        }
    }

    fn stage_push<T: Element>(self, element: &T, op: impl Fn(Vec<u8>) -> Op) -> Staged<()> {
        let op = op(element::encode(element)?);
        Ok(self.stage(op, |answer| inserted(&answer)))
    }
}

/// See [`Map`](crate::Map).
impl<K: Element, V: Element> Part<'_, MapOf<K, V>> {
    /// Puts a value under a key, in place of the one there may be; whether the key is new.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn insert<Q: Serialize + ?Sized>(self, key: &Q, value: &V) -> Staged<bool>
    where
        K: Borrow<Q>,
    {
        let (key, value) = (element::encode(key)?, element::encode(value)?);
        Ok(self.stage(Op::Insert { key, value }, |answer| is_new(&answer)))
    }

    /// Replaces the value of a key that is there; whether it is.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn update<Q: Serialize + ?Sized>(self, key: &Q, value: &V) -> Staged<bool>
    where
        K: Borrow<Q>,
    {
        let (key, value) = (element::encode(key)?, element::encode(value)?);
        Ok(self.stage(Op::Update { key, value }, |answer| is_there(&answer)))
    }

    /// Takes a key out, and gives its value.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn remove<Q: Serialize + ?Sized>(self, key: &Q) -> Staged<Option<V>>
    where
        K: Borrow<Q>,
    {
        let key = element::encode(key)?;
        Ok(self.stage(Op::Remove { key }, removed))
    }
}

/// See [`OrderedMap`](crate::OrderedMap).
impl<K: OrderedKey, V: Element> Part<'_, OrderedMapOf<K, V>> {
    /// Puts a value under a key, in place of the one there may be; whether the key is new.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn insert<Q: ToOrderedBytes + ?Sized>(self, key: &Q, value: &V) -> Staged<bool>
    where
        K: Borrow<Q>,
    {
        let (key, value) = (key.ordered_bytes(), element::encode(value)?);
        Ok(self.stage(Op::Insert { key, value }, |answer| is_new(&answer)))
    }

    /// Replaces the value of a key that is there; whether it is.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn update<Q: ToOrderedBytes + ?Sized>(self, key: &Q, value: &V) -> Staged<bool>
    where
        K: Borrow<Q>,
    {
        let (key, value) = (key.ordered_bytes(), element::encode(value)?);
        Ok(self.stage(Op::Update { key, value }, |answer| is_there(&answer)))
    }

    /// Takes a key out, and gives its value.
    pub fn remove<Q: ToOrderedBytes + ?Sized>(self, key: &Q) -> Pending<Option<V>>
    where
        K: Borrow<Q>,
    {
        let key = key.ordered_bytes();
        self.stage(Op::Remove { key }, removed)
    }
}

/// See [`Set`](crate::Set).
impl<T: Element> Part<'_, SetOf<T>> {
    /// Puts an element in; whether it is new.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn insert<Q: Serialize + ?Sized>(self, element: &Q) -> Staged<bool>
    where
        T: Borrow<Q>,
    {
        let (key, value) = (element::encode(element)?, Vec::new());
        Ok(self.stage(Op::Insert { key, value }, |answer| is_new(&answer)))
    }

    /// Takes an element out; whether it was there.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn remove<Q: Serialize + ?Sized>(self, element: &Q) -> Staged<bool>
    where
        T: Borrow<Q>,
    {
        let key = element::encode(element)?;
        Ok(self.stage(Op::Delete { key }, |answer| was_there(&answer)))
    }
}

/// See [`List`](crate::List). Operations by place are left out: between a look at the list and the transaction the places
/// may have moved.
impl<T: Element> Part<'_, ListOf<T>> {
    /// Puts an element before all others.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn push_front(self, element: &T) -> Staged<()> {
        self.stage_push(element, |value| Op::PushFront { value })
    }

    /// Puts an element behind all others.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn push_back(self, element: &T) -> Staged<()> {
        self.stage_push(element, |value| Op::PushBack { value })
    }

    /// Takes the first element out, if there is one.
    pub fn pop_front(self) -> Pending<Option<T>> {
        self.stage(Op::PopFront, removed)
    }

    /// Takes the last element out, if there is one.
    pub fn pop_back(self) -> Pending<Option<T>> {
        self.stage(Op::PopBack, removed)
    }
}

/// See [`Queue`](crate::Queue).
impl<T: Element> Part<'_, QueueOf<T>> {
    /// Puts an element at the end.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn push(self, element: &T) -> Staged<()> {
        self.stage_push(element, |value| Op::PushBack { value })
    }

    /// Takes the first element out, if there is one.
    pub fn pop(self) -> Pending<Option<T>> {
        self.stage(Op::PopFront, removed)
    }
}

/// See [`Stack`](crate::Stack).
impl<T: Element> Part<'_, StackOf<T>> {
    /// Puts an element on top.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn push(self, element: &T) -> Staged<()> {
        self.stage_push(element, |value| Op::PushBack { value })
    }

    /// Takes the top element off, if there is one.
    pub fn pop(self) -> Pending<Option<T>> {
        self.stage(Op::PopBack, removed)
    }
}

/// See [`PriorityQueue`](crate::PriorityQueue).
impl<T: Element> Part<'_, PriorityQueueOf<T>> {
    /// Puts an element behind all of the same or a smaller priority.
    ///
    /// # Errors
    /// `Unencodable`.
    pub fn push(self, priority: u64, element: &T) -> Staged<()> {
        self.stage_push(element, |value| Op::PushRanked { priority, value })
    }

    /// Takes the first element of the smallest priority out, if there is one.
    pub fn pop(self) -> Pending<Option<T>> {
        self.stage(Op::PopFront, removed)
    }
}
