//! The manager's shell: one task that owns the core, carries out its commands and feeds it what happens.
//!
//! No decision about the protocol is made here. Around it work the accepting task, one task per entry, two
//! per link, and short ones that dial or write the store.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock},
    time::{Duration, SystemTime},
};

use multicast::id::{Epoch, Incarnation, NodeId};

use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::{Instant, Interval, MissedTickBehavior, interval},
};
use wire::{
    LinkEvent, Peer, Purpose, Traffic,
    door_meter::DoorMeter,
    limits::{INBOX_EVENTS, MAX_BACKLOG},
    member::{Arrival, Connections, Doorstep},
    message::{
        client::{ClientReply, ClientRequest, Refusal, ReplyBody, RequestBody, Sizes},
        entry::{Enter, EnterReply, EntryRefused},
        membership::{Membership, Role, Standing},
    },
    process,
};

use crate::{
    coordinator::{Caller, Command, Coordinator, Event, Micros},
    detector::Expectations,
    entries::Entries,
    fellows::Fellows,
    inbox::{FromMember, Inbox},
    limits::{MAX_CLIENTS, MAX_REPORTS_PER_REPLY, REQUESTS_PER_TURN, STORE_RETRY},
    members::{Members, ToMember},
    settings::Settings,
    store::{Changes, MembershipStore, StoreError},
};

/// What connections the manager serves.
pub(crate) const SERVES: &[Purpose] = &[Purpose::Client, Purpose::Entry, Purpose::Fellow];

/// The state of the shell.
pub(crate) struct Server {
    settings: Settings,
    core: Box<dyn Coordinator>,
    store: Arc<dyn MembershipStore>,
    /// What is stored, by whomever.
    changes: Changes,
    members: Members,
    fellows: Fellows,
    clients: Connections<ClientRequest, ClientReply>,
    connected: usize,
    meter: DoorMeter<Caller>,
    entries: Entries,
    ticks: Interval,
    /// When the core was last told anything; ticks see to it that this is never long ago.
    last_turn: Instant,
    to_inbox: mpsc::Sender<Inbox>,
    inbox: mpsc::Receiver<Inbox>,
}

impl Server {
    pub(crate) fn new(
        settings: Settings,
        core: Box<dyn Coordinator>,
        store: Arc<dyn MembershipStore>,
        changes: Changes,
    ) -> Self {
        let (to_inbox, inbox) = mpsc::channel(INBOX_EVENTS);
        let traffic = Arc::new(Traffic::default());
        let roles = core
            .membership()
            .members
            .iter()
            .map(|(node, member)| (*node, member.role))
            .collect();
        let mut ticks = interval(settings.heartbeat());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let expected = Expectations::of(&settings.cluster);
        Self {
            fellows: Fellows::call(settings.identity, &settings.fellows, expected, to_inbox.clone()),
            changes,
            members: Members::new(
                settings.identity,
                roles,
                expected,
                to_inbox.clone(),
                Arc::clone(&traffic),
            ),
            clients: Connections::new(Arc::default()),
            connected: 0,
            meter: DoorMeter::new(traffic),
            entries: Entries::default(),
            ticks,
            last_turn: Instant::now(),
            to_inbox,
            inbox,
            settings,
            core,
            store,
        }
    }

    /// Serves until dropped.
    pub(crate) async fn serve(mut self, mut doorstep: Doorstep) {
        loop {
            tokio::select! {
                Some(item) = self.inbox.recv() => self.handle_inbox(item),
                arrival = self.clients.next() => self.handle_clients(arrival),
                (peer, stream) = doorstep.next() => self.handle_caller(peer, stream),
                seen = self.changes.next() => self.feed(Event::MembershipSeen(seen)),
                _ = self.ticks.tick() => self.on_tick(),
            }
        }
    }

    fn handle_caller(&mut self, peer: Peer, stream: TcpStream) {
        if peer.purpose == Purpose::Entry {
            Entries::serve(peer, stream, self.to_inbox.clone());
        } else if peer.purpose == Purpose::Fellow {
            let event = self.fellows.link(peer.identity.incarnation, stream, None);
            self.feed_all(event);
        } else if self.connected == MAX_CLIENTS {
            tracing::warn!(
                limit = MAX_CLIENTS,
                "a client is turned away: too many are connected"
            );
        } else {
            self.connected += 1;
            self.clients.accept(stream);
        }
    }

    /// Takes what has arrived by now, so that it can go on together.
    fn handle_clients(&mut self, first: Arrival<ClientRequest>) {
        let mut asked = Vec::new();
        let mut next = Some(first);
        while let Some(arrival) = next {
            asked.extend(self.handle_client(arrival));
            next = match asked.len() < REQUESTS_PER_TURN {
                true => self.clients.try_next(),
                false => None,
            };
        }
        if !asked.is_empty() {
            self.feed(Event::Clients(asked));
        }
    }

