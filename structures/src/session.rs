//! Which writes of which client were applied, and with what outcome: so that a retry is applied once.
//!
//! Each client with a session has one record in the SESSIONS region, part of the protected state: the
//! outcomes of its last [`WINDOW`] sequence numbers. Source: DESIGN, "Replication", rule 7.
//!
//! ```text
//! record = client u64, last seq u64, last-used stamp u64, WINDOW outcome bytes (ring by seq % WINDOW)
//! ```
//!
//! An outcome byte of 0 means "not applied". Opening a session fills the window with
//! [`Outcome::Forgotten`]: what a client sent before it, perhaps in a session evicted since, is not
//! applied again. A client that is told [`Outcome::NoSession`] must go on under a new client number, and
//! cannot know whether its unanswered writes were applied.
//!
//! Invariants: one record per client; stamps differ, and the largest belongs to the record used last; a
//! sequence number is applied at most once while its session lives. All of it is a function of the writes
//! alone, the choice of whom to evict too.

mod check;

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use multicast::id::{ClientId, Seq};

use crate::delta::RegionId;
use crate::op::Outcome;
use crate::transaction::Transaction;

pub(crate) use self::check::check;

/// Sequence numbers of a client whose outcomes are kept, the last one included.
pub const WINDOW: u64 = 64;
/// Most sessions; opening one more evicts the one used least recently.
pub const MAX_SESSIONS: usize = 1024;
/// Bytes of one record.
pub const RECORD_BYTES: usize = WINDOW_START + WINDOW as usize;

/// Largest stamp that images may have; more writes than this are never applied.
const MAX_STAMP: u64 = u64::MAX / 2;

const LAST: usize = 8;
const STAMP: usize = 16;
const WINDOW_START: usize = 24;

/// One record, read.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a>(&'a [u8]);

impl<'a> Record<'a> {
    /// The records of a SESSIONS region, in place order.
    pub(crate) fn all(image: &'a [u8]) -> impl Iterator<Item = Self> {
        image.chunks_exact(RECORD_BYTES).map(Self)
    }

    pub(crate) fn at(image: &'a [u8], record: u32) -> Self {
        Self(&image[offset(record)..][..RECORD_BYTES])
    }

    pub(crate) fn client(self) -> ClientId {
        ClientId(self.u64_at(0))
    }

    /// The largest sequence number applied.
    pub(crate) fn last(self) -> Seq {
        Seq(self.u64_at(LAST))
    }

    /// Larger than every other record's when this one was used.
    pub(crate) fn stamp(self) -> u64 {
        self.u64_at(STAMP)
    }

    pub(crate) fn window(self) -> &'a [u8] {
        &self.0[WINDOW_START..]
    }

    /// The outcome of a sequence number within the window, if it was applied.
    pub(crate) fn outcome(self, seq: Seq) -> Option<Outcome> {
        Outcome::from_byte(self.window()[position(seq)])
    }

    /// The sequence numbers in the window whose writes took a value out, in ascending order.
    pub(crate) fn taken(self) -> impl Iterator<Item = Seq> {
        let last = self.last().0;
        self.taken_within(last.saturating_sub(WINDOW - 1), last)
    }

    /// Those of [`Self::taken`] that leave the window when `seq` is applied.
    pub(crate) fn taken_until(self, seq: Seq) -> impl Iterator<Item = Seq> {
        let last = self.last().0;
        let kept_from = seq.0.max(last).saturating_sub(WINDOW - 1);
        self.taken_within(
            last.saturating_sub(WINDOW - 1),
            kept_from.saturating_sub(1).min(last),
        )
    }

    fn taken_within(self, first: u64, last: u64) -> impl Iterator<Item = Seq> {
        let numbers = (first.max(Seq::FIRST.0)..=last).map(Seq);
        numbers.filter(move |seq| self.outcome(*seq) == Some(Outcome::Removed))
    }

    fn u64_at(self, offset: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[offset..offset + 8]);
        u64::from_le_bytes(bytes)
    }
}

/// What a session says to a write before it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Do not apply it; this is the answer.
    Answered(Outcome),
    /// Apply it and record the outcome in this record.
    Apply {
        /// Place of the client's record.
        record: u32,
    },
}

/// What is derived from the SESSIONS region.
#[derive(Clone, Default)]
pub(crate) struct Sessions {
    /// Places of records, by their client.
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// The largest stamp of any record; zero if there is none.
    latest_stamp: u64,
}

impl Sessions {
    /// What follows from a region that was [checked](check).
    pub(crate) fn from_image(image: &[u8]) -> Self {
        let mut sessions = Self::default();
        for (place, record) in Record::all(image).enumerate() {
            sessions.insert_index(image, place as u32);
            sessions.latest_stamp = sessions.latest_stamp.max(record.stamp());
        }
        sessions
    }

    /// Whether a write other than the opening of a session is to be applied.
    pub(crate) fn admit(&self, image: &[u8], client: ClientId, seq: Seq) -> Admission {
        let Some(place) = self.find(image, client) else {
            return Admission::Answered(Outcome::NoSession);
        };
        let record = Record::at(image, place);
        let last = record.last();
        if seq > last {
            return Admission::Apply { record: place };
        }
        // Number zero, which names no write, is past the window or still forgotten since the opening.
        if last.0 - seq.0 >= WINDOW {
            return Admission::Answered(Outcome::Forgotten);
        }
        match record.outcome(seq) {
            Some(outcome) => Admission::Answered(outcome),
            None => Admission::Apply { record: place },
        }
    }

