//! The member's side against real sockets on free ports; a manager that is played by hand.

mod connections;
mod doorstep;
mod managers;

use std::{net::SocketAddr, time::Duration};

use bytes::BytesMut;
use multicast::id::{Incarnation, NodeId};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tokio_util::codec::Encoder;

use super::*;
use crate::{
    frame::FrameCodec,
    handshake::{self, Hello, Identity, Peer, Purpose},
    limits::REDIAL_PAUSE,
    link::next_frame,
    message::{
        entry::{Enter, EnterReply},
        membership::{Addresses, Role},
    },
    traffic::Traffic,
};

const CLUSTER: u64 = 77;
pub(in crate::member) const TIMING: Timing = Timing {
    heartbeat: Duration::from_millis(5),
    suspicion: Duration::from_millis(400),
};

pub(in crate::member) fn identity(node: u32) -> Identity {
    Identity {
        cluster: CLUSTER,
        node: NodeId(node),
        incarnation: Incarnation(u64::from(node) + 100),
    }
}

pub(in crate::member) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

pub(in crate::member) async fn dial(address: SocketAddr, purpose: Purpose) -> TcpStream {
    let hello = Hello {
        identity: identity(9),
        purpose,
    };
    handshake::dial(address, &hello)
        .await
        .expect("the door is open")
        .1
}

pub(in crate::member) fn entry(manager: SocketAddr) -> Entry {
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    let enter = Enter {
        node: NodeId(1),
        incarnation: Incarnation(101),
        role: Role::Primary,
        addresses: Addresses {
            peers: address,
            clients: address,
        },
    };
    Entry {
        managers: vec![(manager.ip().to_string(), manager.port())],
        enter,
        cluster: CLUSTER,
    }
}

pub(in crate::member) async fn write<M: serde::Serialize>(stream: &mut TcpStream, message: &M) {
    let mut buffer = BytesMut::new();
    FrameCodec::<()>::default()
        .encode(message, &mut buffer)
        .expect("small");
    stream.write_all(&buffer).await.expect("connected");
}

pub(in crate::member) async fn read<M: serde::de::DeserializeOwned>(stream: &mut TcpStream) -> M {
    let mut codec = FrameCodec::<M>::default();
    next_frame(stream, &mut codec, &mut BytesMut::new(), &Traffic::default())
        .await
        .expect("a frame")
}

/// Answers one `Enter` at the manager's listener.
pub(in crate::member) async fn answer(listener: &TcpListener, reply: EnterReply) -> (Peer, Enter) {
    let (stream, _) = listener.accept().await.expect("a caller");
    let (peer, mut stream) = handshake::accept(stream, &identity(0), &[Purpose::Entry])
        .await
        .expect("a member");
    let enter = read(&mut stream).await;
    write(&mut stream, &reply).await;
    (peer, enter)
}

#[test]
fn pauses_double_up_to_the_longest() {
    let pauses: Vec<_> = [0, 1, 2, 6, 7, 1000].map(redial_pause).to_vec();
    let (first, longest) = REDIAL_PAUSE;
    assert_eq!(
        pauses,
        [first, first * 2, first * 4, first * 64, longest, longest]
    );
}
