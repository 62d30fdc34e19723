//! A door that is played by hand, for tests of what knocks at it.

use std::time::Duration;

use multicast::id::{GroupId, Incarnation, NodeId};
use settings::Mechanism;
use structures::op::Write;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tokio_util::codec::Encoder;

use super::Directory;
use crate::{
    Identity, Purpose, Traffic, WireError,
    frame::FrameCodec,
    handshake,
    link::next_frame,
    message::client::{ClientReply, ClientRequest, ReplyBody, RequestBody},
};

/// The group that everything is about.
pub(super) const GROUP: GroupId = GroupId(3);

/// Takes connections one after another.
pub(super) struct Door(TcpListener);

/// One connection to it.
pub(super) struct Visit {
    stream: TcpStream,
    codec: FrameCodec<ClientRequest>,
    unread: bytes::BytesMut,
}

impl Door {
    /// Opens it at a free port.
    pub(super) async fn open() -> (Self, Directory) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let directory = Directory {
            managers: vec![("127.0.0.1".to_owned(), port)],
            cluster: 7,
            mechanism: Mechanism::Replication,
            suspicion: Duration::from_millis(50),
            shared: None,
        };
        (Self(listener), directory)
    }

    pub(super) async fn accept(&self) -> Visit {
        let (stream, _) = self.0.accept().await.expect("a caller");
        let ours = Identity {
            cluster: 7,
            node: NodeId(0),
            incarnation: Incarnation(1),
        };
        let accepted = handshake::accept(stream, &ours, &[Purpose::Client]).await;
        Visit {
            stream: accepted.expect("a client").1,
            codec: FrameCodec::default(),
            unread: bytes::BytesMut::new(),
        }
    }
}

impl Visit {
    pub(super) async fn next_request(&mut self) -> (u64, RequestBody) {
        let traffic = Traffic::default();
        let request = next_frame(&mut self.stream, &mut self.codec, &mut self.unread, &traffic).await;
        let ClientRequest { request, body } = request.expect("a request");
        (request, body)
    }

    /// Waits until the caller has closed; it must send nothing more.
    pub(super) async fn closed(&mut self) {
        let traffic = Traffic::default();
        let next = next_frame(&mut self.stream, &mut self.codec, &mut self.unread, &traffic).await;
        assert!(matches!(next, Err(WireError::Closed)), "{next:?}");
    }

    pub(super) async fn next_write(&mut self) -> (u64, Write) {
        match self.next_request().await {
            (request, RequestBody::Write { group: GROUP, write }) => (request, write),
            other => panic!("no write: {other:?}"),
        }
    }

    pub(super) async fn reply(&mut self, request: u64, body: ReplyBody) {
        let mut buffer = bytes::BytesMut::new();
        FrameCodec::<()>::default()
            .encode(&ClientReply { request, body }, &mut buffer)
            .expect("small");
        self.stream.write_all(&buffer).await.expect("connected");
    }
}
