//! Primaries and fused servers as they run, over real sockets on free ports; the test plays the manager and
//! the clients. One of each crashes; what was acknowledged is read back and compared.

use std::{net::SocketAddr, time::Duration};

use bytes::BytesMut;
use fusion_primary::door::Door;
use multicast::id::{ClientId, Epoch, GroupId, Incarnation, NodeId, Seq};
use serde::{Serialize, de::DeserializeOwned};
use settings::Endpoint;
use structures::query::Query;
use structures::{
    kind::StructureSpec,
    op::{Element, Op, Outcome, Write},
};
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
    member::{MemberSettings, Timing},
    message::{
        client::{ClientReply, ClientRequest, DoorReport, Refusal, ReplyBody, RequestBody, Sizes},
        entry::{Enter, EnterReply},
        fusion::{FromPrimary, FromServer, Layout, Loss, PrimarySeat, ServerSeat, ToPrimary, ToServer},
        membership::Role,
    },
};

const CLUSTER: u64 = 5;
const SERVER: NodeId = NodeId(9);
const LIMITS: StructureSpec = StructureSpec::linked_list(8, 2000);
const PATIENCE: Duration = Duration::from_secs(20);

fn identity(node: NodeId, incarnation: u64) -> Identity {
    Identity {
        cluster: CLUSTER,
        node,
        incarnation: Incarnation(incarnation),
    }
}

/// A connection of the test's own.
struct Line {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Line {
    async fn dial(address: SocketAddr, purpose: Purpose) -> Self {
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

    async fn say<M: Serialize>(&mut self, message: &M) {
        let mut bytes = BytesMut::new();
        FrameCodec::<()>::default()
            .encode(message, &mut bytes)
            .expect("small");
        self.stream.write_all(&bytes).await.expect("connected");
    }

    async fn hear<M: DeserializeOwned>(&mut self) -> M {
        let (mut codec, traffic) = (FrameCodec::<M>::default(), Traffic::default());
        let frame = next_frame(&mut self.stream, &mut codec, &mut self.buffer, &traffic);
        timeout(PATIENCE, frame).await.expect("in time").expect("a frame")
    }

    /// The next message that is no heartbeat.
    async fn hear_but<M: DeserializeOwned + PartialEq>(&mut self, heartbeat: M) -> M {
        loop {
            let message = self.hear().await;
            if message != heartbeat {
                return message;
            }
        }
    }

    async fn hear_server(&mut self) -> FromServer {
        self.hear_but(FromServer::Heartbeat).await
    }

    async fn hear_primary(&mut self) -> FromPrimary {
        self.hear_but(FromPrimary::Heartbeat).await
    }
}

/// A running role: stopped, and so crashed, when dropped.
struct Running {
    _stop: oneshot::Sender<()>,
    address: SocketAddr,
    manager: Line,
}

/// The manager's listener, for entries.
struct Cluster {
    listener: TcpListener,
}

fn here() -> Endpoint {
    Endpoint {
        host: "127.0.0.1".to_owned(),
        port: 0,
    }
}

fn timing() -> Timing {
    Timing {
        heartbeat: Duration::from_millis(20),
        suspicion: PATIENCE,
    }
}

impl Cluster {
    async fn new() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port"),
        }
    }

    fn managers(&self) -> Vec<(String, u16)> {
        let address = self.listener.local_addr().expect("bound");
        vec![(address.ip().to_string(), address.port())]
    }

    /// Lets the process that was just started in, and calls it.
    async fn admit(&self, stop: oneshot::Sender<()>) -> Running {
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

    fn member(&self, node: NodeId, incarnation: u64, role: Role) -> MemberSettings {
        MemberSettings {
            identity: identity(node, incarnation),
            role,
            managers: self.managers(),
            timing: timing(),
            heap: || 4711,
        }
    }

    async fn start_server(&self, incarnation: u64) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let settings = fusion_server::Settings {
            member: self.member(SERVER, incarnation, Role::FusionServer),
            row: 0,
            layout: Layout::Linked,
            listen: here(),
        };
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(fusion_server::run(listener, settings, async {
            drop(stopped.await)
        }));
        self.admit(stop).await
    }

    async fn start_primary(&self, node: NodeId, incarnation: u64) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let settings = fusion_primary::Settings {
            member: self.member(node, incarnation, Role::Primary),
            door: Door {
                group: GroupId(node.0 as u16),
                spec: LIMITS,
            },
            layout: Layout::Linked,
            listen: here(),
        };
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(fusion_primary::run(listener, settings, async {
            drop(stopped.await)
        }));
        self.admit(stop).await
    }
}

fn seat(primary: NodeId, since: u64) -> PrimarySeat {
    PrimarySeat {
        node: primary,
        column: primary.0 as u8 - 1,
        since: Epoch(since),
    }
}

