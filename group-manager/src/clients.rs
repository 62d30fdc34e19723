//! The clients' connections: takes in what they ask, answers what needs no decision, times the rest.
//!
//! What has arrived together goes to the core together (see [`Event::Clients`](crate::coordinator::Event::Clients)).
//! Sizes, the membership and reports are read off, as often as anybody asks, and no core ever hears of it.
//!
//! Invariants: at most [`MAX_CLIENTS`] are connected, and one turn takes in at most [`REQUESTS_PER_TURN`] requests for the
//! core; a client that is slow to take its answers gets no long ones.

use std::sync::Arc;

use multicast::id::NodeId;
use tokio::net::TcpStream;
use wire::{
    LinkEvent, Traffic,
    door_meter::DoorMeter,
    limits::MAX_BACKLOG,
    member::{Arrival, Connections},
    message::{
        client::{ClientReply, ClientRequest, Refusal, ReplyBody, RequestBody, Sizes},
        membership::Role,
    },
    process::{self, HeapProbe},
};

use crate::{
    coordinator::{Caller, Coordinator},
    limits::{MAX_CLIENTS, MAX_REPORTS_PER_REPLY, REQUESTS_PER_TURN},
};

/// Everybody who is connected to ask. See the module's words.
pub(crate) struct Clients {
    connections: Connections<ClientRequest, ClientReply>,
    connected: usize,
    meter: DoorMeter<Caller>,
    node: NodeId,
    heap: HeapProbe,
}

impl Clients {
    /// Nobody yet. `links` is what the links to the members carry, which door reports tell.
    pub(crate) fn new(node: NodeId, heap: HeapProbe, links: Arc<Traffic>) -> Self {
        Self {
            connections: Connections::new(Arc::default()),
            connected: 0,
            meter: DoorMeter::new(links),
            node,
            heap,
        }
    }

    /// Serves a caller past its handshake, if there is room for one more.
    pub(crate) fn accept(&mut self, stream: TcpStream) {
        if self.connected == MAX_CLIENTS {
            tracing::warn!(
                limit = MAX_CLIENTS,
                "a client is turned away: too many are connected"
            );
        } else {
            self.connected += 1;
            self.connections.accept(stream);
        }
    }

    /// Waits for whatever arrives next; safe to drop.
    pub(crate) async fn next(&mut self) -> Arrival<ClientRequest> {
        self.connections.next().await
    }

    /// Takes what has arrived by now, so that it can go on together: the requests for the core, in order.
    pub(crate) fn take_in(
        &mut self,
        first: Arrival<ClientRequest>,
        core: &dyn Coordinator,
    ) -> Vec<(Caller, RequestBody)> {
        let mut asked = Vec::new();
        let mut next = Some(first);
        while let Some(arrival) = next {
            asked.extend(self.handle(arrival, core));
            next = match asked.len() < REQUESTS_PER_TURN {
                true => self.connections.try_next(),
                false => None,
            };
        }
        asked
    }

    /// Answers what needs no core; gives the rest.
    fn handle(
        &mut self,
        arrival: Arrival<ClientRequest>,
        core: &dyn Coordinator,
    ) -> Option<(Caller, RequestBody)> {
        let connection = arrival.connection;
        let ClientRequest { request, body } = match arrival.event {
            LinkEvent::Message(request) => request,
            LinkEvent::Ended(error) => {
                self.connected -= 1;
                self.meter.forget(|caller| caller.connection == connection);
                tracing::debug!(connection, %error, "a client left");
                return None;
            }
        };
        let caller = Caller { connection, request };
        if let Some(answer) = self.read_off(connection, &body, core) {
            self.reply(caller, answer);
            return None;
        }
        if matches!(body, RequestBody::Write { .. } | RequestBody::WriteTogether(_)) {
            self.meter.arrived(caller, arrival.at);
        }
        Some((caller, body))
    }

    /// The answer to what needs no decision.
    fn read_off(&mut self, connection: u64, body: &RequestBody, core: &dyn Coordinator) -> Option<ReplyBody> {
        Some(match body {
            RequestBody::Sizes => ReplyBody::Sizes(self.sizes(core)),
            RequestBody::Members => ReplyBody::Members(Box::new(core.membership().clone())),
            RequestBody::DoorReport { reset } => ReplyBody::DoorReport(self.meter.report(*reset)),
            RequestBody::Recoveries { from } => {
                let reports = core.recoveries().iter().skip(*from as usize);
                ReplyBody::Recoveries(reports.take(MAX_REPORTS_PER_REPLY).cloned().collect())
            }
            RequestBody::Read { query, .. } | RequestBody::ReadOrdered { query, .. }
                if query.is_long() && self.connections.is_behind(connection) =>
            {
                ReplyBody::Refused(Refusal::Overloaded { limit: MAX_BACKLOG })
            }
            _ => return None,
        })
    }

    fn sizes(&self, core: &dyn Coordinator) -> Sizes {
        Sizes {
            node: self.node,
            role: Role::GroupManager,
            epoch: core.membership().epoch,
            elements: 0,
            payload_bytes: 0,
            auxiliary_bytes: 0,
            heap_bytes: (self.heap)(),
            resident_bytes: process::resident_bytes(),
            received_bytes: wire::received_bytes(),
        }
    }

    /// Queues an answer; one to a connection that is gone goes nowhere.
    pub(crate) fn reply(&mut self, caller: Caller, body: ReplyBody) {
        match &body {
            ReplyBody::Written(_) | ReplyBody::WrittenTogether(_) => self.meter.answered(&caller),
            _ => self.meter.dropped(&caller),
        }
        let request = caller.request;
        self.connections
            .send(caller.connection, ClientReply { request, body });
    }
}