    /// Answers what needs no core; gives the rest.
    fn handle_client(&mut self, arrival: Arrival<ClientRequest>) -> Option<(Caller, RequestBody)> {
        let Arrival {
            connection,
            at,
            event,
        } = arrival;
        let ClientRequest { request, body } = match event {
            LinkEvent::Message(request) => request,
            LinkEvent::Ended(error) => {
                self.connected -= 1;
                self.meter.forget(|caller| caller.connection == connection);
                tracing::debug!(connection, %error, "a client left");
                return None;
            }
        };
        let caller = Caller { connection, request };
        match body {
            RequestBody::Sizes => self.reply(caller, ReplyBody::Sizes(self.sizes())),
            RequestBody::Members => {
                let members = self.core.membership().clone();
                self.reply(caller, ReplyBody::Members(members));
            }
            RequestBody::DoorReport { reset } => {
                let report = self.meter.report(reset);
                self.reply(caller, ReplyBody::DoorReport(report));
            }
            RequestBody::Recoveries { from } => {
                let reports = self
                    .core
                    .recoveries()
                    .iter()
                    .skip(from as usize)
                    .take(MAX_REPORTS_PER_REPLY)
                    .cloned()
                    .collect();
                self.reply(caller, ReplyBody::Recoveries(reports));
            }
            RequestBody::Read { ref query, .. } | RequestBody::ReadOrdered { ref query, .. }
                if query.is_long() && self.clients.is_behind(connection) =>
            {
                let refusal = Refusal::Overloaded { limit: MAX_BACKLOG };
                self.reply(caller, ReplyBody::Refused(refusal));
            }
            body => {
                if matches!(body, RequestBody::Write { .. } | RequestBody::WriteTogether(_)) {
                    self.meter.arrived(caller, at);
                }
                return Some((caller, body));
            }
        }
        None
    }

    fn sizes(&self) -> Sizes {
        Sizes {
            node: self.settings.node(),
            role: Role::GroupManager,
            epoch: self.core.membership().epoch,
            elements: 0,
            payload_bytes: 0,
            auxiliary_bytes: 0,
            heap_bytes: (self.settings.heap)(),
            resident_bytes: process::resident_bytes(),
            received_bytes: wire::received_bytes(),
        }
    }

    fn handle_inbox(&mut self, item: Inbox) {
        match item {
            Inbox::Entry(enter, answer) => self.handle_entry(enter, answer),
            Inbox::Dialled {
                node,
                incarnation,
                outcome: Ok(stream),
            } => {
                self.members.link(node, incarnation, stream);
                self.feed(Event::Linked { node, incarnation });
            }
            Inbox::Dialled {
                node,
                incarnation,
                outcome: Err(error),
            } => {
                self.feed(Event::Lost {
                    node,
                    incarnation,
                    reason: error.to_string(),
                });
            }
            Inbox::Member {
                node,
                incarnation,
                event,
            } => {
                if self.members.heard(node, incarnation) {
                    self.handle_member(node, incarnation, event);
                }
            }
            Inbox::FellowCalled { life, stream, over } => {
                let event = self.fellows.link(life, stream, Some(over));
                self.feed_all(event);
            }
            Inbox::Fellow { life, link, event } => {
                let event = self.fellows.take(life, link, event);
                self.feed_all(event);
            }
            Inbox::Stored {
                expected,
                next,
                outcome,
            } => self.handle_stored(expected, next, outcome),
        }
    }

    fn handle_entry(&mut self, enter: Enter, answer: oneshot::Sender<EnterReply>) {
        let ticket = self.entries.admit(answer);
        match self.kept_out(&enter) {
            Some(wait) => {
                let reason = format!("suspected again and again; kept out for {} ms", wait.as_millis());
                let refused = EnterReply::Refused(EntryRefused::Busy { reason });
                self.entries.answer(ticket, refused);
            }
            None => self.feed(Event::Entered { ticket, enter }),
        }
    }

    /// Nobody is kept out whom the membership still has: a group's last holder is waited for.
    fn kept_out(&self, enter: &Enter) -> Option<Duration> {
        let (node, life) = (enter.node, enter.incarnation);
        let member = self.core.membership().members.get(&node);
        let returns = member.is_some_and(|m| m.standing == Standing::Active && m.incarnation == life);
        self.members.keeps_out(node, life).filter(|_| !returns)
    }

