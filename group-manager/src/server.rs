//! The manager's shell: one task that owns the core, carries out its commands and feeds it what happens.
//!
//! No decision about the protocol is made here. Around it work the accepting task, one task per entry, two
//! per link, and short ones that dial or write the store. What needs no core has a room of its own each: the
//! [clients'](crate::clients) requests, the [store](crate::storing), the links to [members](crate::members) and
//! to [other managers](crate::fellows), and [entries](crate::entries).

use std::{collections::VecDeque, sync::Arc, time::Duration};

use multicast::id::{Incarnation, NodeId};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::{Instant, Interval, MissedTickBehavior, interval},
};
use wire::{
    LinkEvent, Peer, Purpose, Traffic,
    limits::INBOX_EVENTS,
    member::{Arrival, Doorstep},
    message::{
        client::ClientRequest,
        entry::{Enter, EnterReply, EntryRefused},
        membership::Standing,
    },
};

use crate::{
    clients::Clients,
    clock::now,
    coordinator::{Command, Coordinator, Event},
    detector::{Attention, Expectations},
    entries::Entries,
    fellows::Fellows,
    inbox::{FromMember, Inbox},
    members::{Members, ToMember},
    settings::Settings,
    store::{Changes, MembershipStore},
    storing::StoreWriter,
};

/// What connections the manager serves.
pub(crate) const SERVES: &[Purpose] = &[Purpose::Client, Purpose::Entry, Purpose::Fellow];

/// The state of the shell.
pub(crate) struct Server {
    core: Box<dyn Coordinator>,
    store: StoreWriter,
    /// What is stored, by whomever.
    changes: Changes,
    members: Members,
    fellows: Fellows,
    clients: Clients,
    entries: Entries,
    ticks: Interval,
    /// The moment that the attention counts from.
    began: Instant,
    /// Whether the core is told something in time; ticks see to it.
    attention: Attention,
    to_inbox: mpsc::Sender<Inbox>,
    inbox: mpsc::Receiver<Inbox>,
}

impl Server {
    pub(crate) fn new(
        settings: &Settings,
        core: Box<dyn Coordinator>,
        store: Arc<dyn MembershipStore>,
        changes: Changes,
    ) -> Self {
        let (to_inbox, inbox) = mpsc::channel(INBOX_EVENTS);
        let traffic = Arc::new(Traffic::default());
        let mut ticks = interval(settings.heartbeat());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let expected = Expectations::of(&settings.cluster);
        let identity = settings.identity;
        Self {
            store: StoreWriter::new(store, to_inbox.clone()),
            changes,
            members: Members::new(identity, expected, to_inbox.clone(), Arc::clone(&traffic)),
            fellows: Fellows::call(identity, &settings.fellows, expected, to_inbox.clone()),
            clients: Clients::new(settings.node(), settings.heap, traffic),
            entries: Entries::default(),
            ticks,
            began: Instant::now(),
            attention: Attention::new(expected, Duration::ZERO),
            to_inbox,
            inbox,
            core,
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
        match peer.purpose {
            Purpose::Entry => Entries::serve(peer, stream, self.to_inbox.clone()),
            Purpose::Fellow => {
                let event = self.fellows.link(peer.identity.incarnation, stream, None);
                self.feed_all(event);
            }
            _ => self.clients.accept(stream),
        }
    }

    fn handle_clients(&mut self, first: Arrival<ClientRequest>) {
        let asked = self.clients.take_in(first, &*self.core);
        if !asked.is_empty() {
            self.feed(Event::Clients(asked));
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
                let member = self.core.membership().members.get(&node);
                if let Some(role) = member.map(|member| member.role) {
                    self.members.link(node, role, incarnation, stream);
                }
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
            } => {
                let event = self.store.outcome(expected, next, outcome);
                self.feed_all(event);
            }
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
        if let Some(pause) = self.attention.listens(self.began.elapsed()) {
            tracing::warn!(?pause, "this manager was held up");
            events.push_front(Event::HeldUp);
        }
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
            Command::Store { expected, next } => self.store.write(expected, *next),
            Command::AskToSeal(epoch) => self.fellows.ask_to_seal(epoch),
            Command::Reply(caller, body) => self.clients.reply(caller, body),
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
}
