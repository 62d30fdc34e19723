//! Connections that the clients of one process share: one to each door, whatever the number of sessions.
//!
//! ```text
//! lanes --submit--> outbox of the link --one flush per batch--> door
//! lanes <--replies, by the lane in the request's number-- reader <--one read per batch-- door
//! ```
//!
//! What is submitted while others are being written leaves with the next flush. So many clients pay for a system call
//! per batch where each would pay for its own, at either end.
//!
//! Invariants: a reply reaches the lane that asked, or nobody; a lane that does not take its replies is cut and
//! holds up no other; a number has one lane at a time; when the connection ends every lane learns it; whoever found a connection wanting is never
//! given it again.

use std::{
    collections::HashMap,
    future::ready,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::mpsc;

use super::{MAX_PIPELINE, transport};
use crate::{
    Traffic, WireError,
    limits::OUTBOX_FRAMES,
    link::{Link, LinkEvent},
    message::client::{ClientReply, ClientRequest, RequestBody},
};

/// Clients that one connection serves; the next one opens another. Their pipelines fill the outbox at most.
pub const LANES: usize = OUTBOX_FRAMES / MAX_PIPELINE;

/// The connections of a process to the doors of clusters; clones are the same ones.
#[derive(Clone, Debug, Default)]
pub struct SharedConnections(Arc<Mutex<HashMap<Door, Arc<Newest>>>>);

/// A door and the cluster it must belong to.
type Door = (SocketAddr, u64);

/// The newest connection to a door. Locked while one is made, so that all who wait for it get the same one.
type Newest = tokio::sync::Mutex<Weak<Connection>>;

impl SharedConnections {
    /// A lane to that door: on the connection that is there, or on a new one.
    ///
    /// # Errors
    /// The handshake's; `Closed` if the new connection ended at once.
    pub(super) async fn lane(&self, door: SocketAddr, cluster: u64) -> Result<Lane, WireError> {
        let newest = self.newest((door, cluster));
        let mut newest = newest.lock().await;
        if let Some(connection) = newest.upgrade()
            && let Some(lane) = connection.lane()
        {
            return Ok(lane);
        }
        let connection = Connection::dial(door, cluster).await?;
        *newest = Arc::downgrade(&connection);
        connection.lane().ok_or(WireError::Closed)
    }

    /// The place of the newest connection to that door. Where the door is a new one, those at which nobody is any more
    /// are forgotten: a primary that comes back has another port each time.
    fn newest(&self, door: Door) -> Arc<Newest> {
        let mut doors = unpoisoned(&self.0);
        if !doors.contains_key(&door) {
            doors.retain(|_, newest| is_wanted(newest));
        }
        Arc::clone(doors.entry(door).or_default())
    }
}

/// Whether somebody is about to use that place, or its connection is there.
fn is_wanted(newest: &mut Arc<Newest>) -> bool {
    Arc::get_mut(newest).is_none_or(|newest| newest.get_mut().strong_count() > 0)
}

/// One connection; it lives as long as one of its lanes does.
#[derive(Debug)]
struct Connection {
    link: Link<ClientRequest>,
    lanes: Arc<Lanes>,
    /// Requests so far.
    asked: AtomicU64,
    /// Somebody found it wanting.
    is_retired: AtomicBool,
}

impl Connection {
    async fn dial(door: SocketAddr, cluster: u64) -> Result<Arc<Self>, WireError> {
        let stream = transport::dial(door, cluster).await?;
        let lanes = Arc::new(Lanes::default());
        let routed = Arc::clone(&lanes);
        let traffic = Arc::new(Traffic::default());
        let link = Link::start(stream, traffic, move |event| ready(routed.route(event)));
        Ok(Arc::new(Self {
            link,
            lanes,
            asked: AtomicU64::new(0),
            is_retired: AtomicBool::new(false),
        }))
    }

    /// A lane of its own, if there is room and the connection is good.
    fn lane(self: Arc<Self>) -> Option<Lane> {
        if self.is_retired.load(Relaxed) {
            return None;
        }
        let (number, replies) = self.lanes.open()?;
        let opened_at = self.asked.load(Relaxed);
        Some(Lane {
            connection: self,
            number,
            opened_at,
            replies,
        })
    }
}

/// Who gets which replies.
#[derive(Debug, Default)]
struct Lanes(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    has_ended: bool,
    /// By the lane's number; at most [`LANES`].
    places: Vec<Place>,
}

/// A number that a lane can have.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Free,
    /// A lane has it, and its replies go here.
    Open(mpsc::Sender<ClientReply>),
    /// A lane has it and gets nothing any more: it did not take its replies, or the connection ended.
    Cut,
}

