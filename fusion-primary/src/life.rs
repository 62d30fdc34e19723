//! A structure that serves: its writes under way, and the replies that wait for them to be stable.
//!
//! The output rule of the primary-backup lecture: a write is applied here at once, but no reply and no read
//! shows it before every required fused server has applied it. A reply therefore waits until everything that
//! was applied before it is stable, and a read without a lease until the servers have confirmed this life too.
//! Source: DESIGN, "Primary" and "Reads".
//!
//! Invariants: replies leave in the order of the requests; a write that was answered is in the delta of an
//! operation at or below `stable`; what waits is bounded, in number and in bytes.

mod leaving;

use std::{collections::VecDeque, sync::Arc};

use multicast::{
    fifo::{FifoOutput, FifoSender},
    id::{Epoch, NodeId, Seq},
};
use structures::{
    Structure,
    delta::Delta,
    op::{Element, Write},
    query::Query,
};
use wire::message::{
    client::{Refusal, ReplyBody, query_replies},
    fusion::DeltaFrame,
};

use self::leaving::Leaving;
use crate::{
    door::Caller,
    primary::Command,
    read_proof::{Lease, Rounds},
};

/// Writes that may wait because no operation can be sent now.
pub const MAX_WAITING_WRITES: usize = 4 * 1024;
/// Replies that may wait for operations to become stable.
pub const MAX_HELD_REPLIES: usize = 8 * 1024;
/// Bytes of keys and values in waiting replies from which no further read is taken.
pub const MAX_HELD_BYTES: usize = 32 * 1024 * 1024;

