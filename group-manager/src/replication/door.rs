//! One group's door: the requests that wait, and how they gather into batches.
//!
//! While [`MAX_ROUNDS`] rounds are under way the next batch gathers; a single client therefore never waits
//! for company, and many clients share their rounds.

use std::collections::VecDeque;

use structures::{kind::StructureSpec, op::Write, query::Query};
use wire::message::replication::Entry;

use crate::{
    coordinator::Caller,
    limits::{MAX_ANSWER_BYTES, MAX_BATCH_BYTES, MAX_BATCH_WRITES, MAX_ROUNDS, MAX_WAITING_WRITES},
};

pub(super) mod together;

/// What is done with the answer to one entry of a batch.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Waiter {
    /// It is the caller's.
    Reply(Caller),
    /// The caller asked a long query. By now every active member has delivered all that was answered before, so any of
    /// them may answer it.
    ThenRead(Caller, Box<Query>),
}

impl Waiter {
    pub(super) fn caller(&self) -> Caller {
        match self {
            Self::Reply(caller) | Self::ThenRead(caller, _) => *caller,
        }
    }
}

/// One request that waits at the door.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) waiter: Waiter,
    pub(super) entry: Entry,
    /// Longest value that its answer may hold.
    answer_bytes: usize,
}

impl Asked {
    pub(super) fn write(caller: Caller, write: Write, spec: StructureSpec) -> Self {
        let answer_bytes = usize::from(write.op.takes_out()) * longest_element(spec);
        Self {
            waiter: Waiter::Reply(caller),
            entry: Entry::Write(write),
            answer_bytes,
        }
    }

    /// A read at a place of its own in the order.
    pub(super) fn read(caller: Caller, query: Query, spec: StructureSpec) -> Self {
        let (waiter, query) = match query.is_long() {
            true => (Waiter::ThenRead(caller, Box::new(query)), Query::Len),
            false => (Waiter::Reply(caller), query),
        };
        Self {
            waiter,
            entry: Entry::Read(query),
            answer_bytes: longest_element(spec),
        }
    }

    fn size(&self) -> Room {
        let bytes = match &self.entry {
            Entry::Write(write) => write.op.bytes(),
            Entry::Read(query) => query.key().map_or(0, <[u8]>::len),
        };
        Room {
            entries: 1,
            bytes,
            answer_bytes: self.answer_bytes,
        }
    }
}

fn longest_element(spec: StructureSpec) -> usize {
    usize::from(spec.limits.key_bytes) + usize::from(spec.limits.element_bytes)
}

/// What still fits into a batch.
#[derive(Clone, Copy, Debug)]
struct Room {
    entries: usize,
    bytes: usize,
    answer_bytes: usize,
}

impl Room {
    const WHOLE: Self = Self {
        entries: MAX_BATCH_WRITES,
        bytes: MAX_BATCH_BYTES,
        answer_bytes: MAX_ANSWER_BYTES,
    };

    /// The room that is left beside something of this size, if it fits.
    fn beside(self, taken: Self) -> Option<Self> {
        Some(Self {
            entries: self.entries.checked_sub(taken.entries)?,
            bytes: self.bytes.checked_sub(taken.bytes)?,
            answer_bytes: self.answer_bytes.checked_sub(taken.answer_bytes)?,
        })
    }
}

/// The requests of one group that are not sent yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Door {
    waiting: VecDeque<Asked>,
    /// Rounds under way.
    rounds: usize,
    /// Held back for a joiner's state transfer.
    pub(super) frozen: bool,
}

impl Door {
    /// Takes a request in, unless too many wait.
    pub(super) fn push(&mut self, asked: Asked) -> bool {
        let room = self.waiting.len() < MAX_WAITING_WRITES;
        if room {
            self.waiting.push_back(asked);
        }
        room
    }

    /// The next batch to send now, if one may go; counts it as under way.
    pub(super) fn next_batch(&mut self) -> Option<(Vec<Waiter>, Vec<Entry>)> {
        if self.frozen || self.rounds == MAX_ROUNDS || self.waiting.is_empty() {
            return None;
        }
        self.rounds += 1;
        let mut room = Some(Room::WHOLE);
        let fitting = self.waiting.iter().take_while(|asked| {
            room = room.and_then(|room| room.beside(asked.size()));
            room.is_some()
        });
        let count = fitting.count().max(1);
        let batch = self.waiting.drain(..count);
        Some(batch.map(|asked| (asked.waiter, asked.entry)).unzip())
    }

