//! State transfer over a connection of its own: the donor's stream and the joiner's assembly.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use multicast::{id::NodeId, skeen::snapshot::Snapshot};
use structures::{
    delta::{REGIONS, RegionId},
    kind::StructureSpec,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::mpsc, time::timeout};
use tokio_util::codec::Encoder;
use wire::{
    Hello, Identity, Purpose, Traffic, WireError,
    frame::FrameCodec,
    handshake,
    link::next_frame,
    message::replication::{Batch, StateFrame},
};

use crate::{
    replica::{Arrived, Piece},
    state::State,
};

/// How long the other end of a transfer may take for one frame; without a limit a silent one would keep
/// the group's writers waiting for ever.
const FRAME_PATIENCE: Duration = Duration::from_secs(5);

/// Why a transfer came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    /// The connection failed.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The donor's frames make no state.
    #[error("the donor sent {found} instead of {expected}")]
    OutOfOrder {
        found: &'static str,
        expected: &'static str,
    },
    /// More or fewer bytes than announced.
    #[error("region {region} has {found} bytes instead of {announced}")]
    Length { region: u8, found: u64, announced: u64 },
    /// The other end neither sends nor takes anything.
    #[error("the other end was silent for {limit_ms} ms")]
    Silent { limit_ms: u128 },
}

/// A stream that made no state: which transfer's, if it got so far as to say so.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) transfer: Option<u64>,
    pub(crate) error: TransferError,
}

/// A whole state, not checked yet.
#[derive(Debug, PartialEq)]
pub(crate) struct Received {
    pub(crate) transfer: u64,
    pub(crate) donor: NodeId,
    pub(crate) state: State,
    pub(crate) transfer_us: u64,
}

impl Received {
    /// Checks the images and derives the indexes; what is unsound goes to the core as such.
    pub(crate) fn check(self, spec: StructureSpec) -> Arrived {
        let Self {
            transfer,
            state,
            transfer_us,
            ..
        } = self;
        let snapshot = state.snapshot.clone();
        let began = Instant::now();
        let structure = state.into_structure(spec);
        let install_us = began.elapsed().as_micros() as u64;
        Arrived {
            transfer,
            snapshot,
            structure,
            transfer_us,
            install_us,
        }
    }
}

/// What a donor says of a state before its pieces.
#[derive(Debug)]
pub(crate) struct Announcement {
    pub(crate) transfer: u64,
    pub(crate) snapshot: Snapshot<Batch>,
    pub(crate) lengths: [u64; REGIONS],
}

