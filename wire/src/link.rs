//! A kept connection as a value: an outbox to put messages into, and events that come out.
//!
//! Two tasks a link. The writer gathers whatever waits in the outbox and flushes once per batch; the reader
//! turns frames into events of the task that owns the core. The outbox is bounded and never waits: a core
//! must not stall because one peer does, so a full outbox closes the link (the detector and the epoch do
//! the rest).

use std::{
    future::{Future, poll_fn},
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
};

use bytes::{Buf, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::AbortHandle,
    time::timeout,
};
use tokio_util::codec::{Decoder, Encoder};

use crate::{
    error::WireError,
    frame::FrameCodec,
    limits::{
        FLUSH_BYTES, FRAMES_PER_FLUSH, OUTBOX_FRAMES, READ_START_BYTES, WRITE_PATIENCE, WRITE_START_BYTES,
    },
    traffic::{Traffic, count_received},
};

/// What a link's reader reports: any number of messages, then one end.
#[derive(Debug)]
pub enum LinkEvent<In> {
    /// A frame arrived.
    Message(In),
    /// No more will come, and why.
    Ended(WireError),
}

/// The sending end of a kept connection. Dropping it closes the connection after what was queued is sent.
#[derive(Debug)]
pub struct Link<Out> {
    /// What waits; behind pointers, so that the queue of an idle link is small.
    outbox: mpsc::Sender<Box<Out>>,
    reader: AbortHandle,
    writer: AbortHandle,
}

impl<Out: Serialize + Send + Sync + 'static> Link<Out> {
    /// Starts the two tasks of a link over a stream that finished its handshake. `deliver` hands one event
    /// to the core's task and waits while that is behind; it returns `false` when nobody listens any more.
    pub fn start<In, Deliver, Delivered>(stream: TcpStream, traffic: Arc<Traffic>, deliver: Deliver) -> Self
    where
        In: DeserializeOwned + Send + 'static,
        Deliver: Fn(LinkEvent<In>) -> Delivered + Send + Sync + 'static,
        Delivered: Future<Output = bool> + Send + 'static,
    {
        let (outbox, queue) = mpsc::channel(OUTBOX_FRAMES);
        let (reading, writing) = stream.into_split();
        let writer = tokio::spawn(write_frames(writing, queue, Arc::clone(&traffic))).abort_handle();
        let reader = tokio::spawn(read_frames(reading, traffic, deliver)).abort_handle();
        Self {
            outbox,
            reader,
            writer,
        }
    }

    /// Queues a message; never waits.
    ///
    /// # Errors
    /// `OutboxFull` if the peer lets too much wait (the connection is cut then, and what waits is dropped);
    /// `Closed` if the connection has ended.
    pub fn send(&self, message: Out) -> Result<(), WireError> {
        self.outbox
            .try_send(Box::new(message))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => {
                    self.writer.abort();
                    WireError::OutboxFull {
                        queued: OUTBOX_FRAMES,
                    }
                }
                mpsc::error::TrySendError::Closed(_) => WireError::Closed,
            })
    }
}

impl<Out> Link<Out> {
    /// Frames that wait in the outbox.
    pub fn backlog(&self) -> usize {
        self.outbox.max_capacity() - self.outbox.capacity()
    }
}

