//! A data node's core: the multicast's member, the structure it protects, and the reads that wait.
//!
//! Events in, commands out. Invariants: a batch is applied exactly when the member delivers it; a read shows
//! nothing above the stable watermark (it shows the structure as it was when the read came, and waits until
//! all that was delivered before is stable); nothing is served
//! before a state passed its checks and everything that was held meanwhile is applied.

mod deliver;
mod joining;
mod outflow;
mod reads;

use std::collections::VecDeque;

use multicast::{
    id::{Epoch, GroupId, Incarnation, NodeId, Timestamp},
    skeen::{
        member::{Member, MemberCommand},
        message::ToMember,
        snapshot::Snapshot,
    },
};
use structures::{Structure, delta::REGIONS, image_error::ImageError, kind::StructureSpec};
use wire::message::{
    client::{Refusal, ReplyBody, RequestBody},
    membership::Role,
    replication::{Answers, Batch, FromNode, ToNode},
};

pub use self::outflow::Piece;
use self::{outflow::Outflow, reads::WaitingReads};
use crate::limits::{MAX_HELD_BYTES, MAX_WAITING_READ_BYTES};

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
    /// Let all managers go and enter anew: the join is given up.
    EnterAnew,
    /// Stream the state to a joiner: this first, then what [`Replica::next_piece`] gives.
    SendState {
        /// Which transfer.
        transfer: u64,
        /// Where the joiner listens.
        to: std::net::SocketAddr,
        /// Which messages the state includes.
        snapshot: Snapshot<Batch>,
        /// Bytes of each region.
        lengths: [u64; REGIONS],
    },
}

/// A state that came from a donor, checked.
#[derive(Debug)]
pub struct Arrived {
    /// Which transfer.
    pub transfer: u64,
    /// Which messages are included.
    pub snapshot: Snapshot<Batch>,
    /// The structure, or what is unsound about its images.
    pub structure: Result<Structure, ImageError>,
    /// First to last byte, microseconds.
    pub transfer_us: u64,
    /// Checks and derived indexes, microseconds.
    pub install_us: u64,
}

/// What a node holds.
#[derive(Debug)]
struct Held {
    member: Member<Batch, Answers>,
    /// None while it is joining and the state is not there.
    structure: Option<Structure>,
    /// Whether it was told to join: then it votes, whether it has a state or not.
    has_joined: bool,
    /// What was delivered when the state came, and since then, and is not applied yet: in order.
    backlog: VecDeque<(Timestamp, Batch)>,
    /// What to say once the backlog is applied.
    caught_up: Option<FromNode>,
    /// The state's way to a joiner.
    outflow: Option<Outflow>,
}

impl Held {
    fn new(member: Member<Batch, Answers>, structure: Structure) -> Self {
        Self {
            structure: Some(structure),
            has_joined: false,
            ..Self::joining(member)
        }
    }

    /// The structure, if it is as the member's deliveries say.
    fn current(&self) -> Option<&Structure> {
        self.structure.as_ref().filter(|_| self.backlog.is_empty())
    }
}

/// The core. See the module's words.
#[derive(Debug)]
pub struct Replica {
    node: NodeId,
    /// The number of its group, once a manager said it.
    group: Option<GroupId>,
    spec: StructureSpec,
    held: Option<Held>,
    /// The latest epoch in which a manager told it to begin, to join or to await a state.
    entering_in: Epoch,
    /// The transfer that the manager announced.
    awaited: Option<u64>,
    /// A state that came before its announcement.
    early: Option<Arrived>,
    waiting: WaitingReads,
    /// Bytes of the messages that it holds until it has caught up; and how many it may hold.
    held_bytes: u64,
    held_limit: u64,
    /// Whether a manager is in touch: without one nobody says whether this node is still a member.
    in_touch: bool,
}

impl Replica {
    /// A node that holds nothing yet.
    pub fn new(node: NodeId, spec: StructureSpec) -> Self {
        Self {
            node,
            group: None,
            spec,
            held: None,
            entering_in: Epoch::default(),
            awaited: None,
            early: None,
            waiting: WaitingReads::within(MAX_WAITING_READ_BYTES),
            held_bytes: 0,
            held_limit: MAX_HELD_BYTES,
            in_touch: false,
        }
    }

    /// The structure, if the node holds one.
    pub fn structure(&self) -> Option<&Structure> {
        self.held.as_ref().and_then(|held| held.structure.as_ref())
    }

    /// The epoch it takes part in.
    pub fn epoch(&self) -> Epoch {
        self.held
            .as_ref()
            .map(|held| held.member.epoch())
            .unwrap_or_default()
    }

    /// The latest epoch in which it took part, or was told to.
    pub fn latest_epoch(&self) -> Epoch {
        self.epoch().max(self.entering_in)
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
            ToNode::SendState { epoch, transfer, to } => self.handle_send_state(epoch, transfer, to),
            ToNode::AwaitState {
                epoch,
                transfer,
                group,
            } => self.handle_await_state(epoch, group, transfer),
            ToNode::Join { epoch, group } => self.join(epoch, group),
            ToNode::Found { epoch, group } => self.found(epoch, group),
            ToNode::Heartbeat => Vec::new(),
        }
    }

    /// A manager's link came up: it has to know which epoch this node takes part in.
    pub fn handle_manager_called(&mut self, from: Incarnation) -> Vec<Command> {
        let commands = self.held.as_ref().map(|held| held.member.handle_linked(from));
        let mut commands: Vec<Command> = commands.into_iter().flatten().filter_map(tell).collect();
        commands.extend(self.if_awaited(from, |epoch, keeper| FromNode::KeeperBack { epoch, keeper }));
        commands
    }

    /// A manager's link ended. If messages here are its to finish, whoever owns the membership has to know.
    pub fn handle_manager_gone(&mut self, from: Incarnation) -> Vec<Command> {
        let told = self.if_awaited(from, |epoch, keeper| FromNode::KeeperLost { epoch, keeper });
        told.into_iter().collect()
    }

    fn if_awaited(&self, keeper: Incarnation, word: fn(Epoch, Incarnation) -> FromNode) -> Option<Command> {
        let held = self.held.as_ref().filter(|held| held.member.waits_for(keeper))?;
        Some(Command::ToEveryManager(word(held.member.epoch(), keeper)))
    }

    /// That was the last one: reads are refused until one calls again.
    pub fn handle_manager_lost(&mut self) -> Vec<Command> {
        self.in_touch = false;
        self.refuse_waiting("no manager is in touch")
    }

    fn handle_multicast(&mut self, from: Incarnation, message: ToMember<Batch>) -> Vec<Command> {
        if self.count_held(&message) {
            return self.give_join_up();
        }
        let (Some(held), Some(group)) = (self.held.as_mut(), self.group) else {
            tracing::warn!("a multicast message before any state is ignored");
            return Vec::new();
        };
        let commands = held.member.handle(from, message);
        let mut out = held.carry_out(group, commands);
        out.extend(self.answer_waiting());
        out
    }

    /// A client's request at the read port.
    pub fn handle_request(&mut self, reader: Reader, body: &RequestBody) -> Vec<Command> {
        let refuse = |refusal| vec![answer(reader, ReplyBody::Refused(refusal))];
        match body {
            RequestBody::Read { group, .. } if self.group.is_some_and(|own| *group != own) => {
                refuse(Refusal::UnknownGroup { group: *group })
            }
            RequestBody::Read { query, .. } => self.handle_query(reader, query),
            _ => refuse(Refusal::NotServedHere { role: Role::DataNode }),
        }
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
