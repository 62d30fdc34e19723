//! Connections to replacements: residuals' portions out, one report per portion that was written.
//!
//! A task per replacement; TCP paces it, and the core hands out the next portion only after the report.
//!
//! Invariant: a stream of a recovery that was stopped sends nothing more and reports nothing more.

use std::{collections::BTreeMap, net::SocketAddr};

use bytes::BytesMut;
use multicast::id::NodeId;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    task::AbortHandle,
};
use tokio_util::codec::Encoder;
use wire::{
    Hello, Identity, Purpose, WireError, frame::FrameCodec, handshake, message::fusion::ResidualFrame,
};

use crate::{
    backup::Event,
    residual::{MAX_PORTIONS, Portion},
};

/// Which stream: the recovery, and the lost primary.
type Key = (u64, NodeId);

#[derive(Debug)]
struct Stream {
    portions: mpsc::Sender<Vec<ResidualFrame>>,
    task: AbortHandle,
}

/// All streams to replacements.
#[derive(Debug)]
pub(crate) struct Streams {
    identity: Identity,
    streams: BTreeMap<Key, Stream>,
    report: mpsc::Sender<Event>,
    reports: mpsc::Receiver<Event>,
}

impl Streams {
    pub(crate) fn new(identity: Identity) -> Self {
        // Every stream may report each portion once, and its failure.
        let (report, reports) = mpsc::channel(64);
        Self {
            identity,
            streams: BTreeMap::new(),
            report,
            reports,
        }
    }

    /// Hands a portion to its stream, which is begun by the first one.
    pub(crate) fn send(&mut self, portion: Portion) {
        let key = (portion.recovery, portion.primary);
        let (identity, report) = (self.identity, &self.report);
        let stream = self.streams.entry(key).or_insert_with(|| {
            let (portions, queue) = mpsc::channel(MAX_PORTIONS);
            let task = tokio::spawn(run(key, portion.address, identity, queue, report.clone()));
            Stream {
                portions,
                task: task.abort_handle(),
            }
        });
        // A failure means that the stream has failed, which is reported already.
        let _ = stream.portions.try_send(portion.frames);
    }

    /// Stops the streams of a recovery.
    pub(crate) fn stop(&mut self, recovery: u64) {
        self.streams.retain(|(of, _), stream| {
            let stopped = *of == recovery;
            if stopped {
                stream.task.abort();
            }
            !stopped
        });
    }

    /// Lets go of the streams that have ended.
    fn tidy(&mut self) {
        self.streams.retain(|_, stream| !stream.task.is_finished());
    }

    /// The next report of a stream. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Event {
        let report = self
            .reports
            .recv()
            .await
            .expect("a sender is kept beside the receiver");
        self.tidy();
        report
    }
}

async fn run(
    (recovery, primary): Key,
    address: SocketAddr,
    identity: Identity,
    queue: mpsc::Receiver<Vec<ResidualFrame>>,
    report: mpsc::Sender<Event>,
) {
    let sent = Event::PortionSent { recovery, primary };
    if let Err(error) = stream(address, identity, queue, &report, sent).await {
        let reason = error.to_string();
        // A closed channel means that the process is stopping.
        let _ = report
            .send(Event::StreamFailed {
                recovery,
                primary,
                reason,
            })
            .await;
    }
}

async fn stream(
    address: SocketAddr,
    identity: Identity,
    mut queue: mpsc::Receiver<Vec<ResidualFrame>>,
    report: &mpsc::Sender<Event>,
    sent: Event,
) -> Result<(), WireError> {
    let hello = Hello {
        identity,
        purpose: Purpose::Residual,
    };
    let (_, mut stream) = handshake::dial(address, &hello).await?;
    let mut buffer = BytesMut::new();
    while let Some(frames) = queue.recv().await {
        let ends = frames.last() == Some(&ResidualFrame::End);
        for frame in &frames {
            FrameCodec::<()>::default().encode(frame, &mut buffer)?;
        }
        stream.write_all(&buffer).await?;
        buffer.clear();
        let _ = report.send(sent.clone()).await;
        if ends {
            return linger(stream).await;
        }
    }
    Ok(())
}

/// Waits until the replacement has read everything and closes, so that nothing of it is cut off.
async fn linger(mut stream: TcpStream) -> Result<(), WireError> {
    stream.shutdown().await?;
    let mut nothing = [0; 1];
    // Whatever comes now, all was said.
    let _ = stream.read(&mut nothing).await;
    Ok(())
}
