//! Connections from fused servers that bring residuals.
//!
//! They may come before the manager's word that they will: then they wait unread, a few of them, and TCP
//! holds their senders back. Each is read by a task of its own, in the pace of the core.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use bytes::BytesMut;
use multicast::id::NodeId;
use tokio::{net::TcpStream, sync::mpsc, task::AbortHandle};
use wire::{Peer, Traffic, WireError, frame::FrameCodec, link::next_frame, message::fusion::ResidualFrame};

use crate::{assembly::Micros, primary::Event};

/// Connections that may wait unread; the oldest is closed beyond that.
pub(crate) const MAX_WAITING: usize = 8;

/// Frames that may wait before the core.
const FRAMES_AHEAD: usize = 32;

#[derive(Debug)]
struct Came {
    stream: u64,
    server: NodeId,
    at: Instant,
    frame: Result<ResidualFrame, WireError>,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct ResidualStreams {
    waiting: VecDeque<(NodeId, TcpStream)>,
    /// Whether connections are read at once.
    taking: bool,
    reading: BTreeMap<u64, AbortHandle>,
    next: u64,
    started: Instant,
    deliver: mpsc::Sender<Came>,
    inbox: mpsc::Receiver<Came>,
}

impl ResidualStreams {
    pub(crate) fn new() -> Self {
        let (deliver, inbox) = mpsc::channel(FRAMES_AHEAD);
        Self {
            waiting: VecDeque::new(),
            taking: false,
            reading: BTreeMap::new(),
            next: 1,
            started: Instant::now(),
            deliver,
            inbox,
        }
    }

    /// Takes a connection.
    pub(crate) fn accept(&mut self, peer: &Peer, stream: TcpStream) {
        self.waiting.push_back((peer.identity.node, stream));
        if self.waiting.len() > MAX_WAITING {
            tracing::warn!(
                limit = MAX_WAITING,
                "too many residuals wait; the oldest is closed"
            );
            self.waiting.pop_front();
        }
        if self.taking {
            self.take();
        }
    }

    /// Reads what waits and what will come.
    pub(crate) fn take(&mut self) {
        self.taking = true;
        for (server, tcp) in self.waiting.drain(..) {
            let stream = self.next;
            self.next += 1;
            let task = tokio::spawn(read(stream, server, tcp, self.deliver.clone()));
            self.reading.insert(stream, task.abort_handle());
        }
    }

    /// Closes one that is read.
    pub(crate) fn close(&mut self, stream: u64) {
        if let Some(task) = self.reading.remove(&stream) {
            task.abort();
        }
    }

    /// Closes all that are read, and lets new ones wait.
    pub(crate) fn stop(&mut self) {
        self.taking = false;
        while let Some((_, task)) = self.reading.pop_first() {
            task.abort();
        }
    }

    /// The next event of a connection that was not closed. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            let Came {
                stream,
                server,
                at,
                frame,
            } = self
                .inbox
                .recv()
                .await
                .expect("a sender is kept beside the receiver");
            if !self.reading.contains_key(&stream) {
                continue;
            }
            return match frame {
                Ok(frame) => {
                    let at = Micros(at.duration_since(self.started).as_micros() as u64);
                    Event::Residual {
                        stream,
                        server,
                        at,
                        frame,
                    }
                }
                Err(error) => {
                    tracing::debug!(%server, %error, "a residual's connection ended");
                    self.reading.remove(&stream);
                    Event::ResidualEnded { stream }
                }
            };
        }
    }
}

/// Reads frames until the end, which is delivered too.
async fn read(stream: u64, server: NodeId, mut tcp: TcpStream, deliver: mpsc::Sender<Came>) {
    let mut codec = FrameCodec::default();
    let mut buffer = BytesMut::new();
    let traffic = Traffic::default();
    loop {
        let frame = next_frame(&mut tcp, &mut codec, &mut buffer, &traffic).await;
        let ended = frame.is_err();
        let came = Came {
            stream,
            server,
            at: Instant::now(),
            frame,
        };
        if deliver.send(came).await.is_err() || ended {
            return;
        }
    }
}