impl Lanes {
    /// The next free number and where its replies come; none if the connection is full, or has ended.
    fn open(&self) -> Option<(usize, mpsc::Receiver<ClientReply>)> {
        let mut table = unpoisoned(&self.0);
        let is_free = |place: &Place| matches!(place, Place::Free);
        let free = table.places.iter().position(is_free);
        let number = free.unwrap_or(table.places.len());
        if table.has_ended || number == LANES {
            return None;
        }
        let (sender, replies) = mpsc::channel(MAX_PIPELINE);
        if number == table.places.len() {
            table.places.push(Place::Free);
        }
        table.places[number] = Place::Open(sender);
        Some((number, replies))
    }

    /// The lane that has this number is gone; nothing else makes a number free.
    fn free(&self, number: usize) {
        unpoisoned(&self.0).places[number] = Place::Free;
    }

    /// Hands a reply to its lane; never waits.
    fn route(&self, event: LinkEvent<ClientReply>) -> bool {
        let mut table = unpoisoned(&self.0);
        match event {
            LinkEvent::Message(reply) => {
                if let Some(place) = table.places.get_mut(lane_of(reply.request)) {
                    place.hand_over(reply);
                }
            }
            LinkEvent::Ended(_) => {
                table.has_ended = true;
                table.places.iter_mut().for_each(Place::cut);
            }
        }
        true
    }
}

impl Place {
    /// Gives the reply to the lane, which is cut if it has no room for it.
    fn hand_over(&mut self, reply: ClientReply) {
        if let Self::Open(sender) = self
            && sender.try_send(reply).is_err()
        {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if let Self::Open(_) = self {
            *self = Self::Cut;
        }
    }
}

/// The lane that gave a request this number.
fn lane_of(request: u64) -> usize {
    (request % LANES as u64) as usize
}

/// One client's part of a shared connection.
#[derive(Debug)]
pub(super) struct Lane {
    connection: Arc<Connection>,
    number: usize,
    /// Requests over the connection before its first one; replies to them are for a lane that had its number before.
    opened_at: u64,
    replies: mpsc::Receiver<ClientReply>,
}

impl Lane {
    /// Queues a request and returns its number; it leaves with the connection's next flush.
    ///
    /// # Errors
    /// `OutboxFull`, `Closed`.
    pub(super) fn submit(&mut self, body: RequestBody) -> Result<u64, WireError> {
        let asked = self.connection.asked.fetch_add(1, Relaxed);
        let request = asked * LANES as u64 + self.number as u64;
        self.connection.link.send(ClientRequest { request, body })?;
        Ok(request)
    }

    /// The next reply, in the order of arrival.
    ///
    /// # Errors
    /// `Closed`, whatever ended the connection.
    pub(super) async fn receive(&mut self) -> Result<ClientReply, WireError> {
        loop {
            let reply = self.replies.recv().await.ok_or(WireError::Closed)?;
            if reply.request / LANES as u64 >= self.opened_at {
                return Ok(reply);
            }
        }
    }

    /// The connection failed this client: nobody gets a lane on it from now on.
    pub(super) fn retire(&self) {
        self.connection.is_retired.store(true, Relaxed);
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.connection.lanes.free(self.number);
    }
}

/// Nothing panics while it holds one of these locks.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