    fn handle_member(&mut self, node: NodeId, incarnation: Incarnation, event: LinkEvent<FromMember>) {
        match event {
            LinkEvent::Message(FromMember::Node(message)) => self.feed(Event::FromNode(node, message)),
            LinkEvent::Message(FromMember::Server(message)) => self.feed(Event::FromServer(node, message)),
            LinkEvent::Message(FromMember::Primary(message)) => self.feed(Event::FromPrimary(node, message)),
            LinkEvent::Ended(error) => {
                self.members.unlink(node);
                self.feed(Event::Lost {
                    node,
                    incarnation,
                    reason: error.to_string(),
                });
            }
        }
    }

    fn handle_stored(&mut self, expected: Epoch, next: Membership, outcome: Result<(), StoreError>) {
        match outcome {
            Ok(()) => self.feed(Event::Stored { epoch: next.epoch }),
            Err(StoreError::Conflict { current, .. }) => {
                self.feed(Event::StoreConflict { current: *current });
            }
            Err(error) => {
                tracing::error!(%error, "the membership store could not be written; trying again");
                self.write_store(expected, next, Some(STORE_RETRY));
            }
        }
    }

    fn on_tick(&mut self) {
        let lost = self.fellows.heartbeat();
        self.feed_all(lost);
        let suspects = self.members.heartbeat();
        for (node, incarnation, reason) in suspects {
            self.members.unlink(node);
            self.feed(Event::Lost {
                node,
                incarnation,
                reason,
            });
        }
        self.feed(Event::Tick);
    }

    fn feed_all(&mut self, events: impl IntoIterator<Item = Event>) {
        events.into_iter().for_each(|event| self.feed(event));
    }

    /// Gives the core one event and carries out what it commands; members that turn out to be gone on the
    /// way are further events.
    fn feed(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        if self.last_turn.elapsed() > self.settings.suspicion() / 2 {
            tracing::warn!(pause = ?self.last_turn.elapsed(), "this manager was held up");
            events.push_front(Event::HeldUp);
        }
        self.last_turn = Instant::now();
        while let Some(event) = events.pop_front() {
            for command in self.core.handle(now(), event) {
                events.extend(self.carry_out(command));
            }
        }
    }

    fn carry_out(&mut self, command: Command) -> Option<Event> {
        match command {
            Command::Answer(ticket, reply) => self.entries.answer(ticket, reply),
            Command::Dial {
                node,
                incarnation,
                addresses,
            } => {
                self.members.dial(node, incarnation, addresses.peers);
            }
            Command::Unlink(node) => self.members.unlink(node),
            Command::Store { expected, next } => self.write_store(expected, next, None),
            Command::AskToSeal(epoch) => self.fellows.ask_to_seal(epoch),
            Command::Reply(caller, body) => self.reply(caller, body),
            Command::ToNode(node, message) => return self.tell(node, ToMember::Node(message)),
            Command::ToServer(node, message) => return self.tell(node, ToMember::Server(message)),
            Command::ToPrimary(node, message) => return self.tell(node, ToMember::Primary(message)),
        }
        None
    }

    fn tell(&mut self, node: NodeId, message: ToMember) -> Option<Event> {
        let (incarnation, error) = self.members.send(node, message).err()?;
        self.members.unlink(node);
        Some(Event::Lost {
            node,
            incarnation,
            reason: error.to_string(),
        })
    }

    fn reply(&mut self, caller: Caller, body: ReplyBody) {
        match &body {
            ReplyBody::Written(_) | ReplyBody::WrittenTogether(_) => self.meter.answered(&caller),
            _ => self.meter.dropped(&caller),
        }
        self.clients.send(
            caller.connection,
            ClientReply {
                request: caller.request,
                body,
            },
        );
    }

    /// Writes the store in a thread of its own: it waits for the disk.
    fn write_store(&self, expected: Epoch, next: Membership, pause: Option<Duration>) {
        let (store, inbox) = (Arc::clone(&self.store), self.to_inbox.clone());
        tokio::task::spawn_blocking(move || {
            if let Some(pause) = pause {
                std::thread::sleep(pause);
            }
            let outcome = match store.compare_and_swap(expected, &next) {
                // The attempt before this one did reach the store: it failed after that.
                Err(StoreError::Conflict { current, .. }) if pause.is_some() && *current == next => Ok(()),
                outcome => outcome,
            };
            // A closed inbox means that the manager is stopping.
            drop(inbox.blocking_send(Inbox::Stored {
                expected,
                next,
                outcome,
            }));
        });
    }
}

/// The time of day when this was first asked, and what has passed since: whoever sets the clock sets no suspicion.
pub(crate) fn now() -> Micros {
    static BEGAN: LazyLock<(Instant, Duration)> = LazyLock::new(|| {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        (Instant::now(), since_1970.unwrap_or_default())
    });
    let (began, since_1970) = *BEGAN;
    Micros((since_1970 + began.elapsed()).as_micros() as u64)
}
