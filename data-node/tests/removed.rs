//! A data node that is told that it was removed: it ends, unless whoever says so knows less than the node itself.
//!
//! The manager is played by hand, over real sockets on free ports.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

use std::{future::pending, net::SocketAddr};

use bytes::BytesMut;
use multicast::id::{Epoch, GroupId, Incarnation, NodeId};
use settings::{Cluster, Mechanism};
use structures::query::Query;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::codec::Encoder;
use wire::{
    Hello, Identity, Purpose, Traffic,
    frame::FrameCodec,
    handshake,
    link::next_frame,
    member::MemberEnd,
    message::{
        entry::{Enter, EnterReply, EntryRefused},
        replication::{FromNode, ToNode},
    },
};

/// The manager, and the node that it plays for.
struct Scene {
    door: TcpListener,
    identity: Identity,
    node: JoinHandle<std::io::Result<MemberEnd>>,
    node_address: SocketAddr,
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

impl Scene {
    async fn new() -> Self {
        let local = ("127.0.0.1", 0);
        let cluster = Cluster::builder(Mechanism::Replication, local)
            .data_node("A", local, local)
            .data_node("A", local, local)
            .build()
            .unwrap();
        let door = listener().await;
        let port = door.local_addr().unwrap().port();
        let managers = vec![("127.0.0.1".to_owned(), port)];
        let settings = data_node::Settings::from_cluster(&cluster, 1, managers, || 0).unwrap();
        let identity = Identity {
            node: NodeId(99),
            incarnation: Incarnation(1),
            ..settings.member.identity
        };
        let multicast = listener().await;
        let node_address = multicast.local_addr().unwrap();
        let node = tokio::spawn(data_node::run(multicast, listener().await, settings, pending()));
        Self {
            door,
            identity,
            node,
            node_address,
        }
    }

    /// Answers the node's next `Enter`.
    async fn answer(&mut self, reply: EnterReply) -> Enter {
        let (stream, _) = tokio::select! {
            caller = self.door.accept() => caller.unwrap(),
            end = &mut self.node => panic!("the node asks no more: {end:?}"),
        };
        let (_, mut stream) = handshake::accept(stream, &self.identity, &[Purpose::Entry])
            .await
            .unwrap();
        let enter = read(&mut stream).await;
        write(&mut stream, &reply).await;
        enter
    }

    /// Calls the node, and lets it take part in this epoch; gives the link.
    async fn found(&self, epoch: Epoch) -> TcpStream {
        let hello = Hello {
            identity: self.identity,
            purpose: Purpose::Manager,
        };
        let (_, mut link) = handshake::dial(self.node_address, &hello).await.unwrap();
        let group = GroupId(0);
        write(&mut link, &ToNode::Found { epoch, group }).await;
        let (token, query) = (7, Query::Len);
        write(&mut link, &ToNode::Read { token, query }).await;
        // One after the other: what was said before the read has been heard.
        while !matches!(read(&mut link).await, FromNode::ReadReply { token: 7, .. }) {}
        link
    }
}

async fn write<M: serde::Serialize>(stream: &mut TcpStream, message: &M) {
    let mut buffer = BytesMut::new();
    FrameCodec::<()>::default().encode(message, &mut buffer).unwrap();
    stream.write_all(&buffer).await.unwrap();
}

async fn read<M: serde::de::DeserializeOwned>(stream: &mut TcpStream) -> M {
    let mut codec = FrameCodec::<M>::default();
    next_frame(stream, &mut codec, &mut BytesMut::new(), &Traffic::default())
        .await
        .unwrap()
}

fn left(epoch: u64) -> EnterReply {
    EnterReply::Refused(EntryRefused::Left {
        node: NodeId(1),
        epoch: Epoch(epoch),
    })
}

#[tokio::test]
async fn a_removal_older_than_what_the_node_took_part_in_ends_nobody_and_a_later_one_does() {
    let mut scene = Scene::new().await;
    let first = scene.answer(EnterReply::Accepted).await;
    drop(scene.found(Epoch(5)).await);
    assert_eq!(scene.answer(left(4)).await, first);
    assert_eq!(scene.answer(left(5)).await, first, "it asked on");
    let removed = MemberEnd::Removed {
        node: NodeId(1),
        epoch: Epoch(5),
    };
    assert_eq!(scene.node.await.unwrap().unwrap(), removed);
}
