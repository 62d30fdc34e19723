//! The keyed list: keys with values in list order, and its clients' sessions, in three regions.
//!
//! The structure both mechanisms protect (the report, "Fusing complex data structures", Figures 2 to 4).
//! One write is one transaction: session check, change of the elements, and the outcome's record; so its
//! [`Delta`] carries all of it, and whoever holds the regions can answer a retry as the original would.
//!
//! Before the first session is opened all regions are empty, and [`KeyedList::new`] equals an
//! [`Arena::new`] to which no delta was applied. The header is written with the first session.
//!
//! Invariants: the outcome, the delta and the regions are a function of the writes applied, in their
//! order; slots are dense; the indexes are derived from the regions and never in them.

mod check;
mod query;

use std::fmt;
use std::iter;

use crate::arena::Arena;
use crate::delta::{Delta, REGIONS, RegionId};
use crate::elements::Elements;
use crate::entries::{Entries, NIL};
use crate::image_error::ImageError;
use crate::key_index::KeyIndex;
use crate::layout::Layout;
pub use crate::layout::StructureLimits;
use crate::op::{Element, Op, Outcome, Write};
use crate::session::{Admission, Sessions};
use crate::transaction::Transaction;

/// What a structure occupies, in bytes; the regions' reserve is not counted (at most a sixteenth of them).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The VALUES region; of a packed structure, the RECORDS region, which has the keys too.
    pub payload_bytes: usize,
    /// The other regions and whatever is derived.
    pub auxiliary_bytes: usize,
}

/// A keyed list. See the module's documentation.
#[derive(Clone)]
pub struct KeyedList {
    arena: Arena,
    elements: Elements,
    sessions: Sessions,
}

impl KeyedList {
    /// An empty list without sessions.
    pub fn new(limits: StructureLimits) -> Self {
        let elements = Elements::new(Layout::new(limits), KeyIndex::default());
        Self {
            arena: Arena::new(),
            elements,
            sessions: Sessions::default(),
        }
    }

    /// The list that these regions, in the order of [`RegionId::ALL`], are the bytes of.
    ///
    /// Costs one pass over the regions, and rebuilds the indexes.
    ///
    /// # Errors
    /// A variant of [`ImageError`] for whatever no list with these limits can have written.
    pub fn from_images(limits: StructureLimits, images: [Vec<u8>; REGIONS]) -> Result<Self, ImageError> {
        let layout = Layout::new(limits);
        let arena = Arena::from_images(images)?;
        let index = check::check(&arena, layout)?;
        let sessions = Sessions::from_image(arena.image(RegionId::SESSIONS));
        Ok(Self {
            arena,
            elements: Elements::new(layout, index),
            sessions,
        })
    }

    /// Applies one write, or answers it again if it was applied before. Constant cost.
    ///
    /// The delta says what changed in the regions; it has no ranges if nothing did, as for a retry.
    pub fn apply(&mut self, write: &Write) -> (Outcome, Delta) {
        let Self {
            arena,
            elements,
            sessions,
        } = self;
        let mut tx = Transaction::begin(arena);
        let outcome = perform(elements, sessions, &mut tx, write);
        (outcome, tx.commit())
    }

    /// The value of a key, if it is there. Constant cost.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let slot = self.elements.index().find(self.entries(), key)?;
        Some(self.value(slot).to_vec())
    }

    /// Keys and values in list order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let entries = self.entries();
        let slot = |slot: u32| (slot != NIL).then_some(slot);
        iter::successors(slot(entries.head()), move |at| slot(entries.next(*at)))
            .map(move |at| (entries.key(at), self.value(at)))
    }

    /// All elements in list order, copied.
    pub fn elements(&self) -> Vec<Element> {
        self.iter()
            .map(|(key, value)| Element {
                key: key.to_vec(),
                value: value.to_vec(),
            })
            .collect()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.entries().count() as usize
    }

    /// Whether there are no elements; there may be sessions.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The limits it was made with.
    pub fn limits(&self) -> StructureLimits {
        self.elements.layout().limits()
    }

    /// All bytes of one region.
    pub fn image(&self, region: RegionId) -> &[u8] {
        self.arena.image(region)
    }

    /// The regions.
    pub fn arena(&self) -> &Arena {
        &self.arena
    }

    /// The regions alone.
    pub(crate) fn into_arena(self) -> Arena {
        self.arena
    }

    /// What it occupies.
    pub fn sizes(&self) -> Sizes {
        let regions = self.arena.len(RegionId::ENTRIES) + self.arena.len(RegionId::SESSIONS);
        let indexes = self.elements.index().heap_bytes() + self.sessions.heap_bytes();
        Sizes {
            payload_bytes: self.arena.len(RegionId::VALUES),
            auxiliary_bytes: regions + indexes,
        }
    }

    fn entries(&self) -> Entries<'_> {
        Entries::new(self.arena.image(RegionId::ENTRIES), self.elements.layout())
    }

    fn value(&self, slot: u32) -> &[u8] {
        let layout = self.elements.layout();
        let bytes = &self.arena.image(RegionId::VALUES)[layout.value_offset(slot)..][..layout.value_width()];
        &bytes[layout.value_prefix_bytes()..][..layout.value_length(bytes)]
    }

    #[cfg(test)]
    pub(crate) fn set_capacity(&mut self, capacity: u32) {
        self.elements.set_capacity(capacity);
    }
}

/// Session check, operation and record, within one transaction.
fn perform(
    elements: &mut Elements,
    sessions: &mut Sessions,
    tx: &mut Transaction<'_>,
    write: &Write,
) -> Outcome {
    let Write { client, seq, op } = write;
    if *op == Op::OpenSession {
        let outcome = sessions.open(tx, *client, *seq);
        if outcome == Outcome::SessionOpened {
            elements.start(tx);
        }
        return outcome;
    }
    match sessions.admit(tx.image(RegionId::SESSIONS), *client, *seq) {
        Admission::Answered(outcome) => outcome,
        Admission::Apply { record } => {
            let outcome = elements.apply(tx, op);
            sessions.record(tx, record, *seq, outcome);
            outcome
        }
    }
}

/// Same limits and same bytes; the indexes follow from them.
impl PartialEq for KeyedList {
    fn eq(&self, other: &Self) -> bool {
        self.limits() == other.limits() && self.arena == other.arena
    }
}

impl Eq for KeyedList {}

impl fmt::Debug for KeyedList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
