//! One group's door: the writes that wait, and how they gather into batches.
//!
//! While [`MAX_ROUNDS`] rounds are under way the next batch gathers; a single client therefore never waits
//! for company, and many clients share their rounds.

use std::collections::VecDeque;

use structures::op::Write;

use crate::{
    coordinator::Caller,
    limits::{MAX_BATCH_BYTES, MAX_BATCH_WRITES, MAX_ROUNDS, MAX_WAITING_WRITES},
};

/// The writes of one group that are not sent yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Door {
    waiting: VecDeque<(Caller, Write)>,
    /// Rounds under way.
    rounds: usize,
    /// Held back for a joiner's state transfer.
    pub(super) frozen: bool,
}

impl Door {
    /// Takes a write in, unless too many wait.
    pub(super) fn push(&mut self, caller: Caller, write: Write) -> bool {
        let room = self.waiting.len() < MAX_WAITING_WRITES;
        if room {
            self.waiting.push_back((caller, write));
        }
        room
    }

    /// The next batch to send now, if one may go; counts it as under way.
    pub(super) fn next_batch(&mut self) -> Option<(Vec<Caller>, Vec<Write>)> {
        if self.frozen || self.rounds == MAX_ROUNDS || self.waiting.is_empty() {
            return None;
        }
        self.rounds += 1;
        let mut bytes = 0;
        let fitting = self
            .waiting
            .iter()
            .take(MAX_BATCH_WRITES)
            .take_while(|(_, write)| {
                bytes += write_bytes(write);
                bytes <= MAX_BATCH_BYTES
            });
        let count = fitting.count().max(1);
        Some(self.waiting.drain(..count).unzip())
    }

    /// A round ended, however it did.
    pub(super) fn round_ended(&mut self) {
        self.rounds = self.rounds.saturating_sub(1);
    }

    /// Empties the queue: the group cannot take writes any more.
    pub(super) fn give_up(&mut self) -> Vec<Caller> {
        self.waiting.drain(..).map(|(caller, _)| caller).collect()
    }
}

fn write_bytes(write: &Write) -> usize {
    let Write { op, .. } = write;
    op.key().map_or(0, <[u8]>::len) + op.value().map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests {
    use multicast::id::{ClientId, Seq};
    use structures::op::Op;

    use super::*;

    fn write(seq: u64, value_bytes: usize) -> (Caller, Write) {
        let op = Op::Insert {
            key: Vec::new(),
            value: vec![0; value_bytes],
        };
        (
            Caller {
                connection: 1,
                request: seq,
            },
            Write {
                client: ClientId(1),
                seq: Seq(seq),
                op,
            },
        )
    }

    fn door_with(writes: impl IntoIterator<Item = (Caller, Write)>) -> Door {
        let mut door = Door::default();
        for (caller, write) in writes {
            assert!(door.push(caller, write));
        }
        door
    }

    fn requests(batch: Option<(Vec<Caller>, Vec<Write>)>) -> Vec<u64> {
        batch.map_or(Vec::new(), |(callers, _)| {
            callers.iter().map(|caller| caller.request).collect()
        })
    }

    #[test]
    fn a_lone_write_goes_at_once_and_writes_gather_while_rounds_are_under_way() {
        let mut door = door_with([write(1, 8)]);
        assert_eq!(requests(door.next_batch()), [1]);
        for seq in 2..=MAX_ROUNDS as u64 {
            let (caller, write) = write(seq, 8);
            door.push(caller, write);
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
    fn a_frozen_door_sends_nothing_and_still_takes_writes_up_to_the_limit() {
        let mut door = door_with((0..MAX_WAITING_WRITES as u64).map(|seq| write(seq, 0)));
        door.frozen = true;
        assert_eq!(requests(door.next_batch()), [0u64; 0]);
        let (caller, write) = write(0, 0);
        assert!(!door.push(caller, write));
        assert_eq!(door.give_up().len(), MAX_WAITING_WRITES);
    }
}