/// A reply that waits for everything up to `after` to be stable, and for a round.
#[derive(Clone, Debug)]
struct Held {
    after: Seq,
    /// The round of the servers that confirms it; 0 if it needs none.
    round: u64,
    caller: Caller,
    /// One, or the pieces of a read of all elements.
    replies: Vec<ReplyBody>,
    /// Bytes of keys and values in them.
    bytes: usize,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Life {
    /// The epoch that this life's deltas carry.
    pub since: Epoch,
    /// Whether it was told that its life is over; it may still be resumed, with what it holds.
    pub fenced: bool,
    /// Whether it is to leave, and how far it is.
    leaving: Option<Leaving>,
    /// Numbers the operations and keeps those that are not stable.
    pub sender: FifoSender<Arc<Delta>>,
    /// Until when nobody can have replaced this life.
    pub lease: Lease,
    /// What confirms the reads that come without a lease.
    pub rounds: Rounds,
    /// The last operation when the clock last ticked.
    at_last_tick: Seq,
    /// What the servers were told last to be stable, over the channels that are open.
    told_stable: Seq,
    structure: Structure,
    /// Bytes of all operations of this life.
    operation_bytes: u64,
    held: VecDeque<Held>,
    /// Bytes of all that is held.
    held_bytes: usize,
    waiting: VecDeque<(Caller, Write)>,
}

impl Life {
    /// A structure whose last operation was `base`.
    pub fn new(since: Epoch, structure: Structure, base: Seq, lease: Lease) -> Self {
        Self {
            since,
            fenced: false,
            leaving: None,
            sender: FifoSender::new(base),
            lease,
            rounds: Rounds::default(),
            at_last_tick: base,
            told_stable: base,
            structure,
            operation_bytes: 0,
            held: VecDeque::new(),
            held_bytes: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Bytes of all operations of this life.
    pub fn operation_bytes(&self) -> u64 {
        self.operation_bytes
    }

    /// The structure, with operations that are not stable yet: not to be shown.
    pub fn structure(&self) -> &Structure {
        &self.structure
    }

    /// Applies a write, or lets it wait if the budget of operations' bytes is used up or others wait already.
    pub fn write(&mut self, caller: Caller, write: Write, budget: u64) -> Vec<Command> {
        if self.held.len() >= MAX_HELD_REPLIES {
            return vec![overloaded(caller, MAX_HELD_REPLIES)];
        }
        if self.waiting.is_empty() && self.may_commit(budget) {
            return self.commit(caller, &write);
        }
        if self.waiting.len() >= MAX_WAITING_WRITES {
            return vec![overloaded(caller, MAX_WAITING_WRITES)];
        }
        self.waiting.push_back((caller, write));
        Vec::new()
    }

    /// Applies the writes that waited, as many as there is room and budget for.
    pub fn commit_waiting(&mut self, budget: u64) -> Vec<Command> {
        let mut commands = Vec::new();
        while self.may_commit(budget) {
            let Some((caller, write)) = self.waiting.pop_front() else {
                break;
            };
            commands.extend(self.commit(caller, &write));
        }
        commands
    }

    /// Answers a query as of now, to be shown when what it shows is stable; nothing is copied for a reply that may
    /// not wait.
    pub fn read(&mut self, caller: Caller, query: &Query) -> Vec<Command> {
        if self.held.len() >= MAX_HELD_REPLIES {
            return vec![overloaded(caller, MAX_HELD_REPLIES)];
        }
        if self.held_bytes >= MAX_HELD_BYTES {
            return vec![overloaded(caller, self.held.len())];
        }
        let round = self.round_of_a_look();
        self.hold(caller, query_replies(&self.structure, query), round);
        self.release(self.sender.stable())
    }

    /// What an answer waits for that changes nothing, so that no server says of itself that this life goes on.
    fn round_of_a_look(&mut self) -> u64 {
        match self.lease.holds() {
            true => 0,
            false => self.rounds.want(),
        }
    }

    /// Notes up to which round every server that is waited for has answered.
    pub fn confirm(&mut self, round: u64) -> Vec<Command> {
        self.rounds.confirm(round);
        self.release(self.sender.stable())
    }

    /// Carries out what the sender said.
    pub fn carry_out(&mut self, outputs: Vec<FifoOutput<Arc<Delta>>>) -> Vec<Command> {
        let mut commands = Vec::new();
        for output in outputs {
            match output {
                FifoOutput::Send {
                    to,
                    seq,
                    stable,
                    message,
                } => {
                    self.told_stable = stable;
                    let frame = DeltaFrame::Delta {
                        seq,
                        stable,
                        delta: message,
                    };
                    commands.push(Command::ToServer { server: to, frame });
                }
                FifoOutput::Stable(stable) => commands.extend(self.release(stable)),
            }
        }
        commands
    }

    /// What the servers do not know yet to be stable, if nothing happened since the clock last ticked: no operation
    /// is about to tell them.
    pub fn untold_stable(&mut self) -> Option<Seq> {
        let (last, stable) = (self.sender.last(), self.sender.stable());
        let is_quiet = std::mem::replace(&mut self.at_last_tick, last) == last;
        if !is_quiet || self.told_stable == stable {
            return None;
        }
        self.told_stable = stable;
        Some(stable)
    }

    /// A server's channel is a new one: over it nothing was told yet.
    pub fn forget_told(&mut self) {
        self.told_stable = Seq(0);
    }

    /// Ends the service: what waits is refused, and whoever's write is under way learns nothing about it
    /// (its connection ends), because it may yet survive.
    pub fn fence(&mut self, reason: &str) -> Vec<Command> {
        self.fenced = true;
        self.lease.lose();
        self.held_bytes = 0;
        let hang_ups = self
            .held
            .drain(..)
            .map(|held| Command::HangUp { caller: held.caller });
        let hang_ups: Vec<_> = hang_ups.collect();
        let refused = self.waiting.drain(..).map(|(caller, _)| {
            let refusal = Refusal::Unavailable {
                reason: reason.to_owned(),
            };
            Command::Reply {
                caller,
                body: ReplyBody::Refused(refusal),
            }
        });
        refused.chain(hang_ups).collect()
    }

    /// The receivers' part of a new view: whoever left it is waited for no more.
    pub fn remove_server(&mut self, server: NodeId) -> Vec<Command> {
        let outputs = self.sender.remove_receiver(server);
        self.carry_out(outputs)
    }

    fn may_commit(&self, budget: u64) -> bool {
        self.sender.has_room() && self.operation_bytes < budget
    }

    /// Applies a write, sends its delta, and holds the reply.
    fn commit(&mut self, caller: Caller, write: &Write) -> Vec<Command> {
        let (answer, delta) = self.structure.apply(write);
        let is_operation = !delta.ranges.is_empty();
        let round = if is_operation { 0 } else { self.round_of_a_look() };
        let mut outputs = Vec::new();
        if is_operation {
            outputs = self.multicast(delta);
        }
        self.hold(caller, vec![ReplyBody::Written(answer)], round);
        let mut commands = self.carry_out(outputs);
        commands.extend(self.release(self.sender.stable()));
        commands
    }

    /// Sends an operation's delta to the servers.
    fn multicast(&mut self, delta: Delta) -> Vec<FifoOutput<Arc<Delta>>> {
        let ranges = delta.ranges.iter();
        let bytes = ranges.map(|range| size_of_val(range) + range.xor.len()).sum();
        self.operation_bytes += bytes as u64;
        self.sender.multicast(Arc::new(delta), bytes)
    }

    fn hold(&mut self, caller: Caller, replies: Vec<ReplyBody>, round: u64) {
        let bytes = replies.iter().map(shown_bytes).sum();
        self.held_bytes += bytes;
        self.held.push_back(Held {
            after: self.sender.last(),
            round,
            caller,
            replies,
            bytes,
        });
    }

    /// Lets the replies go that show nothing above `stable` and need no further round.
    pub(crate) fn release(&mut self, stable: Seq) -> Vec<Command> {
        let confirmed = self.rounds.confirmed();
        let may_go = |held: &Held| held.after <= stable && held.round <= confirmed;
        let mut commands = Vec::new();
        while self.held.front().is_some_and(may_go) {
            let Some(held) = self.held.pop_front() else {
                break;
            };
            self.held_bytes -= held.bytes;
            let caller = held.caller;
            commands.extend(
                held.replies
                    .into_iter()
                    .map(|body| Command::Reply { caller, body }),
            );
        }
        commands
    }
}

fn overloaded(caller: Caller, limit: usize) -> Command {
    Command::Reply {
        caller,
        body: ReplyBody::Refused(Refusal::Overloaded { limit }),
    }
}

/// Bytes of keys and values in a reply, and what elements take beside them.
fn shown_bytes(reply: &ReplyBody) -> usize {
    match reply {
        ReplyBody::Value(Some(value)) => value.len(),
        ReplyBody::Element(Some(element)) => element.bytes(),
        ReplyBody::Written(answer) => answer.value.as_ref().map_or(0, |value| value.len()),
        ReplyBody::Elements { elements, .. } => elements.iter().map(Element::bytes).sum(),
        _ => 0,
    }
}
