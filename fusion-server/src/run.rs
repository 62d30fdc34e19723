//! A fused server's shell: one task that owns the core; listener, links and streams around it.

use std::{collections::BTreeMap, future::Future, io, sync::Arc};

use erasure::ParityError;
use multicast::id::NodeId;
use tokio::net::{TcpListener, TcpStream};
use tracing::field::display;
use wire::{
    LinkEvent, Peer, Purpose, Traffic,
    member::{Arrival, Callers, Connections, Doorstep, ManagerEvent, ManagerPort, MemberEnd},
    message::{
        client::{ClientReply, ClientRequest, Refusal, ReplyBody, RequestBody, Sizes},
        fusion::{AckFrame, DeltaFrame, FromServer, ToServer},
        membership::{Addresses, Role},
    },
    process,
};

use crate::{
    acks::Acks,
    backup::{Command, Event, FusedBackup},
    scrub::Asker,
    settings::Settings,
    streams::Streams,
};

/// Frames of primaries that are taken in a row, so that one acknowledgement stands for several; few enough that the
/// primaries go on while the next ones are applied.
const FRAMES_PER_TURN: usize = 16;

/// Why a fused server did not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The listener does not know its own address.
    #[error(transparent)]
    Listener(#[from] io::Error),
    /// The code has no such row.
    #[error(transparent)]
    Row(#[from] ParityError),
}

struct Shell {
    settings: Settings,
    backup: FusedBackup,
    manager: ManagerPort<ToServer, FromServer>,
    primaries: Connections<DeltaFrame, AckFrame>,
    clients: Connections<ClientRequest, ClientReply>,
    streams: Streams,
    acks: Acks,
    /// Who is behind each connection of a primary, for the log.
    names: BTreeMap<u64, NodeId>,
}

/// Runs a fused server on its bound listener until `shutdown` completes, or until it was removed from the cluster
/// or what it held was discarded.
///
/// # Errors
/// If the listener does not know its own address, or the code has no such row.
pub async fn run(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> Result<MemberEnd, RunError> {
    let address = listener.local_addr()?;
    let door = Doorstep::open(
        listener,
        settings.member.identity,
        &[Purpose::Manager, Purpose::Delta, Purpose::Client],
    );
    let entry = settings.member.entry(Addresses {
        peers: address,
        clients: address,
    });
    let shell = Shell {
        backup: FusedBackup::new(settings.row, settings.layout)?,
        manager: ManagerPort::enter(entry, Callers::One, settings.member.timing, FromServer::Heartbeat),
        primaries: Connections::new(Arc::new(Traffic::default())),
        clients: Connections::new(Arc::new(Traffic::default())),
        streams: Streams::new(settings.member.identity),
        acks: Acks::default(),
        names: BTreeMap::new(),
        settings,
    };
    Ok(tokio::select! {
        end = shell.serve(door) => end,
        () = shutdown => {
            tracing::info!("the fused server stops");
            MemberEnd::Asked
        }
    })
}

impl Shell {
    /// Serves until dropped, or until a manager says that this server, or what it holds, is none of the cluster's any more.
    async fn serve(mut self, mut door: Doorstep) -> MemberEnd {
        loop {
            tokio::select! {
                arrival = self.primaries.next() => self.handle_primaries(arrival),
                event = self.manager.next() => if let Some(end) = self.handle_manager(event) {
                    tracing::info!(%end, "the fused server ends");
                    return end;
                },
                arrival = self.clients.next() => self.handle_client(arrival),
                report = self.streams.next() => self.handle(report),
                (peer, stream) = door.next() => self.handle_caller(&peer, stream),
            }
            self.acknowledge();
        }
    }

    fn handle(&mut self, event: Event) {
        for command in self.backup.handle(event) {
            if let Command::ToPrimary {
                connection,
                frame: AckFrame::Ack { applied },
            } = command
            {
                self.acks.keep(connection, applied);
                continue;
            }
            self.acknowledge();
            match command {
                Command::ToManager(message) => self.manager.send_to_all(&message),
                Command::ToPrimary { connection, frame } => self.primaries.send(connection, frame),
                Command::Close { connection } => {
                    self.names.remove(&connection);
                    self.primaries.close(connection);
                }
                Command::Stream(portion) => self.streams.send(portion),
                Command::StopStreams { recovery } => self.streams.stop(recovery),
                Command::Answer { asker, body } => {
                    let Asker { connection, request } = asker;
                    self.clients.send(connection, ClientReply { request, body });
                }
            }
        }
    }

    /// Sends the acknowledgements of this turn.
    fn acknowledge(&mut self) {
        while let Some((connection, applied)) = self.acks.pop() {
            self.primaries.send(connection, AckFrame::Ack { applied });
        }
    }

    /// Takes a manager's word; the end of this process, if it is that.
    fn handle_manager(&mut self, event: ManagerEvent<ToServer>) -> Option<MemberEnd> {
        match event {
            ManagerEvent::Message(_, message) => self.handle(Event::Manager(message)),
            ManagerEvent::Refused(refused) => return MemberEnd::by(&refused, self.backup.holding().epoch),
            // Without the manager nothing changes here: what was admitted goes on.
            ManagerEvent::Called(_) | ManagerEvent::Lost(_) => {}
        }
        None
    }

    /// Takes what primaries have sent by now.
    fn handle_primaries(&mut self, first: Arrival<DeltaFrame>) {
        self.handle_primary(first);
        for _ in 1..FRAMES_PER_TURN {
            let Some(arrival) = self.primaries.try_next() else {
                break;
            };
            self.handle_primary(arrival);
        }
    }

    fn handle_primary(&mut self, arrival: Arrival<DeltaFrame>) {
        let connection = arrival.connection;
        match arrival.event {
            LinkEvent::Message(frame) => self.handle(Event::Frame { connection, frame }),
            LinkEvent::Ended(error) => {
                let primary = self.names.remove(&connection).map(display);
                tracing::info!(primary, %error, "a primary's connection ended");
                self.handle(Event::Ended { connection });
            }
        }
    }

    fn handle_client(&mut self, arrival: Arrival<ClientRequest>) {
        let connection = arrival.connection;
        let LinkEvent::Message(ClientRequest { request, body }) = arrival.event else {
            return self.handle(Event::ClientEnded { connection });
        };
        let body = match body {
            RequestBody::Scrub(window) => {
                let asker = Asker { connection, request };
                return self.handle(Event::Scrub { asker, window });
            }
            RequestBody::Sizes => ReplyBody::Sizes(self.sizes()),
            _ => ReplyBody::Refused(Refusal::NotServedHere {
                role: Role::FusionServer,
            }),
        };
        self.clients.send(connection, ClientReply { request, body });
    }

    fn handle_caller(&mut self, peer: &Peer, stream: TcpStream) {
        match peer.purpose {
            Purpose::Manager => self.manager.called(peer, stream),
            Purpose::Delta => {
                let connection = self.primaries.accept(stream);
                let primary = peer.identity.node;
                self.names.insert(connection, primary);
                self.handle(Event::Called { connection, primary });
            }
            _ => drop(self.clients.accept(stream)),
        }
    }

    fn sizes(&self) -> Sizes {
        let holding = self.backup.holding();
        Sizes {
            node: self.settings.member.identity.node,
            role: Role::FusionServer,
            epoch: holding.epoch,
            elements: 0,
            payload_bytes: holding.parity_bytes,
            auxiliary_bytes: holding.auxiliary_bytes,
            heap_bytes: (self.settings.member.heap)(),
            resident_bytes: process::resident_bytes(),
            received_bytes: wire::received_bytes(),
        }
    }
}
