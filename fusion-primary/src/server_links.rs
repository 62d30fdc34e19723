//! The links to fused servers: dialled until they answer, then kept.
//!
//! Invariant: at most one link or attempt per server; whatever an older one still delivers is dropped.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use multicast::id::NodeId;
use tokio::{net::TcpStream, sync::mpsc, task::AbortHandle, time::sleep};
use wire::{
    Hello, Identity, Link, LinkEvent, Purpose, Traffic, handshake,
    limits::INBOX_EVENTS,
    member::redial_pause,
    message::fusion::{AckFrame, DeltaFrame},
};

use crate::primary::Event;

#[derive(Debug)]
enum Port {
    Dialling { _until_dropped: Attempt },
    Up(Link<DeltaFrame>),
}

/// A task that dials; ends when dropped.
#[derive(Debug)]
struct Attempt(AbortHandle);

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Debug)]
enum News {
    Answered(TcpStream),
    Link(LinkEvent<AckFrame>),
}

/// News of a server, with the number of its link or attempt.
type Arrived = (NodeId, u64, News);

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct ServerLinks {
    identity: Identity,
    /// By server: the number of the link or attempt, and that itself.
    ports: BTreeMap<NodeId, (u64, Port)>,
    next: u64,
    deliver: mpsc::Sender<Arrived>,
    inbox: mpsc::Receiver<Arrived>,
    traffic: Arc<Traffic>,
}

impl ServerLinks {
    /// No link yet; what they carry is counted in `traffic`.
    pub(crate) fn new(identity: Identity, traffic: Arc<Traffic>) -> Self {
        let (deliver, inbox) = mpsc::channel(INBOX_EVENTS);
        Self {
            identity,
            ports: BTreeMap::new(),
            next: 1,
            deliver,
            inbox,
            traffic,
        }
    }

    /// Calls a server until it answers, after as long a pause as so many attempts before ask for.
    pub(crate) fn dial(&mut self, server: NodeId, address: SocketAddr, attempt: u32) {
        let number = self.next;
        self.next += 1;
        let hello = Hello {
            identity: self.identity,
            purpose: Purpose::Delta,
        };
        let deliver = self.deliver.clone();
        let task = tokio::spawn(async move {
            let stream = call(address, hello, attempt).await;
            // A closed inbox means that the process is stopping.
            let _ = deliver.send((server, number, News::Answered(stream))).await;
        });
        self.ports.insert(
            server,
            (
                number,
                Port::Dialling {
                    _until_dropped: Attempt(task.abort_handle()),
                },
            ),
        );
    }

    /// Closes the link to a server, or stops calling it.
    pub(crate) fn disconnect(&mut self, server: NodeId) {
        self.ports.remove(&server);
    }

    /// Sends to a server; one that does not take it is lost, and is reported so.
    pub(crate) fn send(&mut self, server: NodeId, frame: DeltaFrame) -> Result<(), LostServer> {
        let Some((_, Port::Up(link))) = self.ports.get(&server) else {
            return Ok(());
        };
        link.send(frame).map_err(|error| {
            tracing::warn!(%server, %error, "the server is lost");
            self.ports.remove(&server);
            LostServer
        })
    }

    /// The next event. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            let arrived = self.inbox.recv().await;
            let arrived = arrived.expect("a sender is kept beside the receiver");
            if let Some(event) = self.take(arrived) {
                return event;
            }
        }
    }

    /// The next event, if there is one already.
    pub(crate) fn try_next(&mut self) -> Option<Event> {
        loop {
            let arrived = self.inbox.try_recv().ok()?;
            if let Some(event) = self.take(arrived) {
                return Some(event);
            }
        }
    }

    /// Nothing follows from the news of a link that was closed.
    fn take(&mut self, (server, number, news): Arrived) -> Option<Event> {
        let (current, _) = self.ports.get(&server)?;
        if *current != number {
            return None;
        }
        Some(match news {
            News::Answered(stream) => {
                let link = self.start(server, number, stream);
                self.ports.insert(server, (number, Port::Up(link)));
                Event::ServerLinked { server }
            }
            News::Link(LinkEvent::Message(frame)) => Event::FromServer { server, frame },
            News::Link(LinkEvent::Ended(error)) => {
                tracing::info!(%server, %error, "a server's link ended");
                self.ports.remove(&server);
                Event::ServerLost { server }
            }
        })
    }

    fn start(&self, server: NodeId, number: u64, stream: TcpStream) -> Link<DeltaFrame> {
        let deliver = self.deliver.clone();
        Link::start(stream, Arc::clone(&self.traffic), move |event| {
            let deliver = deliver.clone();
            async move { deliver.send((server, number, News::Link(event))).await.is_ok() }
        })
    }
}

/// The link did not take a frame and is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LostServer;

async fn call(address: SocketAddr, hello: Hello, attempts_before: u32) -> TcpStream {
    let mut pause = match attempts_before {
        0 => Duration::ZERO,
        attempts => redial_pause(attempts - 1),
    };
    for attempt in attempts_before.. {
        sleep(pause).await;
        match handshake::dial(address, &hello).await {
            Ok((_, stream)) => return stream,
            Err(error) => tracing::debug!(%address, %error, "a server does not answer yet"),
        }
        pause = redial_pause(attempt);
    }
    // Four thousand million attempts later.
    std::future::pending().await
}
