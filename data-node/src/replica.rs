//! A data node's core: the multicast's member, the structure it protects, and the reads that wait.
//!
//! Events in, commands out. Invariants: a batch is applied exactly when the member delivers it; a read shows
//! nothing above the stable watermark (it shows the structure as it was when the read came, and waits until
//! all that was delivered before is stable); nothing is served
//! between `AwaitState` and a state that passed its checks.

use std::collections::VecDeque;

use multicast::{
    id::{GroupId, Incarnation, NodeId, Timestamp},
    skeen::{
        member::{Member, MemberCommand},
        message::ToMember,
    },
};
use structures::{Structure, delta::RegionId, image_error::ImageError, kind::StructureSpec, query::Query};
use wire::message::{
    client::{Refusal, ReplyBody, RequestBody, query_replies, query_reply},
    membership::Role,
    replication::{Answers, Batch, Entry, EntryAnswer, FromNode, Parts, ToNode},
};

use crate::state::State;

/// Who waits for a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A manager, by its token.
    Manager {
        /// Which one.
        manager: Incarnation,
        /// Its number for the read.
        token: u64,
    },
    /// A client of the read port.
    Client {
        /// The shell's number for the connection.
        connection: u64,
        /// The client's number for the request.
        request: u64,
    },
}

/// What the shell is to do, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Tell this manager.
    ToManager {
        /// Its life.
        to: Incarnation,
        /// What.
        message: FromNode,
    },
    /// Tell every manager whose link is up.
    ToEveryManager(FromNode),
    /// Answer a client of the read port.
    Reply {
        /// Its connection.
        connection: u64,
        /// Its request.
        request: u64,
        /// The answer, or a part of it.
        body: ReplyBody,
    },
    /// Stream the state to a joiner.
    SendState {
        /// Which transfer.
        transfer: u64,
        /// Where the joiner listens.
        to: std::net::SocketAddr,
        /// What to send.
        state: State,
    },
}

/// A state that came from a donor, checked.
#[derive(Debug)]
pub struct Arrived {
    /// Which transfer.
    pub transfer: u64,
    /// Every message up to here is included.
    pub watermark: Timestamp,
    /// The donor's Lamport clock.
    pub clock: u64,
    /// The structure, or what is unsound about its images.
    pub list: Result<Structure, ImageError>,
    /// First to last byte, microseconds.
    pub transfer_us: u64,
    /// Checks and derived indexes, microseconds.
    pub install_us: u64,
}

/// What a node holds.
#[derive(Debug)]
struct Held {
    member: Member<Batch, Answers>,
    list: Structure,
}

#[derive(Debug)]
struct WaitingRead {
    /// Everything up to here was delivered when the read came.
    at: Timestamp,
    reader: Reader,
    /// What the structure held when the read came; later deliveries may not be stable when these are.
    replies: Vec<ReplyBody>,
}

/// The core. See the module's words.
#[derive(Debug)]
pub struct Replica {
    node: NodeId,
    group: GroupId,
    spec: StructureSpec,
    held: Option<Held>,
    /// The transfer that the manager announced.
    awaited: Option<u64>,
    /// A state that came before its announcement.
    early: Option<Arrived>,
    waiting: VecDeque<WaitingRead>,
    /// Whether a manager is in touch: without one nobody says whether this node is still a member.
    in_touch: bool,
}

impl Replica {
    /// A node that holds nothing yet.
    pub fn new(node: NodeId, group: GroupId, spec: StructureSpec) -> Self {
        Self {
            node,
            group,
            spec,
            held: None,
            awaited: None,
            early: None,
            waiting: VecDeque::new(),
            in_touch: false,
        }
    }

    /// The structure, if the node holds one.
    pub fn list(&self) -> Option<&Structure> {
        self.held.as_ref().map(|held| &held.list)
    }

    /// The epoch it takes part in.
    pub fn epoch(&self) -> multicast::id::Epoch {
        self.held
            .as_ref()
            .map(|held| held.member.epoch())
            .unwrap_or_default()
    }

