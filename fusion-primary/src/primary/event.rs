//! What a primary's shell tells its core, and what the core tells the shell to do.

use std::net::SocketAddr;

use multicast::id::NodeId;
use structures::{Structure, delta::REGIONS, kind::StructureSpec};
use wire::message::{
    client::{ReplyBody, RequestBody},
    entry::EntryRefused,
    fusion::{AckFrame, DeltaFrame, FromPrimary, ResidualFrame, ToPrimary},
};

use crate::{assembly::Micros, door::Caller, server_port::ServerPort};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The manager speaks, and so is in touch.
    Manager(ToPrimary),
    /// The link to the manager ended or fell silent.
    ManagerLost,
    /// The manager does not let this process in.
    Refused(EntryRefused),
    /// Some time has passed.
    Tick,
    /// A client asks.
    Client {
        /// Whom to answer.
        caller: Caller,
        /// What is asked.
        body: RequestBody,
    },
    /// A fused server that was dialled answered.
    ServerLinked {
        /// Which.
        server: NodeId,
    },
    /// The link to a fused server ended.
    ServerLost {
        /// Which.
        server: NodeId,
    },
    /// A fused server speaks.
    FromServer {
        /// Which.
        server: NodeId,
        /// What.
        frame: AckFrame,
    },
    /// A frame of a residual came.
    Residual {
        /// The shell's number for the connection.
        stream: u64,
        /// Who sends, as its handshake says.
        server: NodeId,
        /// When.
        at: Micros,
        /// What.
        frame: ResidualFrame,
    },
    /// A residual's connection ended.
    ResidualEnded {
        /// Which.
        stream: u64,
    },
    /// What became of [`Command::Check`].
    Checked {
        /// Its recovery.
        recovery: u64,
        /// The structure, or why there is none.
        structure: Result<Box<Structure>, String>,
        /// How long things took.
        times: CheckTimes,
    },
}

/// How long the shell spent on a recovered structure, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckTimes {
    /// Taking the residuals' frames: the arithmetic.
    pub decode_us: u64,
    /// Checking the images and building the structure.
    pub install_us: u64,
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Answer a client.
    Reply {
        /// Whom.
        caller: Caller,
        /// The answer, or a part of it.
        body: ReplyBody,
    },
    /// Close the connection of a client with this request: what became of it is not known.
    HangUp {
        /// Whose.
        caller: Caller,
    },
    /// Tell the manager.
    ToManager(FromPrimary),
    /// Ask the manager to be let in again.
    Reenter,
    /// Call a fused server until it answers, instead of what link there was; `ServerLinked` follows.
    Dial {
        /// Which.
        server: NodeId,
        /// Where.
        address: SocketAddr,
        /// Attempts before this one; the first is made at once.
        attempt: u32,
    },
    /// Close the link to a fused server and stop calling it. No `ServerLost` follows.
    Disconnect {
        /// Which.
        server: NodeId,
    },
    /// Tell a fused server.
    ToServer {
        /// Which.
        server: NodeId,
        /// What.
        frame: DeltaFrame,
    },
    /// Read this recovery's residuals from now on, those that wait already too; others wait.
    TakeResiduals {
        /// The recovery.
        recovery: u64,
    },
    /// Close a residual's connection. No `ResidualEnded` follows.
    CloseResidual {
        /// Which.
        stream: u64,
    },
    /// Close the residuals' connections that are read, and let new ones wait.
    DropResiduals,
    /// Check these images and build the structure from them, aside; `Checked` follows.
    Check {
        /// The recovery that they are of.
        recovery: u64,
        /// What every key and value is held to.
        spec: StructureSpec,
        /// The regions' bytes.
        images: Box<[Vec<u8>; REGIONS]>,
        /// Whether they may be no more than the rest of a structure, since it is about to leave.
        leaving: bool,
    },
}

/// What is said when a server has caught up.
pub(super) fn caught_up(server: NodeId, port: &ServerPort) -> Command {
    Command::ToManager(FromPrimary::CaughtUp {
        server,
        rebuild: port.seat.rebuild,
    })
}
