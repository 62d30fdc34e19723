//! The values that were taken out and are still answers: so that a retry gets the same one, after a crash too.
//!
//! A record each, found by client and sequence number, in the RESULTS region; so they are replicated, fused,
//! transferred and recovered with the sessions whose windows they belong to.
//!
//! Invariant: there is a value for every [`Outcome::Removed`](crate::op::Outcome::Removed) in a window, and no
//! other. When a number leaves its window, or a session is evicted, the values go too.

use multicast::id::{ClientId, Seq};

use super::format::Format;
use super::header;
use super::keyed_chain::KeyedChain;
use super::prefix::MAX_PREFIX_BYTES;
use crate::arena::Arena;
use crate::delta::RegionId;
use crate::image_error::{ImageError, ResultError};
use crate::kind::StructureLimits;
use crate::op::Outcome;
use crate::session::{Record, WINDOW};
use crate::transaction::Transaction;

/// Bytes of values that one session keeps at most, whatever its window: beyond them the oldest are forgotten
/// like those that left the window. The newest is always kept.
pub(crate) const MAX_RESULT_BYTES: usize = 256 * 1024;

const KEY_BYTES: u8 = 16;

// The values of the last number and of a late one fit together: the last number's outcome is never forgotten.
const _: () = assert!(2 * (KEY_BYTES as usize + 1 + u16::MAX as usize) <= MAX_RESULT_BYTES);

/// See the module's documentation.
#[derive(Clone)]
pub(crate) struct Results {
    chain: KeyedChain,
    /// Whether a full window of the longest values is past [`MAX_RESULT_BYTES`].
    may_overflow: bool,
}

impl Results {
    pub(crate) fn new(limits: StructureLimits, page_bytes: u16) -> Self {
        let chain = KeyedChain::new(header::results_geometry(page_bytes), Format::Keyed);
        Self::of(chain, limits)
    }

    /// The results in a region that is not empty, checked against sessions that were checked.
    pub(crate) fn from_arena(
        arena: &Arena,
        limits: StructureLimits,
        page_bytes: u16,
    ) -> Result<Self, ImageError> {
        let of_results = StructureLimits {
            key_bytes: KEY_BYTES,
            ..limits
        };
        let geometry = header::results_geometry(page_bytes);
        let chain = KeyedChain::from_arena(arena, geometry, Format::Keyed, of_results)?;
        let results = Self::of(chain, limits);
        results.check(arena)?;
        Ok(results)
    }

    fn of(chain: KeyedChain, limits: StructureLimits) -> Self {
        let longest_window = usize::from(limits.element_bytes) * WINDOW as usize;
        Self {
            chain,
            may_overflow: longest_window > MAX_RESULT_BYTES,
        }
    }

    /// Every answer of a window has its value, and there are no more values.
    fn check(&self, arena: &Arena) -> Result<(), ResultError> {
        let view = self.chain.chain().view(arena);
        let mut answered = 0;
        for record in Record::all(arena.image(RegionId::SESSIONS)) {
            let client = record.client();
            for seq in record.taken() {
                if self.chain.find(view, &key(client, seq)).is_none() {
                    return Err(ResultError::Missing { client, seq });
                }
                answered += 1;
            }
        }
        let found = self.chain.chain().records();
        if found != answered {
            return Err(ResultError::Surplus { found, answered });
        }
        Ok(())
    }

    /// The value that a write took out.
    pub(crate) fn get_in(&self, tx: &Transaction<'_>, client: ClientId, seq: Seq) -> Option<Vec<u8>> {
        let start = self
            .chain
            .find(self.chain.chain().view_in(tx), &key(client, seq))?;
        Some(self.chain.element(tx, start).value)
    }

    /// Whether a value of this length can be kept for certain.
    pub(crate) fn has_room_for(&self, value_bytes: usize) -> bool {
        let record_bytes = usize::from(KEY_BYTES) + value_bytes + 2 * MAX_PREFIX_BYTES;
        self.chain.chain().has_room_for(record_bytes)
    }

    /// Drops the values of writes that are no longer answered, and keeps that of another.
    pub(crate) fn turn_over(
        &mut self,
        tx: &mut Transaction<'_>,
        client: ClientId,
        passed: &[Seq],
        kept: Option<(Seq, &[u8])>,
    ) {
        let mut kept = kept.map(|(seq, value)| (key(client, seq), value));
        for seq in passed {
            let at = self
                .chain
                .find(self.chain.chain().view_in(tx), &key(client, *seq));
            let at = at.expect("a write that took a value out has it here");
            match kept {
                // Of a client that takes out values of one length, one comes into the place of the other.
                Some((key, value)) if self.chain.exchange(tx, at, &key, value) => kept = None,
                _ => self.chain.swap_remove(tx, at),
            }
        }
        if let Some((key, value)) = kept {
            let outcome = self.chain.append(tx, &key, value);
            debug_assert_eq!(outcome, Outcome::Inserted, "the owner asked for room first");
        }
    }

    /// The writes of this session, apart from the latest one, `kept`, whose values are beyond
    /// [`MAX_RESULT_BYTES`]; its outcome is in `record` already.
    pub(crate) fn overflow(&self, tx: &Transaction<'_>, record: Record<'_>, kept: Seq) -> Vec<Seq> {
        if !self.may_overflow {
            return Vec::new();
        }
        let view = self.chain.chain().view_in(tx);
        let bytes = |seq: Seq| {
            let start = self.chain.find(view, &key(record.client(), seq));
            start.map_or(0, |start| view.record(start).length)
        };
        let mut numbers: Vec<Seq> = record.taken().filter(|seq| *seq != kept).collect();
        let mut total = bytes(kept);
        let from_newest = numbers.iter().rev();
        let fit = from_newest.take_while(|seq| {
            total += bytes(**seq);
            total <= MAX_RESULT_BYTES
        });
        numbers.truncate(numbers.len() - fit.count());
        numbers
    }

    /// Bytes of the records.
    #[cfg(test)]
    pub(crate) fn live_bytes(&self, arena: &Arena) -> usize {
        let view = self.chain.chain().view(arena);
        view.records_from(view.head())
            .map(|record| record.whole_bytes())
            .sum()
    }

    /// Number of values kept.
    #[cfg(test)]
    pub(crate) fn values(&self) -> usize {
        self.chain.chain().records() as usize
    }

    #[cfg(test)]
    pub(crate) fn chain_mut(&mut self) -> &mut super::chain::Chain {
        self.chain.chain_mut()
    }

    /// Heap bytes of what is derived.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.chain.heap_bytes()
    }
}

fn key(client: ClientId, seq: Seq) -> [u8; KEY_BYTES as usize] {
    let mut key = [0; KEY_BYTES as usize];
    key[..8].copy_from_slice(&client.0.to_be_bytes());
    key[8..].copy_from_slice(&seq.0.to_be_bytes());
    key
}