    /// Takes one message of the manager with this life.
    pub fn handle_manager(&mut self, from: Incarnation, message: ToNode) -> Vec<Command> {
        self.in_touch = true;
        match message {
            ToNode::Multicast(message) => self.handle_multicast(from, message),
            ToNode::Read { token, query } => {
                let manager = from;
                self.handle_query(Reader::Manager { manager, token }, &query)
            }
            ToNode::SendState { transfer, to } => self.handle_send_state(transfer, to),
            ToNode::AwaitState { transfer } => self.handle_await_state(transfer),
            ToNode::Found => {
                self.found();
                Vec::new()
            }
            ToNode::Heartbeat => Vec::new(),
        }
    }

    /// Begins with nothing, once: the word may come again to a founder that holds a state by now.
    fn found(&mut self) {
        if self.held.is_some() {
            return;
        }
        tracing::info!(node = %self.node, "founding the group with an empty structure");
        self.awaited = None;
        let member = Member::new(self.node);
        self.held = Some(Held {
            member,
            list: Structure::new(self.spec),
        });
    }

    /// A manager's link came up: it has to know which epoch this node takes part in.
    pub fn handle_manager_called(&mut self, from: Incarnation) -> Vec<Command> {
        let commands = self.held.as_ref().map(|held| held.member.handle_linked(from));
        commands.into_iter().flatten().filter_map(tell).collect()
    }

    /// The last manager's link is gone: reads are refused until one calls again.
    pub fn handle_manager_lost(&mut self) -> Vec<Command> {
        self.in_touch = false;
        self.refuse_waiting("no manager is in touch")
    }

    fn handle_multicast(&mut self, from: Incarnation, message: ToMember<Batch>) -> Vec<Command> {
        let Some(held) = self.held.as_mut() else {
            tracing::warn!("a multicast message before any state is ignored");
            return Vec::new();
        };
        let mut out = Vec::new();
        let mut commands: VecDeque<_> = held.member.handle(from, message).into();
        while let Some(command) = commands.pop_front() {
            match command {
                MemberCommand::Deliver {
                    timestamp, payload, ..
                } => {
                    let outcomes = apply(&mut held.list, self.group, &payload);
                    // Reported before anything that is delivered after it.
                    for command in held.member.delivered_with(timestamp, outcomes).into_iter().rev() {
                        commands.push_front(command);
                    }
                }
                said => out.extend(tell(said)),
            }
        }
        out.extend(self.answer_waiting());
        out
    }

    fn handle_send_state(&mut self, transfer: u64, to: std::net::SocketAddr) -> Vec<Command> {
        let Some(held) = &self.held else {
            let reason = format!("{} holds no state", self.node);
            return vec![Command::ToEveryManager(FromNode::TransferFailed {
                transfer,
                reason,
            })];
        };
        let state = State {
            watermark: held.member.delivered(),
            clock: held.member.clock(),
            images: RegionId::ALL.map(|region| held.list.image(region).to_vec()),
        };
        vec![Command::SendState { transfer, to, state }]
    }

    fn handle_await_state(&mut self, transfer: u64) -> Vec<Command> {
        self.held = None;
        self.awaited = Some(transfer);
        let mut commands = self.refuse_waiting("the node is joining its group again");
        // Any other state that came before is of a transfer that was given up.
        if let Some(arrived) = self.early.take().filter(|arrived| arrived.transfer == transfer) {
            commands.extend(self.install(arrived));
        }
        commands
    }

    /// A donor's state is complete.
    pub fn handle_arrived(&mut self, arrived: Arrived) -> Vec<Command> {
        if self.awaited == Some(arrived.transfer) {
            return self.install(arrived);
        }
        self.early = Some(arrived);
        Vec::new()
    }

    /// A donor's stream broke off or made no state. Before its first frame it is taken for the one awaited.
    pub fn handle_broken(&mut self, transfer: Option<u64>, reason: String) -> Vec<Command> {
        let transfer = transfer.or(self.awaited);
        let failed = |transfer| Command::ToEveryManager(FromNode::TransferFailed { transfer, reason });
        transfer.map(failed).into_iter().collect()
    }

    fn install(&mut self, arrived: Arrived) -> Vec<Command> {
        let Arrived {
            transfer,
            watermark,
            clock,
            list,
            transfer_us,
            install_us,
        } = arrived;
        self.awaited = None;
        self.early = None;
        let message = match list {
            Ok(list) => {
                self.held = Some(Held {
                    member: Member::restored(self.node, watermark, clock),
                    list,
                });
                FromNode::CaughtUp {
                    transfer,
                    transfer_us,
                    install_us,
                }
            }
            Err(error) => FromNode::TransferFailed {
                transfer,
                reason: error.to_string(),
            },
        };
        vec![Command::ToEveryManager(message)]
    }

