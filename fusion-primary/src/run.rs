//! A primary's shell: one task that owns the core; listener, links and clients around it.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use structures::{Structure, delta::REGIONS, kind::StructureSpec};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinSet, yield_now},
    time::{Interval, MissedTickBehavior, interval},
};
use wire::{
    LinkEvent, Peer, Purpose, Traffic,
    door_meter::DoorMeter,
    limits::MAX_BACKLOG,
    member::{Arrival, Callers, Connections, Doorstep, ManagerEvent, ManagerPort, MemberEnd},
    message::{
        client::{ClientReply, ClientRequest, Refusal, ReplyBody, RequestBody, Sizes},
        fusion::{FromPrimary, ToPrimary},
        membership::{Addresses, Role},
    },
    process,
};

use crate::{
    assembly::Micros,
    door::Caller,
    locals::{LocalCall, Locals},
    primary::{CheckTimes, Command, Event, Primary},
    read_proof::Lease,
    residual_streams::ResidualStreams,
    server_links::ServerLinks,
    settings::Settings,
};

/// How often the core hears that time has passed: how long a primary is idle before it says so to the servers.
const TICK: Duration = Duration::from_millis(20);

/// Events of one kind that are taken in a row, so that what follows from them leaves in one piece; few enough that the
/// servers apply one piece, and clients prepare the next, while this process makes another.
const EVENTS_PER_TURN: usize = 16;

struct Shell {
    settings: Settings,
    primary: Primary,
    manager: ManagerPort<ToPrimary, FromPrimary>,
    clients: Connections<ClientRequest, ClientReply>,
    servers: ServerLinks,
    residuals: ResidualStreams,
    /// Time spent on the frames of the recovery at hand.
    decoding: Duration,
    /// Structures that are being checked, off the runtime's thread.
    checks: JoinSet<Event>,
    locals: Locals,
    ticks: Interval,
    /// What the core's clock counts from.
    started: Instant,
    meter: DoorMeter<Caller>,
}