    /// Opens the client's session, if it has none, with `seq` as the last sequence number applied.
    pub(crate) fn open(&mut self, tx: &mut Transaction<'_>, client: ClientId, seq: Seq) -> Outcome {
        let image = tx.image(RegionId::SESSIONS);
        if self.find(image, client).is_some() {
            return Outcome::SessionOpened;
        }
        if seq < Seq::FIRST {
            return Outcome::Forgotten;
        }
        let place = self.free_place(tx);
        self.latest_stamp += 1;
        let record = encode_opened(client, seq, self.latest_stamp);
        tx.store(RegionId::SESSIONS, offset(place), &record);
        self.insert_index(tx.image(RegionId::SESSIONS), place);
        Outcome::SessionOpened
    }

    /// Records the outcome of a write that was admitted.
    pub(crate) fn record(&mut self, tx: &mut Transaction<'_>, place: u32, seq: Seq, outcome: Outcome) {
        let record = Record::at(tx.image(RegionId::SESSIONS), place);
        let last = record.last();
        let was_latest = record.stamp() == self.latest_stamp;
        let start = offset(place);
        if seq > last {
            let oldest_kept = seq.0.saturating_sub(WINDOW - 1).max(last.0 + 1);
            for skipped in oldest_kept..seq.0 {
                tx.store(
                    RegionId::SESSIONS,
                    start + WINDOW_START + position(Seq(skipped)),
                    &[0],
                );
            }
            tx.store(RegionId::SESSIONS, start + LAST, &seq.0.to_le_bytes());
        }
        tx.store(
            RegionId::SESSIONS,
            start + WINDOW_START + position(seq),
            &[outcome as u8],
        );
        if !was_latest {
            self.latest_stamp += 1;
            tx.store(
                RegionId::SESSIONS,
                start + STAMP,
                &self.latest_stamp.to_le_bytes(),
            );
        }
    }

    /// The record that opening this session would evict, if it would.
    pub(crate) fn evicted_by<'a>(&self, image: &'a [u8], client: ClientId, seq: Seq) -> Option<Record<'a>> {
        let is_full = image.len() / RECORD_BYTES >= MAX_SESSIONS;
        let opens = is_full && seq >= Seq::FIRST && self.find(image, client).is_none();
        opens.then(|| Record::at(image, least_recent(image)))
    }

    /// The outcome of an applied write is no longer known.
    pub(crate) fn forget(&self, tx: &mut Transaction<'_>, place: u32, seq: Seq) {
        let at = offset(place) + WINDOW_START + position(seq);
        tx.store(RegionId::SESSIONS, at, &[Outcome::Forgotten as u8]);
    }

    /// Heap bytes of what is derived.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.index.allocation_size()
    }

    /// A place for one more record: behind the last, or the least recently used one's, which is evicted.
    fn free_place(&mut self, tx: &mut Transaction<'_>) -> u32 {
        let image = tx.image(RegionId::SESSIONS);
        let count = image.len() / RECORD_BYTES;
        if count < MAX_SESSIONS {
            tx.grow(RegionId::SESSIONS, RECORD_BYTES)
                .expect("MAX_SESSIONS records are far below the limit");
            return count as u32;
        }
        let place = least_recent(image);
        let hash = self.hasher.hash_one(Record::at(image, place).client());
        if let Ok(occupied) = self.index.find_entry(hash, |other| *other == place) {
            occupied.remove();
        }
        place
    }

    fn find(&self, image: &[u8], client: ClientId) -> Option<u32> {
        let hash = self.hasher.hash_one(client);
        self.index
            .find(hash, |place| Record::at(image, *place).client() == client)
            .copied()
    }

    fn insert_index(&mut self, image: &[u8], place: u32) {
        let hasher = &self.hasher;
        let hash = |place: &u32| hasher.hash_one(Record::at(image, *place).client());
        self.index.insert_unique(hash(&place), place, hash);
    }
}

/// Place of the record that was used least recently, of at least one.
fn least_recent(image: &[u8]) -> u32 {
    let stamps = Record::all(image).map(Record::stamp).zip(0..);
    stamps.min().map_or(0, |(_, place)| place)
}

/// The record of a session just opened: nothing before `seq` is known any more.
fn encode_opened(client: ClientId, seq: Seq, stamp: u64) -> [u8; RECORD_BYTES] {
    let mut record = [Outcome::Forgotten as u8; RECORD_BYTES];
    record[..LAST].copy_from_slice(&client.0.to_le_bytes());
    record[LAST..STAMP].copy_from_slice(&seq.0.to_le_bytes());
    record[STAMP..WINDOW_START].copy_from_slice(&stamp.to_le_bytes());
    record[WINDOW_START + position(seq)] = Outcome::SessionOpened as u8;
    record
}

fn offset(place: u32) -> usize {
    place as usize * RECORD_BYTES
}

fn position(seq: Seq) -> usize {
    (seq.0 % WINDOW) as usize
}

#[cfg(test)]
mod tests;