    /// A client's request at the read port.
    pub fn handle_request(&mut self, reader: Reader, body: &RequestBody) -> Vec<Command> {
        let refuse = |refusal| vec![answer(reader, ReplyBody::Refused(refusal))];
        match body {
            RequestBody::Read { group, .. } if *group != self.group => {
                refuse(Refusal::UnknownGroup { group: *group })
            }
            RequestBody::Read { query, .. } => self.handle_query(reader, query),
            _ => refuse(Refusal::NotServedHere { role: Role::DataNode }),
        }
    }

    /// A query of the group, from wherever.
    fn handle_query(&mut self, reader: Reader, query: &Query) -> Vec<Command> {
        let unavailable = |reason: &str| Refusal::Unavailable {
            reason: reason.to_owned(),
        };
        let refuse = |refusal| vec![answer(reader, ReplyBody::Refused(refusal))];
        let Some(held) = &self.held else {
            return refuse(unavailable("the node holds no state yet"));
        };
        if !self.in_touch {
            return refuse(unavailable("no manager is in touch"));
        }
        let replies = query_replies(&held.list, query);
        self.waiting.push_back(WaitingRead {
            at: held.member.delivered(),
            reader,
            replies,
        });
        let mut commands = self.answer_waiting();
        if let (Some(held), false) = (&mut self.held, self.waiting.is_empty()) {
            commands.extend(held.member.want_stable().into_iter().filter_map(tell));
        }
        commands
    }

    /// Answers the reads whose place in the order is stable by now.
    fn answer_waiting(&mut self) -> Vec<Command> {
        let Some(held) = &self.held else { return Vec::new() };
        let stable = held.member.stable();
        let mut commands = Vec::new();
        while self.waiting.front().is_some_and(|waiting| waiting.at <= stable) {
            let Some(waiting) = self.waiting.pop_front() else {
                break;
            };
            commands.extend(
                waiting
                    .replies
                    .into_iter()
                    .map(|body| answer(waiting.reader, body)),
            );
        }
        commands
    }

    fn refuse_waiting(&mut self, reason: &str) -> Vec<Command> {
        let refusal = ReplyBody::Refused(Refusal::Unavailable {
            reason: reason.to_owned(),
        });
        self.waiting
            .drain(..)
            .map(|waiting| answer(waiting.reader, refusal.clone()))
            .collect()
    }
}

/// Carries out the group's part of a batch; every replica gives the same answers, also for one that is no batch at all.
fn apply(list: &mut Structure, group: GroupId, payload: &Batch) -> Answers {
    match wire::codec::decode::<Parts>(payload) {
        Ok(parts) => {
            let entries = parts.into_iter().filter(|(of, _)| *of == group);
            let entries = entries.flat_map(|(_, entries)| entries);
            entries.map(|entry| carry_out(list, &entry)).collect()
        }
        Err(error) => {
            tracing::error!(%error, "a delivered batch is unreadable; it has no effect at any replica");
            Answers::new()
        }
    }
}

fn carry_out(list: &mut Structure, entry: &Entry) -> EntryAnswer {
    match entry {
        Entry::Write(write) => EntryAnswer::Written(list.apply(write).0),
        Entry::Read(query) => EntryAnswer::Found(Box::new(query_reply(list, query))),
    }
}

/// What the member says to managers.
fn tell(command: MemberCommand<Batch, Answers>) -> Option<Command> {
    match command {
        MemberCommand::Send { to, message } => Some(Command::ToManager {
            to,
            message: FromNode::Multicast(message),
        }),
        MemberCommand::Announce(message) => Some(Command::ToEveryManager(FromNode::Multicast(message))),
        MemberCommand::Deliver { .. } => None,
    }
}

fn answer(reader: Reader, body: ReplyBody) -> Command {
    match reader {
        Reader::Manager { manager, token } => Command::ToManager {
            to: manager,
            message: FromNode::ReadReply { token, reply: body },
        },
        Reader::Client { connection, request } => Command::Reply {
            connection,
            request,
            body,
        },
    }
}

#[cfg(test)]
mod tests;
