//! The elements of a packed structure, whichever kind it is of.

use super::chain::Chain;
use super::format::Format;
use super::hashed::Hashed;
use super::header;
use super::keyed_chain::{KeyedChain, read_checked};
use super::sequence::Sequence;
use super::sorted::Sorted;
use super::view::{Cursor, View};
use crate::arena::Arena;
use crate::image_error::ImageError;
use crate::kind::{StructureKind, StructureSpec};
use crate::layout::MAX_ELEMENTS;
use crate::op::{Answer, Op, Outcome};
use crate::transaction::Transaction;

/// How the records are found.
#[derive(Clone)]
enum Access {
    Place(Sequence),
    Hash(Hashed),
    Search(Sorted),
}

/// See the module's documentation.
#[derive(Clone)]
pub(crate) struct Elements {
    spec: StructureSpec,
    format: Format,
    access: Access,
}

impl Elements {
    /// No elements.
    pub(crate) fn new(spec: StructureSpec, page_bytes: u16) -> Self {
        let geometry = header::records_geometry(page_bytes);
        let format = Format::of(spec.kind);
        let access = match spec.kind {
            kind if is_hashed(kind) => Access::by_hash(kind, KeyedChain::new(geometry, format)),
            kind => Access::without_index(kind, Chain::new(geometry)),
        };
        Self { spec, format, access }
    }

    /// The elements in a RECORDS region that is not empty, checked.
    ///
    /// # Errors
    /// Those of [`ImageError`] that concern the header, a chain and its records.
    pub(crate) fn from_arena(
        arena: &Arena,
        spec: StructureSpec,
        page_bytes: u16,
    ) -> Result<Self, ImageError> {
        let geometry = header::records_geometry(page_bytes);
        header::check(arena.image(geometry.region), spec, page_bytes)?;
        let (kind, format) = (spec.kind, Format::of(spec.kind));
        let access = if is_hashed(kind) {
            Access::by_hash(
                kind,
                KeyedChain::from_arena(arena, geometry, format, spec.limits)?,
            )
        } else {
            Access::without_index(kind, read_checked(arena, geometry, format, spec.limits)?)
        };
        let elements = Self { spec, format, access };
        check_count(elements.chain().records())?;
        if let Access::Search(sorted) = &elements.access {
            sorted.check_order(elements.chain().view(arena))?;
        }
        Ok(elements)
    }

    /// Applies one operation that a session admitted. A refused one changes nothing.
    pub(crate) fn apply(&mut self, tx: &mut Transaction<'_>, op: &Op) -> Answer {
        if let Some(refusal) = self.refuse(op) {
            return refusal.into();
        }
        match &mut self.access {
            Access::Place(sequence) => sequence.apply(tx, op),
            Access::Hash(hashed) => hashed.apply(tx, op),
            Access::Search(sorted) => sorted.apply(tx, op),
        }
    }

    /// The outcome of an operation that this kind has not, or that breaks a limit.
    fn refuse(&self, op: &Op) -> Option<Outcome> {
        let StructureSpec { kind, limits } = self.spec;
        let longest_value = match self.format {
            Format::Key => 0,
            _ => usize::from(limits.element_bytes),
        };
        let is_bad_key = |key: &[u8]| key.is_empty() || key.len() > usize::from(limits.key_bytes);
        if !kind.has(op) {
            Some(Outcome::Unsupported)
        } else if op.key().is_some_and(is_bad_key) {
            Some(Outcome::BadKeyLength)
        } else if op.value().is_some_and(|value| value.len() > longest_value) {
            Some(Outcome::ValueTooLong)
        } else {
            None
        }
    }

    pub(crate) fn spec(&self) -> StructureSpec {
        self.spec
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    pub(crate) fn chain(&self) -> &Chain {
        match &self.access {
            Access::Place(sequence) => &sequence.chain,
            Access::Hash(hashed) => hashed.chain.chain(),
            Access::Search(sorted) => &sorted.chain,
        }
    }

    /// Where the element of a key starts; nowhere, if its kind has no keys.
    pub(crate) fn find(&self, view: View<'_>, key: &[u8]) -> Option<Cursor> {
        match &self.access {
            Access::Hash(hashed) => hashed.chain.find(view, key),
            Access::Search(sorted) if self.spec.kind.is_keyed() => sorted.find(view, key),
            _ => None,
        }
    }

    /// The elements in the order of their keys, if they are in it.
    pub(crate) fn by_key(&self) -> Option<&Sorted> {
        match &self.access {
            Access::Search(sorted) if self.spec.kind.is_keyed() => Some(sorted),
            _ => None,
        }
    }

    /// Heap bytes of what is derived.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.access {
            Access::Hash(hashed) => hashed.chain.heap_bytes(),
            _ => self.chain().heap_bytes(),
        }
    }

    #[cfg(test)]
    pub(crate) fn chain_mut(&mut self) -> &mut Chain {
        match &mut self.access {
            Access::Place(sequence) => &mut sequence.chain,
            Access::Hash(hashed) => hashed.chain.chain_mut(),
            Access::Search(sorted) => &mut sorted.chain,
        }
    }
}

impl Access {
    fn by_hash(kind: StructureKind, chain: KeyedChain) -> Self {
        let is_ordered = kind == StructureKind::KeyedList;
        Self::Hash(Hashed { chain, is_ordered })
    }

    fn without_index(kind: StructureKind, chain: Chain) -> Self {
        match Format::of(kind) {
            Format::Value => Self::Place(Sequence { chain }),
            format => Self::Search(Sorted { chain, format }),
        }
    }
}

fn check_count(found: u64) -> Result<(), ImageError> {
    let limit = u64::from(MAX_ELEMENTS);
    if found > limit {
        return Err(ImageError::TooManyRecords { found, limit });
    }
    Ok(())
}

fn is_hashed(kind: StructureKind) -> bool {
    matches!(
        kind,
        StructureKind::KeyedList | StructureKind::Map | StructureKind::Set
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_records_as_elements_may_be_are_read_and_not_one_more() {
        let limit = u64::from(MAX_ELEMENTS);
        let found = limit + 1;
        assert_eq!(check_count(limit), Ok(()));
        assert_eq!(
            check_count(found),
            Err(ImageError::TooManyRecords { found, limit })
        );
    }
}
