//! Connections from fused servers that bring residuals.
//!
//! The manager's word and the residuals come over different connections, in any order. So a connection's
//! first frame, which names the recovery, is read at once; the rest only when the core expects that recovery.
//! Until then TCP holds the sender back. Each is read by a task of its own, in the pace of the core.
//!
//! Invariant: the core sees streams of the recovery that it expects, and no others.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use multicast::id::NodeId;
use tokio::{
    io::AsyncRead,
    net::TcpStream,
    sync::{mpsc, oneshot},
    task::AbortHandle,
    time::timeout,
};
use wire::{
    Peer, Traffic, WireError, frame::FrameCodec, limits::WRITE_PATIENCE, link::next_frame,
    message::fusion::ResidualFrame,
};

use crate::{assembly::Micros, primary::Event};

/// Connections that may wait; the oldest is closed beyond that.
pub(crate) const MAX_WAITING: usize = 8;

/// How long a connection may wait: for its first frame, and then to be let on. Whoever sends gives up as soon.
pub(crate) const WAITING_PATIENCE: Duration = WRITE_PATIENCE;

/// Frames that may wait before the core.
const FRAMES_AHEAD: usize = 32;

/// A connection whose first frame came, and that may not go on yet.
#[derive(Debug)]
struct Parked {
    stream: u64,
    server: NodeId,
    at: Instant,
    begin: ResidualFrame,
    go_on: oneshot::Sender<()>,
}

#[derive(Debug)]
enum Came {
    First(Parked),
    Next {
        stream: u64,
        server: NodeId,
        at: Instant,
        frame: ResidualFrame,
    },
    Ended {
        stream: u64,
        server: NodeId,
        error: WireError,
    },
}

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

/// Reads frames until the end, which is delivered too; after the first it waits to be let on.
async fn read(stream: u64, server: NodeId, mut bytes: impl AsyncRead + Unpin, deliver: mpsc::Sender<Came>) {
    let mut codec = FrameCodec::default();
    let mut buffer = BytesMut::new();
    let traffic = Traffic::default();
    let first = timeout(
        WAITING_PATIENCE,
        next_frame(&mut bytes, &mut codec, &mut buffer, &traffic),
    );
    let mut frame = first.await.unwrap_or_else(|_| Err(waited_in_vain()));
    if let Ok(begin) = frame {
        let (go_on, gone_on) = oneshot::channel();
        let first = Came::First(Parked {
            stream,
            server,
            at: Instant::now(),
            begin,
            go_on,
        });
        // A closed channel means that the process is stopping; so it does below.
        if deliver.send(first).await.is_err() {
            return;
        }
        frame = match timeout(WAITING_PATIENCE, gone_on).await {
            Ok(Ok(())) => next_frame(&mut bytes, &mut codec, &mut buffer, &traffic).await,
            Ok(Err(_)) => return,
            Err(_) => Err(waited_in_vain()),
        };
    }
    loop {
        let came = match frame {
            Ok(frame) => Came::Next {
                stream,
                server,
                at: Instant::now(),
                frame,
            },
            Err(error) => Came::Ended {
                stream,
                server,
                error,
            },
        };
        let is_over = matches!(came, Came::Ended { .. });
        if deliver.send(came).await.is_err() || is_over {
            return;
        }
        frame = next_frame(&mut bytes, &mut codec, &mut buffer, &traffic).await;
    }
}

fn waited_in_vain() -> WireError {
    let reason = format!("a residual waited for {WAITING_PATIENCE:?}");
    io::Error::new(io::ErrorKind::TimedOut, reason).into()
}

#[cfg(test)]
mod tests {
    use multicast::id::Seq;
    use tokio::{
        io::{AsyncWriteExt, duplex},
        time::{self, sleep},
    };
    use tokio_util::codec::Encoder;

    use super::*;

    fn begin() -> Vec<u8> {
        let frame = ResidualFrame::Begin {
            recovery: 1,
            row: 0,
            cut: Seq(0),
            lengths: [0; 3],
            residual_bytes: [0; 3],
        };
        let mut bytes = BytesMut::new();
        let encoded = FrameCodec::<()>::default().encode(&frame, &mut bytes);
        encoded.expect("it is short");
        bytes.to_vec()
    }

    /// The time at which the connection that said this first is given up, if nothing lets it on.
    async fn given_up(first: &[u8], pause: Duration) -> Duration {
        let (ours, mut theirs) = duplex(1024);
        let (deliver, mut inbox) = mpsc::channel(FRAMES_AHEAD);
        let began = time::Instant::now();
        tokio::spawn(read(1, NodeId(10), ours, deliver));
        sleep(pause).await;
        theirs.write_all(first).await.expect("there is room");
        let mut parked = Vec::new();
        loop {
            match inbox.recv().await.expect("the end is delivered") {
                Came::First(first) => parked.push(first),
                Came::Next { frame, .. } => panic!("{frame:?} was let on"),
                Came::Ended { .. } => return began.elapsed(),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_says_nothing_or_is_not_let_on_is_given_up_after_the_patience() {
        let (none, pause) = (Duration::ZERO, WAITING_PATIENCE / 2);
        assert_eq!(given_up(&[], none).await, WAITING_PATIENCE);
        assert_eq!(given_up(&begin()[..3], none).await, WAITING_PATIENCE);
        assert_eq!(given_up(&begin(), none).await, WAITING_PATIENCE);
        assert_eq!(given_up(&begin(), pause).await, WAITING_PATIENCE + pause);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_was_let_on_may_take_its_time() {
        let (ours, mut theirs) = duplex(1024);
        let (deliver, mut inbox) = mpsc::channel(FRAMES_AHEAD);
        tokio::spawn(read(1, NodeId(10), ours, deliver));
        theirs.write_all(&begin()).await.expect("there is room");
        let Some(Came::First(parked)) = inbox.recv().await else {
            panic!("it begins");
        };
        parked.go_on.send(()).expect("it waits");
        sleep(WAITING_PATIENCE * 2).await;
        theirs.write_all(&begin()).await.expect("there is room");
        let Some(Came::Next { frame, .. }) = inbox.recv().await else {
            panic!("it goes on");
        };
        assert_eq!(frame, parked.begin);
    }
}
