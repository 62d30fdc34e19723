//! Links that are whole and silent: one way, the other way, both, again and again. The node behind them is removed,
//! the writes go on, and the same life comes back with what it missed.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

use std::{net::SocketAddr, time::Duration};

use bytes::BytesMut;
use fault_proxy::{Conduct, Faults, Flow, Proxy, Recognise};
use multicast::id::{ClientId, GroupId, Incarnation, NodeId, Seq};
use settings::{Cluster, Mechanism};
use structures::op::{Op, Outcome, Write};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpListener, time::sleep};
use tokio_util::codec::Encoder;
use wire::{
    Hello, Identity, Purpose, Traffic,
    client::Client,
    frame::FrameCodec,
    handshake,
    link::next_frame,
    message::{
        entry::{Enter, EnterReply, EntryRefused},
        membership::{Addresses, Member, Role, Standing},
    },
};

/// How often the test looks whether something has come about; a run's time limit ends it otherwise.
const LOOK: Duration = Duration::from_millis(5);

const GROUP: GroupId = GroupId(0);

/// For nodes that are to be suspected, and for those that are not.
const SOON: Duration = Duration::from_millis(400);
const LATE: Duration = Duration::from_secs(4);

/// The node that the manager reaches through the proxy.
const BEHIND: NodeId = NodeId(1);

/// What the manager says does not arrive, or what the node says, or neither.
const TO_THE_NODE: fn(Conduct) -> Faults = Faults::forth;
const TO_THE_MANAGER: fn(Conduct) -> Faults = Faults::back;
const BOTH_WAYS: fn(Conduct) -> Faults = Faults::both;

/// A manager and the two nodes of a group, one of them behind a proxy.
struct Scene {
    cluster: Cluster,
    door: SocketAddr,
    proxy: Proxy,
    written: u64,
    _folder: TempDir,
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

impl Scene {
    async fn new(suspicion: Duration) -> Self {
        let local = ("127.0.0.1", 0);
        let cluster = Cluster::builder(Mechanism::Replication, local)
            .heartbeat(Duration::from_millis(20))
            .suspicion(suspicion)
            .data_node("A", local, local)
            .data_node("A", local, local)
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cluster.ini");
        let manager = group_manager::Settings::from_cluster(cluster.clone(), &file, 1, || 0).unwrap();
        let listening = listener().await;
        let scene = Self {
            cluster,
            door: listening.local_addr().unwrap(),
            proxy: Proxy::open(Recognise::NOBODY, 1).await.unwrap(),
            written: 0,
            _folder: folder,
        };
        tokio::spawn(group_manager::run(listening, manager, std::future::pending()));
        for section in [1, 2] {
            scene.start_node(section).await;
            scene.wait_for(NodeId(section), Standing::Active).await;
        }
        scene
    }

    async fn start_node(&self, section: u32) {
        let (multicast, read) = (listener().await, listener().await);
        let managers = vec![(self.door.ip().to_string(), self.door.port())];
        let mut settings = data_node::Settings::from_cluster(&self.cluster, section, managers, || 0).unwrap();
        if NodeId(section) == BEHIND {
            self.proxy.handle().lead_to(multicast.local_addr().unwrap());
            settings.member.advertised.peers = Some(self.proxy.address());
        }
        tokio::spawn(data_node::run(multicast, read, settings, std::future::pending()));
    }

    async fn client(&self) -> Client {
        Client::connect(self.door, self.cluster.fingerprint())
            .await
            .unwrap()
    }

    async fn member(&self, node: NodeId) -> Member {
        let membership = self.client().await.members().await.unwrap();
        membership.members[&node].clone()
    }

    async fn wait_for(&self, node: NodeId, standing: Standing) {
        while self.member(node).await.standing != standing {
            sleep(LOOK).await;
        }
    }

    /// One more write, tried until it is done: it waits for whoever is a member.
    async fn write(&mut self) {
        let (op, outcome) = match self.written {
            0 => (Op::OpenSession, Outcome::SessionOpened),
            number => {
                let key = number.to_be_bytes().to_vec();
                let value = b"value".to_vec();
                (Op::Insert { key, value }, Outcome::Inserted)
            }
        };
        self.written += 1;
        let write = Write {
            client: ClientId(9),
            seq: Seq(self.written),
            op,
        };
        let mut client = self.client().await;
        loop {
            match client.write(GROUP, write.clone()).await {
                Ok(answer) => return assert_eq!(answer.outcome, outcome),
                Err(_) => sleep(LOOK).await,
            }
        }
    }