fn view(epoch: u64, server: Option<(&Running, u64, bool)>) -> ToPrimary {
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

async fn show_view(primary: &mut Running, epoch: u64, server: Option<(&Running, u64, bool)>) {
    primary.manager.say(&view(epoch, server)).await;
    assert_eq!(
        primary.manager.hear_primary().await,
        FromPrimary::Viewed { epoch: Epoch(epoch) }
    );
}

async fn admit(server: &mut Running, primary: NodeId, since: u64) {
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

/// A client of one group that keeps what it was told is there.
struct Client {
    line: Line,
    group: GroupId,
    written: Vec<Element>,
    requests: u64,
}

impl Client {
    async fn open(primary: &Running, group: u16) -> Self {
        let line = Line::dial(primary.address, Purpose::Client).await;
        let mut client = Self {
            line,
            group: GroupId(group),
            written: Vec::new(),
            requests: 0,
        };
        assert_eq!(client.write(Op::OpenSession).await, Outcome::SessionOpened);
        client
    }

    async fn reopen(mut self, primary: &Running) -> Self {
        self.line = Line::dial(primary.address, Purpose::Client).await;
        self
    }

    async fn ask(&mut self, body: RequestBody) -> ReplyBody {
        self.requests += 1;
        self.line
            .say(&ClientRequest {
                request: self.requests,
                body,
            })
            .await;
        let reply: ClientReply = self.line.hear().await;
        assert_eq!(reply.request, self.requests);
        reply.body
    }

    async fn write(&mut self, op: Op) -> Outcome {
        let write = Write {
            client: ClientId(1),
            seq: Seq(self.requests + 1),
            op,
        };
        match self
            .ask(RequestBody::Write {
                group: self.group,
                write,
            })
            .await
        {
            ReplyBody::Written(answer) => answer.outcome,
            other => panic!("{other:?}"),
        }
    }

    async fn insert(&mut self, count: usize) {
        for _ in 0..count {
            let number = self.written.len();
            let key = format!("k{number}").into_bytes();
            let value = vec![(number % 251) as u8; 1500 + number];
            let op = Op::Insert {
                key: key.clone(),
                value: value.clone(),
            };
            assert_eq!(self.write(op).await, Outcome::Inserted);
            self.written.push(Element { key, value });
        }
    }

    /// Everything that was acknowledged is there, in order, and nothing else.
    async fn read_back(&mut self) {
        self.requests += 1;
        let body = RequestBody::Read {
            group: self.group,
            query: Query::All,
        };
        self.line
            .say(&ClientRequest {
                request: self.requests,
                body,
            })
            .await;
        let mut found = Vec::new();
        loop {
            let reply: ClientReply = self.line.hear().await;
            let ReplyBody::Elements { elements, last } = reply.body else {
                panic!("{reply:?}")
            };
            found.extend(elements);
            if last {
                break;
            }
        }
        assert!(
            found == self.written,
            "{} of {} elements",
            found.len(),
            self.written.len()
        );
    }
}

const FIRST: NodeId = NodeId(1);
const SECOND: NodeId = NodeId(2);

/// Replaces a crashed primary by the word of its only fused server.
async fn recover(
    cluster: &Cluster,
    server: &mut Running,
    (lost, live): (NodeId, NodeId),
    (recovery, epoch): (u64, u64),
) -> Running {
    let mut replacement = cluster.start_primary(lost, 100 + epoch).await;
    let fence = ToServer::Fence {
        epoch: Epoch(epoch),
        primaries: vec![lost],
    };
    server.manager.say(&fence).await;
    let FromServer::Fenced {
        epoch: fenced,
        applied,
    } = server.manager.hear_server().await
    else {
        panic!("not fenced")
    };
    assert_eq!(fenced, Epoch(epoch));
    server
        .manager
        .say(&ToServer::Cut {
            recovery,
            cuts: applied.clone(),
        })
        .await;
    assert_eq!(
        server.manager.hear_server().await,
        FromServer::CutDone { recovery }
    );
    let loss = Loss {
        primary: lost,
        column: seat(lost, 0).column,
        cut: applied[0].1,
        replacement: Some(replacement.address),
    };
    let order = ToServer::Residual {
        recovery,
        losses: vec![loss.clone()],
        rows: vec![0],
        live: vec![live],
        with_auxiliary: true,
    };
    server.manager.say(&order).await;
    // The residual may well be there before the word of it.
    tokio::task::yield_now().await;
    let order = ToPrimary::Recover {
        recovery,
        losses: vec![loss],
        rows: vec![(SERVER, 0)],
    };
    replacement.manager.say(&order).await;
    let FromPrimary::Installed {
        recovery: installed, ..
    } = replacement.manager.hear_primary().await
    else {
        panic!("not installed")
    };
    assert_eq!(installed, recovery);
    replacement
}

async fn resume(primary: &mut Running, server: &mut Running, node: NodeId, epoch: u64, rebuild: u64) {
    admit(server, node, epoch).await;
    show_view(primary, epoch, Some((&*server, rebuild, true))).await;
    primary
        .manager
        .say(&ToPrimary::Resume { since: Epoch(epoch) })
        .await;
}

#[tokio::test]
async fn a_primary_a_server_and_another_primary_crash_and_nothing_is_lost() {
    let cluster = Cluster::new().await;
    let mut server = cluster.start_server(1).await;
    let mut first = cluster.start_primary(FIRST, 1).await;
    let mut second = cluster.start_primary(SECOND, 1).await;
    server
        .manager
        .say(&ToServer::Rebuild {
            epoch: Epoch(1),
            primaries: vec![],
        })
        .await;
    for (node, primary) in [(FIRST, &mut first), (SECOND, &mut second)] {
        admit(&mut server, node, 1).await;
        show_view(primary, 1, Some((&server, 1, true))).await;
        primary.manager.say(&ToPrimary::Found { since: Epoch(1) }).await;
    }
    let mut one = Client::open(&first, 1).await;
    let mut two = Client::open(&second, 2).await;
    one.insert(120).await;
    two.insert(50).await;
    one.read_back().await;

    drop(first);
    let mut first = recover(&cluster, &mut server, (FIRST, SECOND), (1, 2)).await;
    let early = RequestBody::Read {
        group: GroupId(1),
        query: Query::Get { key: b"k1".to_vec() },
    };
    let mut one = one.reopen(&first).await;
    let unavailable = Refusal::Unavailable {
        reason: "the primary recovers".to_owned(),
    };
    assert_eq!(one.ask(early).await, ReplyBody::Refused(unavailable));
    resume(&mut first, &mut server, FIRST, 3, 1).await;
    assert_eq!(first_served(&mut one).await, one.written.len() as u64);
    one.read_back().await;
    one.insert(10).await;

    drop(server);
    for primary in [&mut first, &mut second] {
        show_view(primary, 4, None).await;
    }
    one.insert(3).await;
    let mut server = cluster.start_server(2).await;
    let primaries = vec![seat(FIRST, 3), seat(SECOND, 1)];
    server
        .manager
        .say(&ToServer::Rebuild {
            epoch: Epoch(5),
            primaries,
        })
        .await;
    for primary in [&mut first, &mut second] {
        show_view(primary, 5, Some((&server, 5, false))).await;
    }
    two.insert(5).await;
    let caught_up = FromPrimary::CaughtUp {
        server: SERVER,
        rebuild: Epoch(5),
    };
    for primary in [&mut first, &mut second] {
        assert_eq!(primary.manager.hear_primary().await, caught_up);
        show_view(primary, 6, Some((&server, 5, true))).await;
    }

    two.insert(5).await;
    drop(second);
    let mut second = recover(&cluster, &mut server, (SECOND, FIRST), (2, 7)).await;
    resume(&mut second, &mut server, SECOND, 8, 5).await;
    let mut two = two.reopen(&second).await;
    first_served(&mut two).await;
    two.read_back().await;
    two.insert(5).await;
    one.read_back().await;

    let mut door = Client {
        line: Line::dial(server.address, Purpose::Client).await,
        ..one
    };
    let ReplyBody::Sizes(sizes) = door.ask(RequestBody::Sizes).await else {
        panic!("no sizes")
    };
    let Sizes {
        payload_bytes,
        elements,
        heap_bytes,
        ..
    } = sizes;
    let longest = door.written.len() as u64 * (u64::from(LIMITS.limits.element_bytes) + 2);
    assert_eq!(
        (payload_bytes, elements, heap_bytes),
        (longest, 0, 4711),
        "as long as the longest primary"
    );
}

/// Elements, once the primary serves.
async fn first_served(client: &mut Client) -> u64 {
    loop {
        match client
            .ask(RequestBody::Read {
                group: client.group,
                query: Query::Get { key: b"k1".to_vec() },
            })
            .await
        {
            ReplyBody::Value(Some(_)) => break,
            ReplyBody::Refused(Refusal::Unavailable { .. }) => tokio::task::yield_now().await,
            other => panic!("{other:?}"),
        }
    }
    match client.ask(RequestBody::Sizes).await {
        ReplyBody::Sizes(sizes) => sizes.elements,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_door_counts_its_updates_and_what_its_links_carry() {
    let cluster = Cluster::new().await;
    let mut server = cluster.start_server(1).await;
    let mut first = cluster.start_primary(FIRST, 1).await;
    server
        .manager
        .say(&ToServer::Rebuild {
            epoch: Epoch(1),
            primaries: vec![],
        })
        .await;
    admit(&mut server, FIRST, 1).await;
    show_view(&mut first, 1, Some((&server, 1, true))).await;
    first.manager.say(&ToPrimary::Found { since: Epoch(1) }).await;
    let mut client = Client::open(&first, 1).await;
    client.ask(RequestBody::DoorReport { reset: true }).await;
    client.insert(10).await;
    let body = client.ask(RequestBody::DoorReport { reset: true }).await;
    let ReplyBody::DoorReport(DoorReport { updates, traffic, .. }) = body else {
        panic!("{body:?}")
    };
    assert_eq!(
        (updates, traffic.frames),
        (10, 20),
        "a delta and an acknowledgement each"
    );
    assert_eq!(client.ask(RequestBody::Members).await, not_served_here());
}

fn not_served_here() -> ReplyBody {
    ReplyBody::Refused(Refusal::NotServedHere {
        role: wire::message::membership::Role::Primary,
    })
}
