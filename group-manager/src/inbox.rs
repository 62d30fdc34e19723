//! What reaches the task that owns the core from the tasks that work for it.

use multicast::id::{Epoch, Incarnation, NodeId};
use tokio::{net::TcpStream, sync::oneshot};
use wire::{
    LinkEvent, WireError,
    message::{
        entry::{Enter, EnterReply},
        fellow::ManagerBeat,
        fusion::{FromPrimary, FromServer},
        membership::Membership,
        replication::FromNode,
    },
};

use crate::store::StoreError;

/// What a member said, by its role.
#[derive(Debug)]
pub(crate) enum FromMember {
    Node(FromNode),
    Server(FromServer),
    Primary(FromPrimary),
}

/// One thing for the owner of the core to deal with.
#[derive(Debug)]
pub(crate) enum Inbox {
    /// A process wants in; the answer goes into the channel.
    Entry(Enter, oneshot::Sender<EnterReply>),
    /// A member was called.
    Dialled {
        node: NodeId,
        incarnation: Incarnation,
        outcome: Result<TcpStream, WireError>,
    },
    /// A member's link speaks.
    Member {
        node: NodeId,
        incarnation: Incarnation,
        event: LinkEvent<FromMember>,
    },
    /// Another manager answered our call. Who is told when the link is over calls again.
    FellowCalled {
        life: Incarnation,
        stream: TcpStream,
        over: oneshot::Sender<()>,
    },
    /// Another manager's link speaks.
    Fellow {
        life: Incarnation,
        link: u64,
        event: LinkEvent<ManagerBeat>,
    },
    /// The store answered.
    Stored {
        expected: Epoch,
        next: Membership,
        outcome: Result<(), StoreError>,
    },
}
