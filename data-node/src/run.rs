//! A data node's shell: one task that owns the core; listeners, links and transfers around it.

use std::{
    future::{Future, pending, ready},
    io,
    net::SocketAddr,
};

use tokio::{net::TcpListener, sync::mpsc, task::yield_now};
use wire::{
    LinkEvent, Peer, Purpose,
    limits::{INBOX_EVENTS, MAX_BACKLOG},
    member::{Arrival, Callers, Connections, Doorstep, ManagerEvent, ManagerPort, MemberEnd},
    message::{
        client::{ClientReply, ClientRequest, Refusal, ReplyBody, RequestBody, Sizes},
        membership::{Addresses, Role},
        replication::{FromNode, ToNode},
    },
    process,
};

use crate::{
    arrivals::{Arrivals, Transferred},
    background,
    replica::{Command, Piece, Reader, Replica},
    settings::Settings,
    transfer::{self, Announcement},
};

struct Shell {
    settings: Settings,
    replica: Replica,
    manager: ManagerPort<ToNode, FromNode>,
    clients: Connections<ClientRequest, ClientReply>,
    arrivals: Arrivals,
    to_inbox: mpsc::Sender<Transferred>,
    /// Where the pieces of the state that leaves go, and of which transfer they are.
    outflow: Option<(u64, mpsc::Sender<Piece>)>,
}

/// Pieces that may wait for the joiner to take them.
const WAITING_PIECES: usize = 4;

