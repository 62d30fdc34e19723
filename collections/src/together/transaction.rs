//! Operations on several collections, gathered and then committed at once.

use std::sync::atomic::{AtomicU64, Ordering};

use multicast::id::GroupId;
use structures::{
    kind::StructureKind,
    op::{Answer, Op, Outcome},
};
use wire::message::client::Refusal;

use super::{
    Together,
    parts::{Part, Pending},
};
use crate::{Collection, Error, Replicated};

/// Numbers of transactions within this process: whose pending result is whose.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Operations that are to be applied together. Dropped without a commit, it changes nothing.
#[derive(Debug)]
pub struct Transaction<'a> {
    together: &'a mut Together,
    number: u64,
    /// Per group its operations, in the order of the calls.
    parts: Vec<(GroupId, Vec<Op>)>,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(together: &'a mut Together) -> Self {
        Self {
            together,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            parts: Vec::new(),
        }
    }

    /// Names the collection that the next operation is on. Operations on one collection are applied in the order of
    /// the calls.
    ///
    /// # Panics
    /// If the collection is of another cluster.
    pub fn on<S>(&mut self, collection: &Collection<Replicated, S>) -> Part<'_, S> {
        let line = collection.line();
        assert_eq!(
            line.cluster(),
            self.together.line.cluster(),
            "a transaction is on collections of one cluster"
        );
        let place = self.place_of(line.group());
        Part::new(self.number, place, &mut self.parts[place].1)
    }

    fn place_of(&mut self, group: GroupId) -> usize {
        let place = self.parts.iter().position(|(of, _)| *of == group);
        place.unwrap_or_else(|| {
            self.parts.push((group, Vec::new()));
            self.parts.len() - 1
        })
    }

    /// Applies all operations at one place in the order of all their groups, and waits until every active member has.
    ///
    /// # Errors
    /// Nothing was changed: `KeyLength`, `ElementTooLong`, and `Refused` for too many groups, operations or bytes (see
    /// [`wire::message::client::together`]) or none. Unknown: `OutOfPatience`, `StateLost`, `SessionEvicted`.
    pub async fn commit(mut self) -> Result<Committed, Error> {
        // A collection may have been named without an operation.
        let is_used = |(_, ops): &(GroupId, Vec<Op>)| !ops.is_empty();
        let places: Vec<bool> = self.parts.iter().map(is_used).collect();
        self.parts.retain(is_used);
        let mut answers = self.together.write(self.parts).await?.into_iter();
        let of_place = |used: bool| match used {
            true => answers.next().unwrap_or_default().into_iter().map(Some).collect(),
            false => Vec::new(),
        };
        Ok(Committed {
            number: self.number,
            kind: self.together.spec.kind,
            answers: places.into_iter().map(of_place).collect(),
        })
    }
}

/// The results of a transaction.
#[derive(Debug)]
pub struct Committed {
    number: u64,
    kind: StructureKind,
    answers: Vec<Vec<Option<Answer>>>,
}

impl Committed {
    /// The result of one operation, as the collection's own method would have given it.
    ///
    /// # Errors
    /// This operation's alone: `Full`, `NoSuchPlace`, `Undecodable`, `Refused(Unsupported)`; `SessionEvicted` if so many
    /// newer sessions were opened with the group since the last transaction that this one's was forgotten. The others of
    /// the transaction have their own results.
    ///
    /// # Panics
    /// If the operation is of another transaction.
    pub fn take<T>(&mut self, pending: Pending<T>) -> Result<T, Error> {
        assert_eq!(
            pending.transaction, self.number,
            "an operation of another transaction"
        );
        let answer = self.answers[pending.part][pending.place].take();
        let answer = answer.expect("a pending result is taken by value, so once");
        use Outcome::*;
        match answer.outcome {
            Inserted | Updated | Deleted | Removed | AbsentKey | AbsentPlace => (pending.result)(answer),
            Unsupported => Err(Error::Refused(Refusal::Unsupported { kind: self.kind })),
            outcome => Err(Error::of(outcome)),
        }
    }
}