impl<Out> Drop for Link<Out> {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Sends frames until the queue closes or the peer is gone or takes nothing any more; one flush per batch, and one
/// more whenever as many bytes have gathered as make a large one.
async fn write_frames<Out: Serialize>(
    mut stream: OwnedWriteHalf,
    mut queue: mpsc::Receiver<Box<Out>>,
    traffic: Arc<Traffic>,
) {
    let mut codec = FrameCodec::<()>::default();
    let mut batch = Vec::with_capacity(FRAMES_PER_FLUSH);
    while queue.recv_many(&mut batch, FRAMES_PER_FLUSH).await > 0 {
        let frames = batch.len();
        traffic.count(frames as u64, 0);
        // Of this batch alone: whoever has nothing to say holds no memory.
        let mut buffer = BytesMut::with_capacity(WRITE_START_BYTES);
        for (place, message) in batch.drain(..).enumerate() {
            if let Err(error) = codec.encode(&message, &mut buffer) {
                tracing::error!(%error, "a message of ours was not sent; closing the link");
                return;
            }
            let is_last = place + 1 == frames;
            if (is_last || buffer.len() >= FLUSH_BYTES) && !flush(&mut stream, &mut buffer, &traffic).await {
                return;
            }
        }
    }
}

/// Sends what has gathered; false if the peer is gone or takes nothing any more.
async fn flush(stream: &mut OwnedWriteHalf, buffer: &mut BytesMut, traffic: &Traffic) -> bool {
    traffic.count(0, buffer.len() as u64);
    // As a rule it goes at once; only what has to wait needs a timer.
    match stream.try_write(buffer) {
        Ok(written) => buffer.advance(written),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(_) => return false,
    }
    if buffer.is_empty() {
        return true;
    }
    let written = timeout(WRITE_PATIENCE, stream.write_all(buffer)).await;
    buffer.clear();
    matches!(written, Ok(Ok(())))
}

/// Delivers frames until the stream ends or nobody listens.
async fn read_frames<In, Deliver, Delivered>(
    mut stream: OwnedReadHalf,
    traffic: Arc<Traffic>,
    deliver: Deliver,
) where
    In: DeserializeOwned,
    Deliver: Fn(LinkEvent<In>) -> Delivered,
    Delivered: Future<Output = bool>,
{
    let mut codec = FrameCodec::<In>::default();
    let mut buffer = BytesMut::new();
    let end = loop {
        match next_frame(&mut stream, &mut codec, &mut buffer, &traffic).await {
            Ok(message) => {
                if !deliver(LinkEvent::Message(message)).await {
                    return;
                }
            }
            Err(error) => break error,
        }
    };
    deliver(LinkEvent::Ended(end)).await;
}

/// The next frame of a stream, whatever pieces it comes in. `buffer` keeps what came behind it, and holds no memory
/// while it waits for a frame to begin.
///
/// # Errors
/// `Closed` at an end between frames, `Torn` inside one, `FrameTooLong`, `Garbage`, `Io`.
pub async fn next_frame<In: DeserializeOwned, Stream: AsyncRead + Unpin>(
    stream: &mut Stream,
    codec: &mut FrameCodec<In>,
    buffer: &mut BytesMut,
    traffic: &Traffic,
) -> Result<In, WireError> {
    loop {
        let before = buffer.len();
        if let Some(message) = codec.decode(buffer)? {
            count_frame(traffic, before - buffer.len());
            return Ok(message);
        }
        if buffer.is_empty() {
            if let Some((message, bytes)) = begin_to_read(stream, codec, buffer).await? {
                count_frame(traffic, bytes);
                return Ok(message);
            }
        } else if read_more(stream, buffer).await? == 0 {
            return codec.decode_eof(buffer)?.ok_or(WireError::Closed);
        }
    }
}

fn count_frame(traffic: &Traffic, bytes: usize) {
    traffic.count(1, bytes as u64);
    count_received(bytes as u64);
}

/// Waits for the first bytes of a frame. If it is all there it is taken from where it was read: the common case moves
/// and allocates nothing. What else was read is left in the buffer, which is empty before.
async fn begin_to_read<In: DeserializeOwned, Stream: AsyncRead + Unpin>(
    stream: &mut Stream,
    codec: &FrameCodec<In>,
    buffer: &mut BytesMut,
) -> Result<Option<(In, usize)>, WireError> {
    *buffer = BytesMut::new();
    poll_fn(|context| {
        let mut space = [MaybeUninit::uninit(); READ_START_BYTES];
        let mut space = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut *stream).poll_read(context, &mut space))?;
        let read = space.filled();
        if read.is_empty() {
            return Poll::Ready(Err(WireError::Closed));
        }
        let first = codec.first_frame(read)?;
        let taken = first.as_ref().map_or(0, |(_, bytes)| *bytes);
        buffer.extend_from_slice(&read[taken..]);
        Poll::Ready(Ok(first))
    })
    .await
}

/// Reads behind what is buffered; 0 at the end of the stream.
async fn read_more<Stream: AsyncRead + Unpin>(
    stream: &mut Stream,
    buffer: &mut BytesMut,
) -> Result<usize, WireError> {
    buffer.reserve(READ_START_BYTES);
    Ok(stream.read_buf(buffer).await?)
}

#[cfg(test)]
mod tests;
