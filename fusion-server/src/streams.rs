//! Connections to replacements: residuals' portions out, one report per portion that was written.
//!
//! A task per replacement; TCP paces it, and the core hands out the next portion only after the report.
//!
//! Invariants: a stream of a recovery that was stopped sends nothing more and reports nothing more; one whose
//! replacement takes nothing for as long as [`WRITE_PATIENCE`] fails, and says so.

use std::{collections::BTreeMap, future::Future, io, net::SocketAddr};

use bytes::BytesMut;
use multicast::id::NodeId;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    task::AbortHandle,
    time::timeout,
};
use tokio_util::codec::Encoder;
use wire::{
    Hello, Identity, Purpose, WireError, frame::FrameCodec, handshake, limits::WRITE_PATIENCE,
    message::fusion::ResidualFrame,
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
        write_out(&mut stream, &mut buffer).await?;
        let _ = report.send(sent.clone()).await;
        if ends {
            return linger(stream).await;
        }
    }
    Ok(())
}

/// Writes all of the buffer, waiting for every part of it as long as [`WRITE_PATIENCE`] and no longer.
async fn write_out(stream: &mut (impl AsyncWrite + Unpin), buffer: &mut BytesMut) -> io::Result<()> {
    while !buffer.is_empty() {
        if in_time(stream.write_buf(buffer)).await? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}

/// Waits until the replacement has read everything and closes, so that nothing of it is cut off.
async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), WireError> {
    in_time(stream.shutdown()).await?;
    let mut nothing = [0; 1];
    match in_time(stream.read(&mut nothing)).await {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(error.into()),
        // Whatever else comes now, all was said.
        _ => Ok(()),
    }
}

/// Waits for the replacement as long as [`WRITE_PATIENCE`].
async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let stopped = |_| {
        let reason = format!("the replacement took nothing for {WRITE_PATIENCE:?}");
        io::Error::new(io::ErrorKind::TimedOut, reason)
    };
    timeout(WRITE_PATIENCE, step).await.map_err(stopped)?
}

#[cfg(test)]
mod tests {
    use tokio::{io::duplex, time::Instant};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_replacement_that_stops_reading_is_given_up_after_the_patience() {
        let (mut ours, _theirs) = duplex(4);
        let began = Instant::now();
        let mut buffer = BytesMut::from(&[7; 5][..]);
        let error = write_out(&mut ours, &mut buffer).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!((buffer.len(), began.elapsed()), (1, WRITE_PATIENCE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_replacement_that_reads_slowly_is_waited_for_as_long_as_it_reads() {
        let (mut ours, mut theirs) = duplex(1);
        let began = Instant::now();
        let pause = WRITE_PATIENCE * 9 / 10;
        let reading = tokio::spawn(async move {
            for _ in 0..5 {
                tokio::time::sleep(pause).await;
                theirs.read_u8().await.unwrap();
            }
        });
        let mut buffer = BytesMut::from(&[7; 5][..]);
        write_out(&mut ours, &mut buffer).await.unwrap();
        reading.await.unwrap();
        assert_eq!(began.elapsed(), pause * 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_replacement_that_never_closes_is_given_up_and_one_that_does_is_not() {
        let (ours, theirs) = duplex(4);
        drop(theirs);
        linger(ours).await.unwrap();
        let (ours, _theirs) = duplex(4);
        let began = Instant::now();
        assert!(linger(ours).await.is_err());
        assert_eq!(began.elapsed(), WRITE_PATIENCE);
    }
}
