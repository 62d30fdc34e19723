//! What carries one client's requests to a door: a connection of its own, or a lane of one that several share.

use std::net::SocketAddr;

use bytes::BytesMut;
use multicast::id::{Incarnation, NodeId};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_util::codec::{Decoder, Encoder};

use super::shared::Lane;
use crate::{
    Hello, Identity, Purpose, Traffic, WireError,
    frame::FrameCodec,
    handshake,
    link::next_frame,
    message::client::{ClientReply, ClientRequest, RequestBody},
};

/// See the module's documentation.
#[derive(Debug)]
pub(super) enum Transport {
    Own(Box<OwnConnection>),
    Shared(Lane),
}

/// No task of its own: what it costs is what the caller sees.
#[derive(Debug)]
pub(super) struct OwnConnection {
    stream: TcpStream,
    codec: FrameCodec<ClientReply>,
    unread: BytesMut,
    unsent: BytesMut,
    next_request: u64,
    traffic: Traffic,
}

impl OwnConnection {
    pub(super) fn over(stream: TcpStream) -> Self {
        Self {
            stream,
            codec: FrameCodec::default(),
            unread: BytesMut::new(),
            unsent: BytesMut::new(),
            next_request: 0,
            traffic: Traffic::default(),
        }
    }

    fn submit(&mut self, body: RequestBody) -> Result<u64, WireError> {
        self.next_request += 1;
        let request = ClientRequest {
            request: self.next_request,
            body,
        };
        self.codec.encode(&request, &mut self.unsent)?;
        Ok(self.next_request)
    }

    async fn flush(&mut self) -> Result<(), WireError> {
        self.stream.write_all_buf(&mut self.unsent).await?;
        Ok(())
    }

    async fn receive(&mut self) -> Result<ClientReply, WireError> {
        if let Some(reply) = self.codec.decode(&mut self.unread)? {
            return Ok(reply);
        }
        self.flush().await?;
        next_frame(&mut self.stream, &mut self.codec, &mut self.unread, &self.traffic).await
    }
}

impl Transport {
    /// Queues a request and returns its number.
    ///
    /// # Errors
    /// `FrameTooLong`, `Unencodable` of an own connection; `OutboxFull`, `Closed` of a shared one.
    pub(super) fn submit(&mut self, body: RequestBody) -> Result<u64, WireError> {
        match self {
            Self::Own(connection) => connection.submit(body),
            Self::Shared(lane) => lane.submit(body),
        }
    }

    /// Sends what is queued; a shared connection does so by itself. Cancel-safe.
    pub(super) async fn flush(&mut self) -> Result<(), WireError> {
        match self {
            Self::Own(connection) => connection.flush().await,
            Self::Shared(_) => Ok(()),
        }
    }

    /// The next reply, in the order of arrival; what is queued leaves once none is there yet. Cancel-safe.
    pub(super) async fn receive(&mut self) -> Result<ClientReply, WireError> {
        match self {
            Self::Own(connection) => connection.receive().await,
            Self::Shared(lane) => lane.receive().await,
        }
    }
}

/// A stream to a door of the cluster with this fingerprint, ready for frames.
pub(super) async fn dial(door: SocketAddr, cluster: u64) -> Result<TcpStream, WireError> {
    let identity = Identity {
        cluster,
        node: NodeId(0),
        incarnation: Incarnation(crate::process::random_id()),
    };
    let purpose = Purpose::Client;
    let (_, stream) = handshake::dial(door, &Hello { identity, purpose }).await?;
    Ok(stream)
}