    /// A round ended, however it did.
    pub(super) fn round_ended(&mut self) {
        self.rounds = self.rounds.saturating_sub(1);
    }

    /// Empties the queue: the group cannot take requests any more.
    pub(super) fn give_up(&mut self) -> Vec<Caller> {
        self.waiting
            .drain(..)
            .map(|asked| asked.waiter.caller())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use multicast::id::{ClientId, Seq};
    use structures::op::Op;

    use super::*;

    const SPEC: StructureSpec = StructureSpec::linked_list(1, u16::MAX - 1);

    fn asked(seq: u64, op: Op) -> Asked {
        let caller = Caller {
            connection: 1,
            request: seq,
        };
        let (client, seq) = (ClientId(1), Seq(seq));
        Asked::write(caller, Write { client, seq, op }, SPEC)
    }

    fn write(seq: u64, value_bytes: usize) -> Asked {
        let (key, value) = (Vec::new(), vec![0; value_bytes]);
        asked(seq, Op::Insert { key, value })
    }

    fn door_with(writes: impl IntoIterator<Item = Asked>) -> Door {
        let mut door = Door::default();
        for write in writes {
            assert!(door.push(write));
        }
        door
    }

    fn requests(batch: Option<(Vec<Waiter>, Vec<Entry>)>) -> Vec<u64> {
        let request = |waiter: &Waiter| waiter.caller().request;
        batch.map_or(Vec::new(), |(waiters, _)| waiters.iter().map(request).collect())
    }

    #[test]
    fn a_lone_write_goes_at_once_and_writes_gather_while_rounds_are_under_way() {
        let mut door = door_with([write(1, 8)]);
        assert_eq!(requests(door.next_batch()), [1]);
        for seq in 2..=MAX_ROUNDS as u64 {
            door.push(write(seq, 8));
            assert_eq!(requests(door.next_batch()), [seq]);
        }
        let mut gathered = door_with([write(8, 8), write(9, 8)]);
        gathered.rounds = MAX_ROUNDS;
        assert_eq!(requests(gathered.next_batch()), [0u64; 0]);
        gathered.round_ended();
        assert_eq!(requests(gathered.next_batch()), [8, 9]);
    }

    #[test]
    fn a_batch_holds_at_most_its_limits_but_always_one_write() {
        let mut many = door_with((0..=MAX_BATCH_WRITES as u64).map(|seq| write(seq, 0)));
        assert_eq!(requests(many.next_batch()).len(), MAX_BATCH_WRITES);
        assert_eq!(requests(many.next_batch()).len(), 1);

        let half = MAX_BATCH_BYTES / 2;
        let mut large = door_with([
            write(1, half),
            write(2, half),
            write(3, 1),
            write(4, 2 * MAX_BATCH_BYTES),
        ]);
        assert_eq!(requests(large.next_batch()), [1, 2]);
        assert_eq!(requests(large.next_batch()), [3]);
        assert_eq!(requests(large.next_batch()), [4]);
    }

    #[test]
    fn what_takes_values_out_is_gathered_as_far_as_the_answers_fit() {
        let limit = MAX_ANSWER_BYTES / longest_element(SPEC);
        let pops = |count: usize| door_with((0..count as u64).map(|seq| asked(seq, Op::PopFront)));
        let mut at_it = pops(limit);
        assert_eq!(requests(at_it.next_batch()).len(), limit);
        let mut past_it = pops(limit + 1);
        assert_eq!(requests(past_it.next_batch()).len(), limit);
        assert_eq!(requests(past_it.next_batch()), [limit as u64]);
    }

    #[test]
    fn a_long_query_is_ordered_by_a_short_one_and_asked_afterwards() {
        let caller = Caller {
            connection: 1,
            request: 5,
        };
        let read = |query| {
            let asked = Asked::read(caller, query, SPEC);
            (asked.waiter, asked.entry)
        };
        let then_read = Waiter::ThenRead(caller, Box::new(Query::All));
        assert_eq!(read(Query::All), (then_read, Entry::Read(Query::Len)));
        assert_eq!(
            read(Query::Last),
            (Waiter::Reply(caller), Entry::Read(Query::Last))
        );
    }

    #[test]
    fn a_frozen_door_sends_nothing_and_still_takes_writes_up_to_the_limit() {
        let mut door = door_with((0..MAX_WAITING_WRITES as u64).map(|seq| write(seq, 0)));
        door.frozen = true;
        assert_eq!(requests(door.next_batch()), [0u64; 0]);
        assert!(!door.push(write(0, 0)));
        assert_eq!(door.give_up().len(), MAX_WAITING_WRITES);
    }
}
