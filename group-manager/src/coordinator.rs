//! What the manager's shell and its pure cores say to each other, the same for both mechanisms.
//!
//! A [`Coordinator`] decides who is a member and what each member does next. It owns no socket, clock or
//! task: one [`Event`] with the time goes in, a list of [`Command`]s comes out, to be carried out in order.

use multicast::id::{Epoch, Incarnation, NodeId};
use wire::message::{
    client::{RecoveryReport, ReplyBody, RequestBody},
    entry::{Enter, EnterReply},
    fusion::{FromPrimary, FromServer, ToPrimary, ToServer},
    membership::{Addresses, Membership},
    replication::{FromNode, ToNode},
};

/// Microseconds since 1970 by this machine's clock, as data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Micros(pub u64);

/// A process that waits at the door for the answer to its `Enter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryTicket(pub u64);

/// A client's request, by connection and the client's number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller {
    /// The shell's number for the connection.
    pub connection: u64,
    /// The client's number for the request.
    pub request: u64,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A process wants in. `enter.addresses` are already usable (no unspecified hosts).
    Entered {
        /// Whom to answer.
        ticket: EntryTicket,
        /// What it says.
        enter: Enter,
    },
    /// The link that was dialled is up: this life of the node listens.
    Linked {
        /// Which node.
        node: NodeId,
        /// Which life of it.
        incarnation: Incarnation,
    },
    /// The link ended, could not be made, or was silent for too long: the suspicion of a crash.
    Lost {
        /// Which node.
        node: NodeId,
        /// Which life of it.
        incarnation: Incarnation,
        /// For the log.
        reason: String,
    },
    /// The membership with this epoch is in the store.
    Stored {
        /// Its epoch.
        epoch: Epoch,
    },
    /// Somebody else wrote the store first; this is what it holds.
    StoreConflict {
        /// The stored membership.
        current: Membership,
    },
    /// Somebody, perhaps another manager, stored this.
    MembershipSeen(Membership),
    /// The link to another manager is up; its life names it.
    ManagerLinked(Incarnation),
    /// That link ended, or the other manager was silent for too long: the suspicion of a crash.
    ManagerLost(Incarnation),
    /// Another manager has messages under way in this epoch that it cannot finish.
    ManagerStuck(Epoch),
    /// Clients ask, in this order (requests that the shell answers itself never come here). What has arrived together
    /// comes together, so that it can go on together.
    Clients(Vec<(Caller, RequestBody)>),
    /// A data node speaks.
    FromNode(NodeId, FromNode),
    /// A fused server speaks.
    FromServer(NodeId, FromServer),
    /// A primary speaks.
    FromPrimary(NodeId, FromPrimary),
    /// This process was held up (stopped, or starved) for so long that others may soon suspect it, by the
    /// [`Attention`](crate::detector::Attention) of its shell: what comes next may be their answer to that.
    HeldUp,
    /// Time passed; sent at least once per heartbeat interval.
    Tick,
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Answer an entry.
    Answer(EntryTicket, EnterReply),
    /// Call the node and keep the connection; `Linked` or `Lost` follows.
    Dial {
        /// Which node.
        node: NodeId,
        /// The life that entered; another one that answers is `Lost`.
        incarnation: Incarnation,
        /// Where it listens.
        addresses: Addresses,
    },
    /// Close the link, if there is one. No `Lost` follows.
    Unlink(NodeId),
    /// Compare-and-swap the membership store; `Stored` or `StoreConflict` follows.
    Store {
        /// What the store must hold now.
        expected: Epoch,
        /// What it shall hold.
        next: Box<Membership>,
    },
    /// Tell the other managers that our messages of this epoch cannot be finished.
    AskToSeal(Epoch),
    /// Answer a client.
    Reply(Caller, ReplyBody),
    /// Tell a data node.
    ToNode(NodeId, ToNode),
    /// Tell a fused server.
    ToServer(NodeId, ToServer),
    /// Tell a primary.
    ToPrimary(NodeId, ToPrimary),
}

/// A mechanism's decisions about its cluster.
pub trait Coordinator: Send {
    /// Takes one event; the commands are to be carried out in order.
    fn handle(&mut self, now: Micros, event: Event) -> Vec<Command>;

    /// The membership as this core believes the store to hold it.
    fn membership(&self) -> &Membership;

    /// The recoveries so far, oldest first; one entry per crash of a node, completed as it goes on.
    fn recoveries(&self) -> &[RecoveryReport];
}
