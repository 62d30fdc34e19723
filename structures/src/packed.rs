//! Every structure but the report's: its elements packed into pages, its clients' sessions and their results.
//!
//! One write is one transaction, as in [`crate::keyed_list`]: session check, change of the elements, the value
//! taken out, and the outcome's record. Before the first session is opened all regions are empty.
//!
//! ```text
//! RECORDS   header, chain of the elements      chain::Chain: records in order over pages of one size
//! RESULTS   chain of the values taken out      the same, found by client and sequence number
//! SESSIONS  the windows of outcomes            session
//! ```
//!
//! From the bottom: `page` and `prefix` (bytes), `order` (derived), `chain` with `view` (changing and reading
//! records), `check` (reading what is not trusted), `format` (what a record is); `page_index` with `needle` (keys
//! to pages) and `keyed_chain`; then the kinds: `sequence`, `hashed`, `sorted`, one of them in `elements`; `results`.
//!
//! Invariants: the answer, the delta and the regions are a function of the writes applied, in their order; so
//! nothing that is stored depends on anything that is derived, whose shape may differ from life to life.

mod chain;
pub mod chain_error;
mod check;
mod elements;
pub mod format;
mod hashed;
mod header;
mod keyed_chain;
mod lean;
mod needle;
mod order;
mod page;
mod page_index;
mod prefix;
mod query;
mod results;
mod sequence;
mod sorted;
mod view;

use std::fmt;

use multicast::id::{ClientId, Seq};

use self::elements::Elements;
use self::page::LINK_BYTES;
use self::results::Results;
use crate::arena::Arena;
use crate::delta::{Delta, REGIONS, RegionId};
use crate::image_error::ImageError;
use crate::keyed_list::Sizes;
use crate::kind::StructureSpec;
use crate::op::{Answer, Op, Outcome, Write};
use crate::session::{self, Admission, Record, Sessions};
use crate::transaction::Transaction;

/// Bytes of a page. Longer ones have less of their own, and more to move when a record in their middle changes.
pub(crate) const PAGE_BYTES: u16 = 512;

/// A packed structure. See the module's documentation.
#[derive(Clone)]
pub(crate) struct Packed {
    arena: Arena,
    page_bytes: u16,
    elements: Elements,
    results: Results,
    sessions: Sessions,
}

impl Packed {
    /// An empty structure without sessions.
    pub(crate) fn new(spec: StructureSpec) -> Self {
        Self::with_pages(spec, PAGE_BYTES)
    }

    fn with_pages(spec: StructureSpec, page_bytes: u16) -> Self {
        Self {
            arena: Arena::new(),
            page_bytes,
            elements: Elements::new(spec, page_bytes),
            results: Results::new(spec.limits, page_bytes),
            sessions: Sessions::default(),
        }
    }

    /// The structure that these regions are the bytes of. Costs one pass over them.
    ///
    /// # Errors
    /// A variant of [`ImageError`] for whatever no packed structure can have written.
    pub(crate) fn from_images(spec: StructureSpec, images: [Vec<u8>; REGIONS]) -> Result<Self, ImageError> {
        Self::from_images_with_pages(spec, images, PAGE_BYTES)
    }

    fn from_images_with_pages(
        spec: StructureSpec,
        images: [Vec<u8>; REGIONS],
        page_bytes: u16,
    ) -> Result<Self, ImageError> {
        let arena = Arena::from_images(images)?;
        let [records, results, sessions] = RegionId::ALL.map(|region| arena.len(region));
        if records == 0 && results == 0 && sessions == 0 {
            return Ok(Self::with_pages(spec, page_bytes));
        }
        if records == 0 || results == 0 || sessions == 0 {
            return Err(ImageError::Missing {
                records,
                results,
                sessions,
            });
        }
        session::check(arena.image(RegionId::SESSIONS), |_| true)?;
        let elements = Elements::from_arena(&arena, spec, page_bytes)?;
        let results = Results::from_arena(&arena, spec.limits, page_bytes)?;
        let sessions = Sessions::from_image(arena.image(RegionId::SESSIONS));
        Ok(Self {
            arena,
            page_bytes,
            elements,
            results,
            sessions,
        })
    }

    /// Applies one write, or answers it again if it was applied before.
    pub(crate) fn apply(&mut self, write: &Write) -> (Answer, Delta) {
        let Write { client, seq, op } = write;
        let mut tx = Transaction::begin(&mut self.arena);
        let mut parts = Parts {
            tx: &mut tx,
            elements: &mut self.elements,
            results: &mut self.results,
            sessions: &mut self.sessions,
        };
        let answer = if *op == Op::OpenSession {
            parts.open(*client, *seq, self.page_bytes).into()
        } else {
            parts.perform(*client, *seq, op)
        };
        (answer, tx.commit())
    }