    /// How many elements the node itself shows.
    async fn shown_by(&self, node: NodeId) -> u64 {
        let address = self.member(node).await.addresses.unwrap().clients;
        let mut client = Client::connect(address, self.cluster.fingerprint())
            .await
            .unwrap();
        loop {
            match client.len(GROUP).await {
                Ok(len) => return len,
                Err(_) => sleep(LOOK).await,
            }
        }
    }

    fn disturb(&self, ways: fn(Conduct) -> Faults, flow: Flow) {
        self.proxy.handle().set(ways(Conduct::of(flow)));
    }

    /// Says `Enter` in the name of a node's life, without the proxy.
    async fn enter(&self, node: NodeId, incarnation: Incarnation, addresses: Addresses) -> EnterReply {
        let identity = Identity {
            cluster: self.cluster.fingerprint(),
            node,
            incarnation,
        };
        let hello = Hello {
            identity,
            purpose: Purpose::Entry,
        };
        let (_, mut stream) = handshake::dial(self.door, &hello).await.unwrap();
        let enter = Enter {
            node,
            incarnation,
            role: Role::DataNode,
            addresses,
        };
        let mut codec = FrameCodec::<EnterReply>::default();
        let mut buffer = BytesMut::new();
        codec.encode(&enter, &mut buffer).unwrap();
        stream.write_all(&buffer).await.unwrap();
        buffer.clear();
        let traffic = Traffic::default();
        next_frame(&mut stream, &mut codec, &mut buffer, &traffic)
            .await
            .unwrap()
    }
}

/// The node is removed, writes go on, and when the fault is over the same life is back with all that was written.
async fn is_removed_and_comes_back(ways: fn(Conduct) -> Faults, flow: Flow) {
    let mut scene = Scene::new(SOON).await;
    scene.write().await;
    scene.write().await;
    let before = scene.member(BEHIND).await.incarnation;
    scene.disturb(ways, flow);
    // Waits until the node is no member.
    scene.write().await;
    assert_eq!(scene.member(BEHIND).await.standing, Standing::Removed);
    scene.proxy.handle().heal();
    scene.wait_for(BEHIND, Standing::Active).await;
    scene.write().await;
    assert_eq!(scene.member(BEHIND).await.incarnation, before, "the same process");
    assert_eq!(scene.shown_by(BEHIND).await, 3);
}

#[tokio::test]
async fn a_node_that_the_manager_does_not_hear_is_removed_and_comes_back() {
    is_removed_and_comes_back(TO_THE_MANAGER, Flow::Swallow).await;
}

#[tokio::test]
async fn a_node_that_does_not_hear_the_manager_lets_go_and_comes_back() {
    is_removed_and_comes_back(TO_THE_NODE, Flow::Swallow).await;
}

#[tokio::test]
async fn a_node_behind_a_black_hole_is_removed_and_comes_back() {
    is_removed_and_comes_back(BOTH_WAYS, Flow::Stall).await;
}

#[tokio::test]
async fn a_slow_link_suspects_nobody() {
    let mut scene = Scene::new(LATE).await;
    let slow = Conduct {
        delay: Duration::from_millis(60),
        jitter: Duration::from_millis(60),
        flow: Flow::Pass,
    };
    let epoch = scene.client().await.members().await.unwrap().epoch;
    scene.proxy.handle().set(Faults::both(slow));
    for _ in 0..10 {
        scene.write().await;
    }
    assert_eq!(scene.client().await.members().await.unwrap().epoch, epoch);
}

#[tokio::test]
async fn a_node_that_falls_silent_again_and_again_is_kept_out_for_a_while() {
    let mut scene = Scene::new(SOON).await;
    let Member {
        incarnation,
        addresses,
        ..
    } = scene.member(BEHIND).await;
    scene.write().await;
    for _ in 0..4 {
        scene.disturb(BOTH_WAYS, Flow::Stall);
        scene.wait_for(BEHIND, Standing::Removed).await;
        // The pause begins with the suspicion; it is over once the node is back.
        if let EnterReply::Refused(refused) = scene.enter(BEHIND, incarnation, addresses.unwrap()).await {
            let EntryRefused::Busy { reason } = refused else {
                panic!("{refused:?}")
            };
            if reason.starts_with("suspected again and again; kept out for ") {
                scene.proxy.handle().heal();
                scene.wait_for(BEHIND, Standing::Active).await;
                return;
            }
        }
        scene.proxy.handle().heal();
        scene.wait_for(BEHIND, Standing::Active).await;
    }
    panic!("never kept out");
}
