//! Connections from fused servers that bring residuals.
//!
//! The manager's word and the residuals come over different connections, in any order. So a connection's
//! first frame, which names the recovery, is read at once; the rest only when the core expects that recovery.
//! Until then TCP holds the sender back. Each is read by a task of its own (`reader`), in the pace of the core.
//!
//! Invariant: the core sees streams of the recovery that it expects, and no others.

mod reader;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use tokio::{net::TcpStream, sync::mpsc, task::AbortHandle};
use wire::{Peer, message::fusion::ResidualFrame};

use self::reader::{Came, Parked, read};
use crate::{assembly::Micros, primary::Event};

/// Connections that may wait; the oldest is closed beyond that.
pub(crate) const MAX_WAITING: usize = 8;

/// Frames that may wait before the core.
const FRAMES_AHEAD: usize = 32;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct ResidualStreams {
    parked: VecDeque<Parked>,
    /// The recovery whose streams go on.
    expected: Option<u64>,
    /// The tasks of all connections.
    tasks: BTreeMap<u64, AbortHandle>,
    /// The connections that go on, which the core knows.
    known: VecDeque<u64>,
    /// First frames of connections that may go on, to be delivered.
    released: VecDeque<Event>,
    next: u64,
    started: Instant,
    deliver: mpsc::Sender<Came>,
    inbox: mpsc::Receiver<Came>,
}

impl ResidualStreams {
    pub(crate) fn new() -> Self {
        let (deliver, inbox) = mpsc::channel(FRAMES_AHEAD);
        Self {
            parked: VecDeque::new(),
            expected: None,
            tasks: BTreeMap::new(),
            known: VecDeque::new(),
            released: VecDeque::new(),
            next: 1,
            started: Instant::now(),
            deliver,
            inbox,
        }
    }

    /// Takes a connection and reads its first frame.
    pub(crate) fn accept(&mut self, peer: &Peer, tcp: TcpStream) {
        let waiting = self.tasks.keys().filter(|stream| !self.known.contains(stream));
        let waiting: Vec<u64> = waiting.copied().collect();
        if waiting.len() >= MAX_WAITING {
            tracing::warn!(
                limit = MAX_WAITING,
                "too many residuals wait; the oldest is closed"
            );
            self.close(waiting[0]);
        }
        let stream = self.next;
        self.next += 1;
        let task = tokio::spawn(read(stream, peer.identity.node, tcp, self.deliver.clone()));
        self.tasks.insert(stream, task.abort_handle());
    }

    /// Lets the streams of this recovery go on, those that wait and those that will come.
    pub(crate) fn take(&mut self, recovery: u64) {
        self.expected = Some(recovery);
        for parked in std::mem::take(&mut self.parked) {
            self.judge(parked);
        }
    }

    /// Closes one.
    pub(crate) fn close(&mut self, stream: u64) {
        self.parked.retain(|parked| parked.stream != stream);
        self.known.retain(|known| *known != stream);
        let is_of_it = |event: &Event| matches!(event, Event::Residual { stream: of, .. } if *of == stream);
        self.released.retain(|event| !is_of_it(event));
        if let Some(task) = self.tasks.remove(&stream) {
            task.abort();
        }
    }

    /// Closes all that went on; others wait.
    pub(crate) fn stop(&mut self) {
        self.expected = None;
        self.released.clear();
        while let Some(stream) = self.known.front().copied() {
            self.close(stream);
        }
    }

    /// The next event of a connection that was not closed. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            if let Some(first) = self.released.pop_front() {
                return first;
            }
            match self
                .inbox
                .recv()
                .await
                .expect("a sender is kept beside the receiver")
            {
                Came::First(parked) if self.tasks.contains_key(&parked.stream) => self.judge(parked),
                Came::Next {
                    stream,
                    server,
                    at,
                    frame,
                } if self.known.contains(&stream) => {
                    return Event::Residual {
                        stream,
                        server,
                        at: self.micros(at),
                        frame,
                    };
                }
                Came::Ended {
                    stream,
                    server,
                    error,
                } => {
                    tracing::debug!(%server, %error, "a residual's connection ended");
                    let was_known = self.known.contains(&stream);
                    self.close(stream);
                    if was_known {
                        return Event::ResidualEnded { stream };
                    }
                }
                Came::First(_) | Came::Next { .. } => {}
            }
        }
    }

    /// Lets a connection go on if its recovery is expected, or keeps it waiting.
    fn judge(&mut self, parked: Parked) {
        let recovery = match &parked.begin {
            ResidualFrame::Begin { recovery, .. } => Some(*recovery),
            _ => None,
        };
        if recovery.is_none() {
            tracing::warn!(server = %parked.server, "a residual does not begin with its recovery");
            self.close(parked.stream);
        } else if recovery == self.expected {
            let Parked {
                stream,
                server,
                at,
                begin,
                go_on,
            } = parked;
            self.known.push_back(stream);
            self.released.push_back(Event::Residual {
                stream,
                server,
                at: self.micros(at),
                frame: begin,
            });
            // If the task has ended, its end is reported.
            let _ = go_on.send(());
        } else {
            self.parked.push_back(parked);
        }
    }

    fn micros(&self, at: Instant) -> Micros {
        Micros(at.duration_since(self.started).as_micros() as u64)
    }
}
