//! Reads, and those of them that wait: what an answer shows was delivered when the read came, and it leaves when all of
//! that is stable (DESIGN section 3, rule 8).
//!
//! Invariant: waiting reads are in the order of what they wait for; their answers fill a bounded number of bytes.

use std::collections::VecDeque;

use multicast::id::Timestamp;
use structures::{Structure, query::Query};
use wire::message::client::{Refusal, ReplyBody, query_replies};

use super::{Command, Reader, Replica, answer, tell};
use crate::limits::OVERHEAD_BYTES;

#[derive(Debug)]
struct WaitingRead {
    /// Everything up to here was delivered when the read came.
    at: Timestamp,
    reader: Reader,
    /// What the structure held when the read came; later deliveries may not be stable when these are.
    replies: Vec<ReplyBody>,
    /// The most that the replies may have.
    bytes: u64,
}

/// The reads that wait, oldest first.
#[derive(Debug)]
pub(super) struct WaitingReads {
    reads: VecDeque<WaitingRead>,
    /// Of all of them.
    bytes: u64,
    pub(super) limit: u64,
}

impl WaitingReads {
    pub(super) fn within(limit: u64) -> Self {
        Self {
            reads: VecDeque::new(),
            bytes: 0,
            limit,
        }
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.bytes + bytes <= self.limit
    }

    fn push(&mut self, read: WaitingRead) {
        self.bytes += read.bytes;
        self.reads.push_back(read);
    }

    fn pop_up_to(&mut self, stable: Timestamp) -> Option<WaitingRead> {
        let read = self.reads.pop_front_if(|read| read.at <= stable)?;
        self.bytes -= read.bytes;
        Some(read)
    }

    fn drain(&mut self) -> impl Iterator<Item = WaitingRead> {
        self.bytes = 0;
        self.reads.drain(..)
    }
}

impl Replica {
    /// A query of the group, from wherever.
    pub(super) fn handle_query(&mut self, reader: Reader, query: &Query) -> Vec<Command> {
        let unavailable = |reason: &str| Refusal::Unavailable {
            reason: reason.to_owned(),
        };
        let refuse = |refusal| vec![answer(reader, ReplyBody::Refused(refusal))];
        let Some(held) = &mut self.held else {
            return refuse(unavailable("the node holds no state yet"));
        };
        let Some(structure) = held.current() else {
            return refuse(unavailable("the node is joining its group"));
        };
        if !self.in_touch {
            return refuse(unavailable("no manager is in touch"));
        }
        let at = held.member.delivered();
        if at <= held.member.stable() {
            let replies = query_replies(structure, query).into_iter();
            return replies.map(|body| answer(reader, body)).collect();
        }
        let bytes = most_bytes(structure, query);
        if !self.waiting.has_room(bytes) {
            let limit = self.waiting.limit;
            return refuse(Refusal::ReadsWait { limit });
        }
        let replies = query_replies(structure, query);
        self.waiting.push(WaitingRead {
            at,
            reader,
            replies,
            bytes,
        });
        held.member.want_stable().into_iter().filter_map(tell).collect()
    }

    /// Answers the reads whose place in the order is stable by now.
    pub(super) fn answer_waiting(&mut self) -> Vec<Command> {
        let Some(held) = &self.held else { return Vec::new() };
        let stable = held.member.stable();
        let mut commands = Vec::new();
        while let Some(WaitingRead { reader, replies, .. }) = self.waiting.pop_up_to(stable) {
            commands.extend(replies.into_iter().map(|body| answer(reader, body)));
        }
        commands
    }

    pub(super) fn refuse_waiting(&mut self, reason: &str) -> Vec<Command> {
        let refusal = ReplyBody::Refused(Refusal::Unavailable {
            reason: reason.to_owned(),
        });
        let waiting = self.waiting.drain();
        waiting
            .map(|waiting| answer(waiting.reader, refusal.clone()))
            .collect()
    }
}

/// The most that the answer may have.
fn most_bytes(structure: &Structure, query: &Query) -> u64 {
    let limits = structure.spec().limits;
    let one = u64::from(limits.key_bytes) + u64::from(limits.element_bytes);
    OVERHEAD_BYTES + one + structure.answer_bytes(query)
}
