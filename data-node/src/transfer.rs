//! State transfer over a connection of its own: the donor's stream and the joiner's assembly.

use std::{net::SocketAddr, time::Instant};

use bytes::{Bytes, BytesMut};
use multicast::id::NodeId;
use structures::delta::{REGIONS, RegionId};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_util::codec::Encoder;
use wire::{
    Hello, Identity, Purpose, Traffic, WireError,
    frame::FrameCodec,
    handshake,
    limits::CHUNK_BYTES,
    link::next_frame,
    message::replication::StateFrame,
};

use crate::{replica::Arrived, state::State};

/// Why a transfer came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    /// The connection failed.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The donor's frames make no state.
    #[error("the donor sent {found} instead of {expected}")]
    OutOfOrder { found: &'static str, expected: &'static str },
    /// More or fewer bytes than announced.
    #[error("region {region} has {found} bytes instead of {announced}")]
    Length { region: u8, found: u64, announced: u64 },
}

/// Streams the state to a joiner.
pub(crate) async fn send(
    transfer: u64,
    to: SocketAddr,
    identity: Identity,
    state: State,
) -> Result<(), TransferError> {
    let hello = Hello { identity, purpose: Purpose::Transfer };
    let (_, mut stream) = handshake::dial(to, &hello).await?;
    let lengths = state.images.each_ref().map(|image| image.len() as u64);
    let State { watermark, clock, images } = state;
    let begin = StateFrame::Begin { transfer, donor: identity.node, watermark, clock, lengths };
    let mut buffer = BytesMut::new();
    write(&mut stream, &mut buffer, &begin).await?;
    for (region, image) in RegionId::ALL.into_iter().zip(images) {
        let mut rest = Bytes::from(image);
        while !rest.is_empty() {
            let bytes = rest.split_to(rest.len().min(CHUNK_BYTES));
            write(&mut stream, &mut buffer, &StateFrame::Chunk { region, bytes }).await?;
        }
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
    stream.write_all(buffer).await.map_err(WireError::from)?;
    Ok(())
}

/// Assembles the state that a donor streams. Memory grows with the bytes that really come.
pub(crate) async fn receive(mut stream: TcpStream) -> Result<(NodeId, Arrived), TransferError> {
    let mut codec = FrameCodec::<StateFrame>::default();
    let mut buffer = BytesMut::new();
    let traffic = Traffic::default();
    let first = next_frame(&mut stream, &mut codec, &mut buffer, &traffic).await?;
    let StateFrame::Begin { transfer, donor, watermark, clock, lengths } = first else {
        return Err(TransferError::OutOfOrder { found: name(&first), expected: "Begin" });
    };
    let began = Instant::now();
    let mut images: [Vec<u8>; REGIONS] = Default::default();
    loop {
        match next_frame(&mut stream, &mut codec, &mut buffer, &traffic).await? {
            StateFrame::Chunk { region, bytes } => append(&mut images, region, &bytes, &lengths)?,
            StateFrame::End => break,
            begin @ StateFrame::Begin { .. } => {
                return Err(TransferError::OutOfOrder { found: name(&begin), expected: "Chunk or End" });
            }
        }
    }
    for (region, (image, announced)) in images.iter().zip(lengths).enumerate() {
        let found = image.len() as u64;
        if found != announced {
            return Err(TransferError::Length { region: region as u8, found, announced });
        }
    }
    let transfer_us = began.elapsed().as_micros() as u64;
    let state = State { watermark, clock, images };
    Ok((donor, Arrived { transfer, state, transfer_us }))
}

fn append(
    images: &mut [Vec<u8>; REGIONS],
    region: RegionId,
    bytes: &[u8],
    lengths: &[u64; REGIONS],
) -> Result<(), TransferError> {
    let place = usize::from(region.0);
    let (Some(image), Some(announced)) = (images.get_mut(place), lengths.get(place)) else {
        return Err(TransferError::OutOfOrder { found: "an unknown region", expected: "a region" });
    };
    let found = (image.len() + bytes.len()) as u64;
    if found > *announced {
        return Err(TransferError::Length { region: region.0, found, announced: *announced });
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
