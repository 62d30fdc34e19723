//! The task of one connection that brings a residual.
//!
//! ```text
//! connection --first frame--> First, with the way to let it on --(let on)--> Next ... --the end, or no patience--> Ended
//! ```
//!
//! Invariant: what is not let on within its patience ends, and every end is delivered.

use std::{
    io,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use multicast::id::NodeId;
use tokio::{
    io::AsyncRead,
    sync::{mpsc, oneshot},
    time::timeout,
};
use wire::{
    Traffic, WireError, frame::FrameCodec, limits::WRITE_PATIENCE, link::next_frame,
    message::fusion::ResidualFrame,
};

/// How long a connection may wait: for its first frame, and then to be let on. Whoever sends gives up as soon.
const WAITING_PATIENCE: Duration = WRITE_PATIENCE;

/// A connection whose first frame came, and that may not go on yet.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) stream: u64,
    pub(super) server: NodeId,
    pub(super) at: Instant,
    pub(super) begin: ResidualFrame,
    pub(super) go_on: oneshot::Sender<()>,
}

/// What a connection's task delivers.
#[derive(Debug)]
pub(super) enum Came {
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

/// Reads frames until the end, which is delivered too; after the first it waits to be let on.
pub(super) async fn read(
    stream: u64,
    server: NodeId,
    mut bytes: impl AsyncRead + Unpin,
    deliver: mpsc::Sender<Came>,
) {
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
        let (deliver, mut inbox) = mpsc::channel(1);
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
        let (deliver, mut inbox) = mpsc::channel(1);
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
