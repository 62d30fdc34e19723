//! Roles as they run, and the manager's part of the talk, played by the test.

use std::{net::SocketAddr, time::Duration};

use bytes::BytesMut;
use fusion_primary::door::Door;
use multicast::id::{Epoch, GroupId, Incarnation, NodeId};
use serde::{Serialize, de::DeserializeOwned};
use settings::Endpoint;
use structures::kind::StructureSpec;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};
use tokio_util::codec::Encoder;
use wire::{
    Hello, Identity, Purpose, Traffic,
    frame::FrameCodec,
    handshake,
    link::next_frame,
    member::{Advertised, MemberSettings, Timing},
    message::{
        entry::{Enter, EnterReply},
        fusion::{FromPrimary, FromServer, GroupLife, Layout, PrimarySeat, ServerSeat, ToPrimary, ToServer},
        membership::Role,
    },
};

pub(crate) const CLUSTER: u64 = 5;
pub(crate) const SERVER: NodeId = NodeId(9);
pub(crate) const LIMITS: StructureSpec = StructureSpec::linked_list(8, 2000);
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn identity(node: NodeId, incarnation: u64) -> Identity {
    Identity {
        cluster: CLUSTER,
        node,
        incarnation: Incarnation(incarnation),
    }
}

/// A connection of the test's own.
pub(crate) struct Line {
    pub(crate) stream: TcpStream,
    pub(crate) buffer: BytesMut,
}

impl Line {
    pub(crate) async fn dial(address: SocketAddr, purpose: Purpose) -> Self {
        let hello = Hello {
            identity: identity(NodeId(0), 1),
            purpose,
        };
        let (_, stream) = handshake::dial(address, &hello).await.expect("it listens");
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    pub(crate) async fn say<M: Serialize>(&mut self, message: &M) {
        let mut bytes = BytesMut::new();
        FrameCodec::<()>::default()
            .encode(message, &mut bytes)
            .expect("small");
        self.stream.write_all(&bytes).await.expect("connected");
    }

    pub(crate) async fn hear<M: DeserializeOwned>(&mut self) -> M {
        let (mut codec, traffic) = (FrameCodec::<M>::default(), Traffic::default());
        let frame = next_frame(&mut self.stream, &mut codec, &mut self.buffer, &traffic);
        timeout(PATIENCE, frame).await.expect("in time").expect("a frame")
    }

    /// The next message that is no heartbeat.
    pub(crate) async fn hear_but<M: DeserializeOwned + PartialEq>(&mut self, heartbeat: M) -> M {
        loop {
            let message = self.hear().await;
            if message != heartbeat {
                return message;
            }
        }
    }

    pub(crate) async fn hear_server(&mut self) -> FromServer {
        self.hear_but(FromServer::Heartbeat).await
    }

    pub(crate) async fn hear_primary(&mut self) -> FromPrimary {
        loop {
            match self.hear_but(FromPrimary::Heartbeat).await {
                FromPrimary::AskLease { .. } => {}
                message => return message,
            }
        }
    }
}

/// A running role: stopped, and so crashed, when dropped.
pub(crate) struct Running {
    _stop: oneshot::Sender<()>,
    pub(crate) address: SocketAddr,
    pub(crate) manager: Line,
}

/// The manager's listener, for entries.
pub(crate) struct Cluster {
    listener: TcpListener,
    layout: Layout,
}

pub(crate) fn here() -> Endpoint {
    Endpoint {
        host: "127.0.0.1".to_owned(),
        port: 0,
    }
}

pub(crate) fn timing() -> Timing {
    Timing {
        heartbeat: Duration::from_millis(20),
        suspicion: PATIENCE,
    }
}

impl Cluster {
    pub(crate) async fn new(layout: Layout) -> Self {
        Self {
            layout,
            listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port"),
        }
    }

    pub(crate) fn managers(&self) -> Vec<(String, u16)> {
        let address = self.listener.local_addr().expect("bound");
        vec![(address.ip().to_string(), address.port())]
    }

    /// Lets the process that was just started in, and calls it.
    pub(crate) async fn admit(&self, stop: oneshot::Sender<()>) -> Running {
        let (stream, _) = self.listener.accept().await.expect("a caller");
        let ours = identity(NodeId(0), 1);
        let (_, stream) = handshake::accept(stream, &ours, &[Purpose::Entry])
            .await
            .expect("a member");
        let mut line = Line {
            stream,
            buffer: BytesMut::new(),
        };
        let enter: Enter = line.hear().await;
        line.say(&EnterReply::Accepted).await;
        let address = enter.addresses.peers;
        Running {
            _stop: stop,
            address,
            manager: Line::dial(address, Purpose::Manager).await,
        }
    }

    pub(crate) fn member(&self, node: NodeId, incarnation: u64, role: Role) -> MemberSettings {
        MemberSettings {
            identity: identity(node, incarnation),
            role,
            managers: self.managers(),
            advertised: Advertised::default(),
            timing: timing(),
            heap: || 4711,
        }
    }

    pub(crate) async fn start_server(&self, incarnation: u64) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let settings = fusion_server::Settings {
            member: self.member(SERVER, incarnation, Role::FusionServer),
            row: 0,
            layout: self.layout,
            listen: here(),
        };
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(fusion_server::run(listener, settings, async {
            drop(stopped.await)
        }));
        self.admit(stop).await
    }

    pub(crate) async fn start_primary(&self, node: NodeId, incarnation: u64) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let settings = fusion_primary::Settings {
            member: self.member(node, incarnation, Role::Primary),
            door: Door {
                group: None,
                spec: LIMITS,
            },
            believed: PATIENCE,
            layout: self.layout,
            listen: here(),
        };
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(fusion_primary::run(listener, settings, async {
            drop(stopped.await)
        }));
        self.admit(stop).await
    }
}

pub(crate) fn seat(primary: NodeId, since: u64) -> PrimarySeat {
    PrimarySeat {
        node: primary,
        column: primary.0 as u8 - 1,
        since: Epoch(since),
        began: Epoch(1),
    }
}

/// What this primary is to hold.
pub(crate) fn group_life(primary: NodeId) -> GroupLife {
    GroupLife {
        group: GroupId(primary.0 as u16),
        began: Epoch(1),
    }
}

pub(crate) fn view(epoch: u64, server: Option<(&Running, u64, bool)>) -> ToPrimary {
    let seat = server.map(|(running, rebuild, active)| ServerSeat {
        node: SERVER,
        incarnation: Incarnation(rebuild),
        rebuild: Epoch(rebuild),
        row: 0,
        address: running.address,
        active,
    });
    ToPrimary::View {
        epoch: Epoch(epoch),
        since: Epoch(1),
        servers: seat.into_iter().collect(),
        min_backups: 0,
    }
}

pub(crate) async fn show_view(primary: &mut Running, epoch: u64, server: Option<(&Running, u64, bool)>) {
    primary.manager.say(&view(epoch, server)).await;
    assert_eq!(
        primary.manager.hear_primary().await,
        FromPrimary::Viewed { epoch: Epoch(epoch) }
    );
}

pub(crate) async fn admit(server: &mut Running, primary: NodeId, since: u64) {
    server
        .manager
        .say(&ToServer::Admit {
            seat: seat(primary, since),
        })
        .await;
    let admitted = FromServer::Admitted {
        primary,
        since: Epoch(since),
    };
    assert_eq!(server.manager.hear_server().await, admitted);
}