/// Runs a data node on its two bound listeners until `shutdown` completes, or until it was removed from the cluster or
/// what it held was discarded.
///
/// # Errors
/// If a listener does not know its own address.
pub async fn run(
    multicast: TcpListener,
    read: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<MemberEnd> {
    let addresses = Addresses {
        peers: multicast.local_addr()?,
        clients: read.local_addr()?,
    };
    let peers = Doorstep::open(
        multicast,
        settings.member.identity,
        &[Purpose::Manager, Purpose::Transfer],
    );
    let readers = Doorstep::open(read, settings.member.identity, &[Purpose::Client]);
    let (to_inbox, inbox) = mpsc::channel(INBOX_EVENTS);
    let shell = Shell {
        replica: Replica::new(settings.member.identity.node, settings.spec),
        manager: ManagerPort::enter(
            settings.member.entry(addresses),
            Callers::Every,
            settings.member.timing,
            FromNode::Heartbeat,
        ),
        clients: Connections::new(std::sync::Arc::default()),
        settings,
        arrivals: Arrivals::new(),
        to_inbox,
        outflow: None,
    };
    Ok(tokio::select! {
        end = shell.serve(peers, readers, inbox) => end,
        () = shutdown => {
            tracing::info!("the data node stops");
            MemberEnd::Asked
        }
    })
}

impl Shell {
    /// Serves until dropped, or until a manager says that this node, or what it holds, is none of the cluster's any more.
    async fn serve(
        mut self,
        mut peers: Doorstep,
        mut readers: Doorstep,
        mut inbox: mpsc::Receiver<Transferred>,
    ) -> MemberEnd {
        loop {
            tokio::select! {
                event = self.manager.next() => if let Some(end) = self.handle_manager(event) {
                    tracing::info!(%end, "the data node ends");
                    return end;
                },
                arrival = self.clients.next() => self.handle_client(arrival),
                transferred = self.arrivals.next() => self.handle_transferred(transferred),
                Some(transferred) = inbox.recv() => self.handle_transferred(transferred),
                (peer, stream) = peers.next() => self.handle_peer(&peer, stream),
                (_, stream) = readers.next() => { self.clients.accept(stream); }
                // One turn at a time: votes come between, and the links' tasks that bring and take them.
                () = ready(()), if self.replica.is_catching_up() => {
                    let commands = self.replica.catch_up();
                    self.carry_out(commands);
                    yield_now().await;
                }
                () = has_room(self.outflow.as_ref()) => self.send_piece(),
            }
        }
    }

    /// Takes a manager's word; the end of this process, if it is that.
    fn handle_manager(&mut self, event: ManagerEvent<ToNode>) -> Option<MemberEnd> {
        let commands = match event {
            ManagerEvent::Message(from, message) => self.replica.handle_manager(from, message),
            ManagerEvent::Called(from) => self.replica.handle_manager_called(from),
            ManagerEvent::Lost(_) if !self.manager.is_in_touch() => self.replica.handle_manager_lost(),
            ManagerEvent::Lost(from) => self.replica.handle_manager_gone(from),
            ManagerEvent::Refused(refused) => return MemberEnd::by(&refused, self.replica.latest_epoch()),
        };
        self.carry_out(commands);
        None
    }

    fn handle_client(&mut self, arrival: Arrival<ClientRequest>) {
        let connection = arrival.connection;
        let LinkEvent::Message(ClientRequest { request, body }) = arrival.event else {
            return;
        };
        if body == RequestBody::Sizes {
            let body = ReplyBody::Sizes(self.sizes());
            self.clients.send(connection, ClientReply { request, body });
            return;
        }
        if self.clients.is_behind(connection) {
            let body = ReplyBody::Refused(Refusal::Overloaded { limit: MAX_BACKLOG });
            self.clients.send(connection, ClientReply { request, body });
            return;
        }
        let commands = self
            .replica
            .handle_request(Reader::Client { connection, request }, &body);
        self.carry_out(commands);
    }

    fn handle_transferred(&mut self, transferred: Transferred) {
        match transferred {
            Transferred::Arrived(arrived) => {
                let commands = self.replica.handle_arrived(*arrived);
                self.carry_out(commands);
            }
            Transferred::Broken { transfer, reason } => {
                let commands = self.replica.handle_broken(transfer, reason);
                self.carry_out(commands);
            }
        }
    }

    fn handle_peer(&mut self, peer: &Peer, stream: tokio::net::TcpStream) {
        if peer.purpose == Purpose::Manager {
            self.manager.called(peer, stream);
            return;
        }
        if let Err(full) = self.arrivals.receive(stream, self.settings.spec) {
            let (transfer, reason) = (None, full.to_string());
            self.handle_transferred(Transferred::Broken { transfer, reason });
        }
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::ToManager { to, message } => self.manager.send(to, message),
                Command::ToEveryManager(message) => self.manager.send_to_all(&message),
                Command::Reply {
                    connection,
                    request,
                    body,
                } => {
                    self.clients.send(connection, ClientReply { request, body });
                }
                Command::EnterAnew => self.manager.reenter(),
                Command::SendState {
                    transfer,
                    to,
                    snapshot,
                    lengths,
                } => {
                    let announcement = Announcement {
                        transfer,
                        snapshot,
                        lengths,
                    };
                    self.send_state(to, announcement);
                }
            }
        }
    }

    fn send_state(&mut self, to: SocketAddr, announcement: Announcement) {
        let (inbox, identity) = (self.to_inbox.clone(), self.settings.member.identity);
        let (pieces, leaving) = mpsc::channel(WAITING_PIECES);
        let transfer = announcement.transfer;
        self.outflow = Some((transfer, pieces));
        let failed = move |reason| Transferred::Broken {
            transfer: Some(transfer),
            reason,
        };
        let sent = background::run("state-leaving", async move {
            if let Err(error) = transfer::send(to, identity, announcement, leaving).await {
                drop(inbox.send(failed(error.to_string())).await);
            }
        });
        if let Err(error) = sent {
            self.handle_transferred(failed(format!("no thread to send from: {error}")));
        }
    }

    /// The next piece leaves; without one, or somebody who takes it, the transfer is over.
    fn send_piece(&mut self) {
        let Some((transfer, pieces)) = self.outflow.take() else {
            return;
        };
        let Ok(room) = pieces.try_reserve() else {
            self.replica.stop_pieces(transfer);
            return;
        };
        if let Some(piece) = self.replica.next_piece(transfer) {
            room.send(piece);
            self.outflow = Some((transfer, pieces));
        }
    }

    fn sizes(&self) -> Sizes {
        let structure = self.replica.structure();
        let sizes = structure.map(structures::Structure::sizes).unwrap_or_default();
        Sizes {
            node: self.settings.member.identity.node,
            role: Role::DataNode,
            epoch: self.replica.epoch(),
            elements: structure.map_or(0, |structure| structure.len() as u64),
            payload_bytes: sizes.payload_bytes as u64,
            auxiliary_bytes: sizes.auxiliary_bytes as u64,
            heap_bytes: (self.settings.member.heap)(),
            resident_bytes: process::resident_bytes(),
            received_bytes: wire::received_bytes(),
        }
    }
}

/// When a piece may leave, or nobody takes any; never, while no state leaves.
async fn has_room(outflow: Option<&(u64, mpsc::Sender<Piece>)>) {
    match outflow {
        // Either way there is something to do: without a receiver the transfer ends.
        Some((_, pieces)) => drop(pieces.reserve().await),
        None => pending().await,
    }
}