/// Streams a state to a joiner: the announcement, then all pieces that come, until their sender is dropped.
pub(crate) async fn send(
    to: SocketAddr,
    identity: Identity,
    announcement: Announcement,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<(), TransferError> {
    let hello = Hello {
        identity,
        purpose: Purpose::Transfer,
    };
    let (_, mut stream) = handshake::dial(to, &hello).await?;
    let Announcement {
        transfer,
        snapshot,
        lengths,
    } = announcement;
    let begin = StateFrame::Begin {
        transfer,
        donor: identity.node,
        snapshot,
        lengths,
    };
    let mut buffer = BytesMut::new();
    write(&mut stream, &mut buffer, &begin).await?;
    while let Some((region, bytes)) = pieces.recv().await {
        write(&mut stream, &mut buffer, &StateFrame::Chunk { region, bytes }).await?;
    }
    write(&mut stream, &mut buffer, &StateFrame::End).await
}

async fn write(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    frame: &StateFrame,
) -> Result<(), TransferError> {
    buffer.clear();
    FrameCodec::<()>::default().encode(frame, buffer)?;
    within_patience(stream.write_all(buffer))
        .await?
        .map_err(WireError::from)?;
    Ok(())
}

async fn within_patience<T>(step: impl Future<Output = T>) -> Result<T, TransferError> {
    let silent = |_| TransferError::Silent {
        limit_ms: FRAME_PATIENCE.as_millis(),
    };
    timeout(FRAME_PATIENCE, step).await.map_err(silent)
}

/// The donor's frames, one after the other.
struct Frames {
    stream: TcpStream,
    codec: FrameCodec<StateFrame>,
    buffer: BytesMut,
    traffic: Traffic,
}

impl Frames {
    async fn next(&mut self) -> Result<StateFrame, TransferError> {
        let Self {
            stream,
            codec,
            buffer,
            traffic,
        } = self;
        Ok(within_patience(next_frame(stream, codec, buffer, traffic)).await??)
    }
}

/// Assembles the state that a donor streams. Memory grows with the bytes that really come.
pub(crate) async fn receive(stream: TcpStream) -> Result<Received, Broken> {
    let nameless = |error| Broken {
        transfer: None,
        error,
    };
    let (codec, buffer) = (FrameCodec::default(), BytesMut::new());
    let mut frames = Frames {
        stream: at_home(stream).map_err(|error| nameless(WireError::from(error).into()))?,
        codec,
        buffer,
        traffic: Traffic::default(),
    };
    let first = frames.next().await.map_err(nameless)?;
    let StateFrame::Begin {
        transfer,
        donor,
        snapshot,
        lengths,
    } = first
    else {
        return Err(nameless(TransferError::OutOfOrder {
            found: name(&first),
            expected: "Begin",
        }));
    };
    let began = Instant::now();
    let images = receive_images(&mut frames, lengths).await;
    let images = images.map_err(|error| Broken {
        transfer: Some(transfer),
        error,
    })?;
    let transfer_us = began.elapsed().as_micros() as u64;
    let state = State { snapshot, images };
    Ok(Received {
        transfer,
        donor,
        state,
        transfer_us,
    })
}

/// The stream of another thread's runtime, as one of this one's, which hears of its news itself.
fn at_home(stream: TcpStream) -> io::Result<TcpStream> {
    TcpStream::from_std(stream.into_std()?)
}

async fn receive_images(
    frames: &mut Frames,
    lengths: [u64; REGIONS],
) -> Result<[Vec<u8>; REGIONS], TransferError> {
    let mut images: [Vec<u8>; REGIONS] = Default::default();
    loop {
        match frames.next().await? {
            StateFrame::Chunk { region, bytes } => append(&mut images, region, &bytes, &lengths)?,
            StateFrame::End => break,
            begin @ StateFrame::Begin { .. } => {
                return Err(TransferError::OutOfOrder {
                    found: name(&begin),
                    expected: "Chunk or End",
                });
            }
        }
    }
    for (region, (image, announced)) in images.iter().zip(lengths).enumerate() {
        let found = image.len() as u64;
        if found != announced {
            return Err(TransferError::Length {
                region: region as u8,
                found,
                announced,
            });
        }
    }
    Ok(images)
}

fn append(
    images: &mut [Vec<u8>; REGIONS],
    region: RegionId,
    bytes: &[u8],
    lengths: &[u64; REGIONS],
) -> Result<(), TransferError> {
    let place = usize::from(region.0);
    if images.iter().skip(place + 1).any(|later| !later.is_empty()) {
        return Err(TransferError::OutOfOrder {
            found: "an earlier region",
            expected: "a later one",
        });
    }
    let (Some(image), Some(announced)) = (images.get_mut(place), lengths.get(place)) else {
        return Err(TransferError::OutOfOrder {
            found: "an unknown region",
            expected: "a region",
        });
    };
    let found = (image.len() + bytes.len()) as u64;
    if found > *announced {
        return Err(TransferError::Length {
            region: region.0,
            found,
            announced: *announced,
        });
    }
    if image.is_empty() {
        // As long as was announced, if that is no more than a frame; the rest grows with what comes.
        image.reserve_exact((*announced as usize).min(wire::limits::MAX_FRAME_BYTES));
    }
    image.extend_from_slice(bytes);
    Ok(())
}

fn name(frame: &StateFrame) -> &'static str {
    match frame {
        StateFrame::Begin { .. } => "Begin",
        StateFrame::Chunk { .. } => "Chunk",
        StateFrame::End => "End",
    }
}

#[cfg(test)]
mod tests;