    pub(crate) fn spec(&self) -> StructureSpec {
        self.elements.spec()
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.elements.chain().records() as usize
    }

    pub(crate) fn into_arena(self) -> Arena {
        self.arena
    }

    pub(crate) fn arena(&self) -> &Arena {
        &self.arena
    }

    /// What it occupies.
    pub(crate) fn sizes(&self) -> Sizes {
        let regions = self.arena.len(RegionId::RESULTS) + self.arena.len(RegionId::SESSIONS);
        let derived = self.elements.heap_bytes() + self.results.heap_bytes() + self.sessions.heap_bytes();
        Sizes {
            payload_bytes: self.arena.len(RegionId::RECORDS),
            auxiliary_bytes: regions + derived,
        }
    }
}

/// What one write may change, within its transaction.
struct Parts<'p, 'arena> {
    tx: &'p mut Transaction<'arena>,
    elements: &'p mut Elements,
    results: &'p mut Results,
    sessions: &'p mut Sessions,
}

impl Parts<'_, '_> {
    fn open(&mut self, client: ClientId, seq: Seq, page_bytes: u16) -> Outcome {
        self.start(page_bytes, seq);
        if let Some(evicted) = self
            .sessions
            .evicted_by(self.tx.image(RegionId::SESSIONS), client, seq)
        {
            let (client, taken) = (evicted.client(), evicted.taken().collect::<Vec<_>>());
            self.results.turn_over(self.tx, client, &taken, None);
        }
        self.sessions.open(self.tx, client, seq)
    }

    /// Writes the headers, if this opens the first session.
    fn start(&mut self, page_bytes: u16, seq: Seq) {
        if seq < Seq::FIRST || !self.tx.image(RegionId::RECORDS).is_empty() {
            return;
        }
        let header = header::encode(self.elements.spec(), page_bytes);
        for (region, bytes) in [
            (RegionId::RECORDS, header.len() + LINK_BYTES),
            (RegionId::RESULTS, LINK_BYTES),
        ] {
            self.tx
                .grow(region, bytes)
                .expect("a header is far below the limit");
        }
        self.tx.store(RegionId::RECORDS, 0, &header);
    }

    fn perform(&mut self, client: ClientId, seq: Seq, op: &Op) -> Answer {
        match self
            .sessions
            .admit(self.tx.image(RegionId::SESSIONS), client, seq)
        {
            Admission::Answered(outcome @ Outcome::Removed) => Answer {
                outcome,
                value: self.results.get_in(self.tx, client, seq).map(Into::into),
            },
            Admission::Answered(outcome) => outcome.into(),
            Admission::Apply { record } => {
                let answer = self.change(op);
                self.record(record, client, seq, &answer);
                answer
            }
        }
    }

    fn change(&mut self, op: &Op) -> Answer {
        let StructureSpec { kind, limits } = self.elements.spec();
        let longest = limits.element_bytes;
        if kind.has(op) && op.takes_out() && !self.results.has_room_for(longest.into()) {
            return Outcome::Full.into();
        }
        self.elements.apply(self.tx, op)
    }

    /// Records the answer; what this moves out of the client's window is forgotten.
    fn record(&mut self, place: u32, client: ClientId, seq: Seq, answer: &Answer) {
        let record = Record::at(self.tx.image(RegionId::SESSIONS), place);
        let passed: Vec<Seq> = record.taken_until(seq).collect();
        let kept = answer.value.as_deref().map(|value| (seq, &value[..]));
        self.results.turn_over(self.tx, client, &passed, kept);
        self.sessions.record(self.tx, place, seq, answer.outcome);
        if kept.is_some() {
            self.limit_results(place, client, seq);
        }
    }

    /// Forgets the oldest values taken out, if there are more bytes of them than one client may keep.
    fn limit_results(&mut self, place: u32, client: ClientId, newest: Seq) {
        let record = Record::at(self.tx.image(RegionId::SESSIONS), place);
        let overflow = self.results.overflow(self.tx, record, newest);
        for seq in &overflow {
            self.sessions.forget(self.tx, place, *seq);
        }
        self.results.turn_over(self.tx, client, &overflow, None);
    }
}

/// Same kind, limits and bytes; what is derived follows from them.
impl PartialEq for Packed {
    fn eq(&self, other: &Self) -> bool {
        (self.spec(), self.page_bytes, &self.arena) == (other.spec(), other.page_bytes, &other.arena)
    }
}

impl Eq for Packed {}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elements = self.elements().into_iter();
        f.debug_map()
            .entries(elements.map(|element| (element.key, element.value)))
            .finish()
    }
}

#[cfg(test)]
mod tests;
