//! Keyed list, map and set: found by a hash of the key; in the order of insertion, where that matters.

use super::keyed_chain::KeyedChain;
use super::view::Cursor;
use crate::op::{Answer, Op, Outcome};
use crate::transaction::Transaction;

/// See the module's documentation.
#[derive(Clone)]
pub(crate) struct Hashed {
    pub(crate) chain: KeyedChain,
    /// Whether a removal keeps the others in order.
    pub(crate) is_ordered: bool,
}

impl Hashed {
    /// Applies an operation that its kind has, and whose key and value fit.
    pub(crate) fn apply(&mut self, tx: &mut Transaction<'_>, op: &Op) -> Answer {
        let Some(key) = op.key() else {
            return Outcome::Unsupported.into();
        };
        let at = self.chain.find(self.chain.chain().view_in(tx), key);
        match (op, at) {
            (Op::Insert { value, .. } | Op::Update { value, .. }, Some(at)) => {
                self.chain.replace(tx, at, key, value).into()
            }
            (Op::Insert { value, .. }, None) => self.chain.append(tx, key, value).into(),
            (Op::Delete { .. }, Some(at)) => {
                self.remove(tx, at);
                Outcome::Deleted.into()
            }
            (Op::Remove { .. }, Some(at)) => {
                let value = self.chain.element(tx, at).value;
                self.remove(tx, at);
                Answer::removed(value)
            }
            _ => Outcome::AbsentKey.into(),
        }
    }

    fn remove(&mut self, tx: &mut Transaction<'_>, at: Cursor) {
        if self.is_ordered {
            self.chain.remove(tx, at);
        } else {
            self.chain.swap_remove(tx, at);
        }
    }
}
