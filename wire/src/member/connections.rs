//! Any number of accepted connections of one purpose, numbered, with one inbox.
//!
//! Invariant: numbers are never used twice, so an answer to a connection that is gone goes nowhere.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpStream, sync::mpsc};

use crate::{
    limits::{INBOX_EVENTS, MAX_BACKLOG},
    link::{Link, LinkEvent},
    traffic::Traffic,
};

/// Something that a connection's reader reports.
#[derive(Debug)]
pub struct Arrival<In> {
    /// Which connection.
    pub connection: u64,
    /// When it was read, by the process's own monotonic clock.
    pub at: Instant,
    /// What it is.
    pub event: LinkEvent<In>,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Connections<In, Out> {
    links: BTreeMap<u64, Link<Out>>,
    next: u64,
    /// Ends of connections that we gave up, still to be reported.
    given_up: VecDeque<Arrival<In>>,
    /// What has arrived; behind pointers, so that the queue at rest is small.
    deliver: mpsc::Sender<Box<Arrival<In>>>,
    inbox: mpsc::Receiver<Box<Arrival<In>>>,
    traffic: Arc<Traffic>,
}

impl<In, Out> Connections<In, Out>
where
    In: DeserializeOwned + Send + 'static,
    Out: Serialize + Send + Sync + 'static,
{
    /// No connection yet; what they carry is counted in `traffic`.
    pub fn new(traffic: Arc<Traffic>) -> Self {
        let (deliver, inbox) = mpsc::channel(INBOX_EVENTS);
        Self {
            links: BTreeMap::new(),
            next: 1,
            given_up: VecDeque::new(),
            deliver,
            inbox,
            traffic,
        }
    }

    /// Takes a stream that finished its handshake; returns its number.
    pub fn accept(&mut self, stream: TcpStream) -> u64 {
        let connection = self.next;
        self.next += 1;
        let deliver = self.deliver.clone();
        let link = Link::start(stream, Arc::clone(&self.traffic), move |event| {
            let arrival = Arrival {
                connection,
                at: Instant::now(),
                event,
            };
            let deliver = deliver.clone();
            async move { deliver.send(Box::new(arrival)).await.is_ok() }
        });
        self.links.insert(connection, link);
        connection
    }

    /// Sends to a connection. One that does not take it is closed, and its `Ended` follows.
    pub fn send(&mut self, connection: u64, message: Out) {
        let Some(link) = self.links.get(&connection) else {
            return;
        };
        if let Err(error) = link.send(message) {
            tracing::warn!(connection, %error, "a connection is given up");
            self.links.remove(&connection);
            self.given_up.push_back(Arrival {
                connection,
                at: Instant::now(),
                event: LinkEvent::Ended(error),
            });
        }
    }

    /// Whether a connection has let so much wait that it gets no further long reply before it has read some.
    pub fn is_behind(&self, connection: u64) -> bool {
        self.links
            .get(&connection)
            .is_some_and(|link| link.backlog() >= MAX_BACKLOG)
    }

    /// Closes a connection, if it is there; what was sent before still goes out, and no `Ended` follows.
    pub fn close(&mut self, connection: u64) {
        self.links.remove(&connection);
    }

    /// The next event of a connection that we did not close. Cancel-safe.
    pub async fn next(&mut self) -> Arrival<In> {
        if let Some(end) = self.given_up.pop_front() {
            return end;
        }
        loop {
            let arrival = self.inbox.recv().await;
            let arrival = *arrival.expect("a sender is kept beside the receiver");
            if self.is_awaited(&arrival) {
                return arrival;
            }
        }
    }

    /// The next event, if there is one already.
    pub fn try_next(&mut self) -> Option<Arrival<In>> {
        if let Some(end) = self.given_up.pop_front() {
            return Some(end);
        }
        loop {
            let arrival = *self.inbox.try_recv().ok()?;
            if self.is_awaited(&arrival) {
                return Some(arrival);
            }
        }
    }

    /// Whether it is of a connection that we did not close; an end is, once.
    fn is_awaited(&mut self, arrival: &Arrival<In>) -> bool {
        match arrival.event {
            LinkEvent::Ended(_) => self.links.remove(&arrival.connection).is_some(),
            LinkEvent::Message(_) => self.links.contains_key(&arrival.connection),
        }
    }
}
