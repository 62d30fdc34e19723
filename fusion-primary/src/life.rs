//! A structure that serves: its writes under way, and the replies that wait for them to be stable.
//!
//! The output rule of the primary-backup lecture: a write is applied here at once, but no reply and no read
//! shows it before every required fused server has applied it. A reply therefore waits until everything that
//! was applied before it is stable. Source: DESIGN, "Primary".
//!
//! Invariants: replies leave in the order of the requests; a write that was answered is in the delta of an
//! operation at or below `stable`.

use std::collections::VecDeque;

use multicast::{
    fifo::{FifoOutput, FifoSender},
    id::{Epoch, NodeId, Seq},
};
use serde_bytes::ByteBuf;
use structures::{
    delta::Delta,
    keyed_list::KeyedList,
    op::{Element, Write},
};
use wire::{
    limits::CHUNK_BYTES,
    message::{
        client::{Refusal, ReplyBody},
        fusion::DeltaFrame,
    },
};

use crate::{door::Caller, primary::Command};

/// Writes that may wait because no operation can be sent now.
pub const MAX_WAITING_WRITES: usize = 4 * 1024;
/// Replies that may wait for operations to become stable.
pub const MAX_HELD_REPLIES: usize = 8 * 1024;

/// A reply that waits for everything up to `after` to be stable.
#[derive(Clone, Debug)]
struct Held {
    after: Seq,
    caller: Caller,
    answer: Answer,
}

#[derive(Clone, Debug)]
enum Answer {
    One(ReplyBody),
    Elements(Vec<Element>),
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Life {
    /// The epoch that this life's deltas carry.
    pub since: Epoch,
    /// Whether it was told that its life is over; it may still be resumed, with what it holds.
    pub fenced: bool,
    /// Numbers the operations and keeps those that are not stable.
    pub sender: FifoSender<Delta>,
    list: KeyedList,
    held: VecDeque<Held>,
    waiting: VecDeque<(Caller, Write)>,
}

impl Life {
    /// A structure whose last operation was `base`.
    pub fn new(since: Epoch, list: KeyedList, base: Seq) -> Self {
        Self {
            since,
            fenced: false,
            sender: FifoSender::new(base),
            list,
            held: VecDeque::new(),
            waiting: VecDeque::new(),
        }
    }

    /// The structure, with operations that are not stable yet: not to be shown.
    pub fn list(&self) -> &KeyedList {
        &self.list
    }

    /// Applies a write, or lets it wait if `may_commit` is false or others wait already.
    pub fn write(&mut self, caller: Caller, write: Write, may_commit: bool) -> Vec<Command> {
        if self.held.len() >= MAX_HELD_REPLIES {
            return vec![overloaded(caller, MAX_HELD_REPLIES)];
        }
        if may_commit && self.waiting.is_empty() && self.sender.has_room() {
            return self.commit(caller, &write);
        }
        if self.waiting.len() >= MAX_WAITING_WRITES {
            return vec![overloaded(caller, MAX_WAITING_WRITES)];
        }
        self.waiting.push_back((caller, write));
        Vec::new()
    }

    /// Applies the writes that waited, as many as there is room for.
    pub fn commit_waiting(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        while self.sender.has_room() {
            let Some((caller, write)) = self.waiting.pop_front() else {
                break;
            };
            commands.extend(self.commit(caller, &write));
        }
        commands
    }

    /// Reads one key, to be shown when what it shows is stable.
    pub fn get(&mut self, caller: Caller, key: &[u8]) -> Vec<Command> {
        let value = self.list.get(key).map(ByteBuf::from);
        self.hold(caller, || Answer::One(ReplyBody::Value(value)))
    }

    /// Reads all elements, to be shown when what they show is stable.
    pub fn read_all(&mut self, caller: Caller) -> Vec<Command> {
        let elements = self.list.elements();
        self.hold(caller, || Answer::Elements(elements))
    }

    /// Carries out what the sender said.
    pub fn carry_out(&mut self, outputs: Vec<FifoOutput<Delta>>) -> Vec<Command> {
        let mut commands = Vec::new();
        for output in outputs {
            match output {
                FifoOutput::Send {
                    to,
                    seq,
                    stable,
                    message,
                } => {
                    let frame = DeltaFrame::Delta {
                        seq,
                        stable,
                        delta: message,
                    };
                    commands.push(Command::ToServer { server: to, frame });
                }
                FifoOutput::Stable(stable) => self.release(stable, &mut commands),
            }
        }
        commands
    }

    /// Ends the service: what waits is refused, and whoever's write is under way learns nothing about it
    /// (its connection ends), because it may yet survive.
    pub fn fence(&mut self, reason: &str) -> Vec<Command> {
        self.fenced = true;
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

    /// Applies a write, sends its delta, and holds the reply.
    fn commit(&mut self, caller: Caller, write: &Write) -> Vec<Command> {
        let (outcome, delta) = self.list.apply(write);
        let mut outputs = Vec::new();
        if !delta.ranges.is_empty() {
            let bytes = delta
                .ranges
                .iter()
                .map(|range| size_of_val(range) + range.xor.len())
                .sum();
            outputs = self.sender.multicast(delta, bytes);
        }
        let answer = Answer::One(ReplyBody::Written(outcome));
        self.held.push_back(Held {
            after: self.sender.last(),
            caller,
            answer,
        });
        let mut commands = self.carry_out(outputs);
        self.release(self.sender.stable(), &mut commands);
        commands
    }

    fn hold(&mut self, caller: Caller, answer: impl FnOnce() -> Answer) -> Vec<Command> {
        if self.held.len() >= MAX_HELD_REPLIES {
            return vec![overloaded(caller, MAX_HELD_REPLIES)];
        }
        self.held.push_back(Held {
            after: self.sender.last(),
            caller,
            answer: answer(),
        });
        let mut commands = Vec::new();
        self.release(self.sender.stable(), &mut commands);
        commands
    }

    /// Lets the replies go that show nothing above `stable`.
    fn release(&mut self, stable: Seq, commands: &mut Vec<Command>) {
        while self.held.front().is_some_and(|held| held.after <= stable) {
            let Some(Held { caller, answer, .. }) = self.held.pop_front() else {
                break;
            };
            match answer {
                Answer::One(body) => commands.push(Command::Reply { caller, body }),
                Answer::Elements(elements) => commands.extend(chunks(caller, elements)),
            }
        }
    }
}

fn overloaded(caller: Caller, limit: usize) -> Command {
    Command::Reply {
        caller,
        body: ReplyBody::Refused(Refusal::Overloaded { limit }),
    }
}

/// A read's replies: about [`CHUNK_BYTES`] of elements each, the last one marked, at least one.
fn chunks(caller: Caller, elements: Vec<Element>) -> Vec<Command> {
    let mut replies = vec![Vec::new()];
    let mut bytes = 0;
    for element in elements {
        bytes += element.key.len() + element.value.len();
        if bytes > CHUNK_BYTES {
            replies.push(Vec::new());
            bytes = element.key.len() + element.value.len();
        }
        replies.last_mut().expect("it began with one").push(element);
    }
    let last = replies.len() - 1;
    let reply = |(place, elements)| {
        let body = ReplyBody::Elements {
            elements,
            last: place == last,
        };
        Command::Reply { caller, body }
    };
    replies.into_iter().enumerate().map(reply).collect()
}