/// Runs a primary on its bound listener until `shutdown` completes, or until it was removed from the cluster or what it
/// held was discarded.
///
/// # Errors
/// If the listener does not know its own address.
pub async fn run(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<MemberEnd> {
    run_with(listener, settings, Locals::none(), shutdown).await
}

/// The same with callers in this very process.
pub(crate) async fn run_with(
    listener: TcpListener,
    settings: Settings,
    locals: Locals,
    shutdown: impl Future<Output = ()>,
) -> io::Result<MemberEnd> {
    let address = listener.local_addr()?;
    let identity = settings.member.identity;
    let door = Doorstep::open(
        listener,
        identity,
        &[Purpose::Manager, Purpose::Client, Purpose::Residual],
    );
    let entry = settings.member.entry(Addresses {
        peers: address,
        clients: address,
    });
    let traffic = Arc::new(Traffic::default());
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let shell = Shell {
        primary: Primary::new(identity.node, settings.door, settings.layout)
            .with_lease(Lease::within(settings.believed)),
        manager: ManagerPort::enter(
            entry,
            Callers::One,
            settings.member.timing,
            FromPrimary::Heartbeat,
        ),
        clients: Connections::new(Arc::default()),
        servers: ServerLinks::new(identity, Arc::clone(&traffic)),
        residuals: ResidualStreams::new(),
        decoding: Duration::ZERO,
        checks: JoinSet::new(),
        locals,
        ticks,
        started: Instant::now(),
        meter: DoorMeter::new(traffic),
        settings,
    };
    Ok(tokio::select! {
        end = shell.serve(door) => end,
        () = shutdown => {
            tracing::info!("the primary stops");
            MemberEnd::Asked
        }
    })
}

impl Shell {
    /// Serves until dropped, or until a manager says that this primary, or what it holds, is none of the cluster's any more.
    async fn serve(mut self, mut door: Doorstep) -> MemberEnd {
        loop {
            tokio::select! {
                event = self.servers.next() => self.handle_servers(event),
                arrival = self.clients.next() => self.handle_clients(arrival),
                call = self.locals.next() => self.handle_local(call),
                event = self.manager.next() => if let Some(end) = self.handle_manager(event) {
                    tracing::info!(%end, "the primary ends");
                    return end;
                },
                event = self.residuals.next() => self.handle_residual(event),
                Some(checked) = self.checks.join_next() => {
                    self.handle(checked.expect("a check neither panics nor is cancelled"));
                }
                _ = self.ticks.tick() => self.handle(Event::Tick),
                (peer, stream) = door.next() => self.handle_caller(&peer, stream),
            }
            // The links' writers send what this turn made before the next one begins.
            yield_now().await;
        }
    }

    /// Hands an event to the core and carries out what it says, and what follows from that.
    fn handle(&mut self, event: Event) {
        let mut next = Some(event);
        let mut events = VecDeque::new();
        while let Some(event) = next.take().or_else(|| events.pop_front()) {
            self.primary
                .tell_time(Micros(self.started.elapsed().as_micros() as u64));
            for command in self.primary.handle(event) {
                events.extend(self.carry_out(command));
            }
        }
    }

    /// Takes what servers have said by now, so that what follows from it leaves together.
    fn handle_servers(&mut self, first: Event) {
        self.handle(first);
        for _ in 1..EVENTS_PER_TURN {
            let Some(event) = self.servers.try_next() else {
                break;
            };
            self.handle(event);
        }
    }

    /// Takes what clients have asked by now.
    fn handle_clients(&mut self, first: Arrival<ClientRequest>) {
        self.handle_client(first);
        for _ in 1..EVENTS_PER_TURN {
            let Some(arrival) = self.clients.try_next() else {
                break;
            };
            self.handle_client(arrival);
        }
    }

    fn handle_residual(&mut self, event: Event) {
        let began = Instant::now();
        self.handle(event);
        self.decoding += began.elapsed();
    }

    /// Carries out one command; an event if one follows from it at once.
    fn carry_out(&mut self, command: Command) -> Option<Event> {
        match command {
            Command::Reply { caller, body } => self.reply(caller, body),
            Command::HangUp { caller } => {
                self.meter.dropped(&caller);
                match Locals::is_local(&caller) {
                    true => self.locals.hang_up(caller),
                    false => self.clients.close(caller.connection),
                }
            }
            Command::ToManager(message) => self.manager.send_to_all(&message),
            Command::Reenter => self.manager.reenter(),
            Command::Dial {
                server,
                address,
                attempt,
            } => self.servers.dial(server, address, attempt),
            Command::Disconnect { server } => self.servers.disconnect(server),
            Command::ToServer { server, frame } => {
                let lost = self.servers.send(server, frame).is_err();
                return lost.then_some(Event::ServerLost { server });
            }
            Command::TakeResiduals { recovery } => {
                self.decoding = Duration::ZERO;
                self.residuals.take(recovery);
            }
            Command::CloseResidual { stream } => self.residuals.close(stream),
            Command::DropResiduals => self.residuals.stop(),
            Command::Check {
                recovery,
                spec,
                images,
                leaving,
            } => {
                let decode_us = self.decoding.as_micros() as u64;
                self.checks
                    .spawn_blocking(move || check(recovery, spec, *images, leaving, decode_us));
            }
        }
        None
    }

    fn reply(&mut self, caller: Caller, body: ReplyBody) {
        match body {
            ReplyBody::Written(_) => self.meter.answered(&caller),
            _ => self.meter.dropped(&caller),
        }
        if Locals::is_local(&caller) {
            return self.locals.reply(caller, body);
        }
        self.clients.send(
            caller.connection,
            ClientReply {
                request: caller.request,
                body,
            },
        );
    }

    /// Takes a manager's word; the end of this process, if it is that.
    fn handle_manager(&mut self, event: ManagerEvent<ToPrimary>) -> Option<MemberEnd> {
        match event {
            ManagerEvent::Message(_, message) => self.handle(Event::Manager(message)),
            ManagerEvent::Refused(refused) => {
                self.locals.tell_refused(&refused);
                let end = MemberEnd::by(&refused, self.primary.epoch());
                self.handle(Event::Refused(refused));
                return end;
            }
            ManagerEvent::Lost(_) => self.handle(Event::ManagerLost),
            ManagerEvent::Called(_) => {}
        }
        None
    }

    fn handle_client(&mut self, arrival: Arrival<ClientRequest>) {
        let connection = arrival.connection;
        let LinkEvent::Message(ClientRequest { request, body }) = arrival.event else {
            self.meter.forget(|caller| caller.connection == connection);
            return;
        };
        let caller = Caller { connection, request };
        match body {
            RequestBody::Read { ref query, .. } | RequestBody::ReadOrdered { ref query, .. }
                if query.is_long() && self.clients.is_behind(connection) =>
            {
                let refusal = Refusal::Overloaded { limit: MAX_BACKLOG };
                self.reply(caller, ReplyBody::Refused(refusal));
            }
            RequestBody::Sizes => self.reply(caller, ReplyBody::Sizes(self.sizes())),
            RequestBody::DoorReport { reset } => {
                let report = self.meter.report(reset);
                self.reply(caller, ReplyBody::DoorReport(report));
            }
            body => {
                if matches!(body, RequestBody::Write { .. }) {
                    self.meter.arrived(caller, arrival.at);
                }
                self.handle(Event::Client { caller, body });
            }
        }
    }

    fn handle_local(&mut self, call: LocalCall) {
        let caller = self.locals.admit(call.answer);
        if matches!(call.body, RequestBody::Write { .. }) {
            self.meter.arrived(caller, Instant::now());
        }
        let body = call.body;
        self.handle(Event::Client { caller, body });
    }

    fn handle_caller(&mut self, peer: &Peer, stream: TcpStream) {
        match peer.purpose {
            Purpose::Manager => self.manager.called(peer, stream),
            Purpose::Residual => self.residuals.accept(peer, stream),
            _ => drop(self.clients.accept(stream)),
        }
    }

    fn sizes(&self) -> Sizes {
        let (elements, sizes) = self.primary.sizes();
        Sizes {
            node: self.settings.member.identity.node,
            role: Role::Primary,
            epoch: self.primary.epoch(),
            elements: elements as u64,
            payload_bytes: sizes.payload_bytes as u64,
            auxiliary_bytes: sizes.auxiliary_bytes as u64,
            heap_bytes: (self.settings.member.heap)(),
            resident_bytes: process::resident_bytes(),
            received_bytes: wire::received_bytes(),
        }
    }
}

/// Checks a structure's images and builds it from them; the rest of one that is about to leave is taken as it is.
fn check(
    recovery: u64,
    spec: StructureSpec,
    images: [Vec<u8>; REGIONS],
    leaving: bool,
    decode_us: u64,
) -> Event {
    let began = Instant::now();
    let structure = match leaving {
        true => Structure::from_remains(spec, images),
        false => Structure::from_images(spec, images),
    };
    Event::Checked {
        recovery,
        structure: structure.map(Box::new).map_err(|error| error.to_string()),
        times: CheckTimes {
            decode_us,
            install_us: began.elapsed().as_micros() as u64,
        },
    }
}
