//! Moving an entry from one map to another.
//!
//! The group that an entry moves to knows nothing of the group that it comes from, and the value travels with the
//! request: so it must be known before. A move is the transaction of a removal and an insertion; whether the entry was
//! still what it was read as, the removal's answer tells afterwards.

use std::borrow::Borrow;

use serde::Serialize;

use super::Together;
use crate::{Collection, Element, Error, Replicated, shape::MapOf};

/// What became of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved<V> {
    /// What was taken out at the source. Another value than the one that was put in at the destination, or none, if
    /// somebody else changed or removed the entry after it was read.
    pub taken: Option<V>,
    /// Whether the key is new at the destination.
    pub is_new: bool,
}

impl Together {
    /// Takes a key out of one map and puts it into another with this value, at one place in the order of both: nobody who
    /// reads in that order finds the key in both maps or, if it was there, in none.
    ///
    /// The value is the caller's, usually read from the source before. If the source held another one by then, or none,
    /// the destination has the caller's all the same, and [`Moved::taken`] tells; the caller may put that right.
    ///
    /// # Errors
    /// As [`commit`](super::Transaction::commit), and as each of the two operations. Where only one of them fails (the
    /// destination is full), the other one has had its effect.
    pub async fn move_entry<K, V, Q>(
        &mut self,
        from: &Collection<Replicated, MapOf<K, V>>,
        to: &Collection<Replicated, MapOf<K, V>>,
        key: &Q,
        value: &V,
    ) -> Result<Moved<V>, Error>
    where
        K: Element + Borrow<Q>,
        V: Element,
        Q: Serialize + ?Sized,
    {
        let mut transaction = self.transaction();
        let taken = transaction.on(from).remove(key)?;
        let is_new = transaction.on(to).insert(key, value)?;
        let mut committed = transaction.commit().await?;
        Ok(Moved {
            taken: committed.take(taken)?,
            is_new: committed.take(is_new)?,
        })
    }
}
