//! Processes and the channels between them. A closed connection may lose what was under way, in both
//! directions; what arrives, arrives in order.

mod channels;
mod faults;
mod scrubs;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
};

use fusion_primary::{
    door::{Caller, Door},
    primary::{CheckTimes, Command as PrimaryCommand, Event as PrimaryEvent, Primary},
};
use fusion_server::{
    backup::{Command as ServerCommand, Event as ServerEvent, FusedBackup},
    outflow::Portion,
};
use multicast::id::{ClientId, GroupId, NodeId, Seq};
use structures::{
    Structure,
    op::{Op, Write},
};
use wire::message::{
    client::{Refusal, ReplyBody, RequestBody},
    fusion::{AckFrame, DeltaFrame, FromPrimary, FromServer, Layout, ResidualFrame, ToPrimary, ToServer},
};

use crate::{
    manager::{FIRST_SERVER, Manager, Order, ServerIs, address},
    reference::{History, LIMITS, check_server, images},
};

/// One random choice: what happens, to whom, and how.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) kind: u8,
    pub(crate) who: u16,
    pub(crate) what: u16,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind, self.who, self.what)
    }
}

/// A connection between a primary and a server; `None` in a queue is its end.
struct Connection {
    primary: NodeId,
    server: NodeId,
    to_server: VecDeque<Option<DeltaFrame>>,
    to_primary: VecDeque<Option<AckFrame>>,
    /// Whether the primary's and the server's end are open.
    open: (bool, bool),
}

/// A server's stream to a replacement.
struct Stream {
    server: NodeId,
    recovery: u64,
    primary: NodeId,
    frames: VecDeque<Vec<ResidualFrame>>,
}

struct Host {
    core: Primary,
    to: VecDeque<ToPrimary>,
    from: VecDeque<FromPrimary>,
    /// The connection to each server, as this side sees it, or `None` while it dials.
    links: BTreeMap<NodeId, Option<u64>>,
    /// Whose residuals are read; others wait.
    taking: Option<u64>,
}

struct Backup {
    core: FusedBackup,
    to: VecDeque<ToServer>,
    from: VecDeque<FromServer>,
}

pub(crate) struct World {
    layout: Layout,
    tolerated: usize,
    manager: Manager,
    hosts: BTreeMap<NodeId, Host>,
    backups: BTreeMap<NodeId, Backup>,
    connections: BTreeMap<u64, Connection>,
    streams: BTreeMap<u64, Stream>,
    next: u64,
    histories: Vec<History>,
    /// Per group: the writes sent, in order, each with the operation that it became, once applied.
    asked: Vec<Vec<(Write, Seq)>>,
    /// Per group: the largest operation whose write was answered.
    answered: Vec<Seq>,
    /// Scrubs that found no difference.
    scrubbed: usize,
}

fn door(node: NodeId) -> Door {
    Door {
        group: GroupId(node.0 as u16),
        spec: LIMITS,
    }
}

impl World {
    pub(crate) fn new(layout: Layout, primaries: usize, servers: usize) -> Self {
        let manager = Manager::new(primaries, servers);
        let mut world = Self {
            layout,
            tolerated: servers,
            hosts: BTreeMap::new(),
            backups: BTreeMap::new(),
            connections: BTreeMap::new(),
            streams: BTreeMap::new(),
            next: 1,
            histories: (0..primaries).map(|_| History::new()).collect(),
            asked: vec![Vec::new(); primaries],
            answered: vec![Seq(0); primaries],
            scrubbed: 0,
            manager,
        };
        let nodes: Vec<_> = world.manager.primaries.keys().copied().collect();
        nodes.into_iter().for_each(|node| world.start_primary(node));
        let nodes: Vec<_> = world.manager.servers.keys().copied().collect();
        nodes.into_iter().for_each(|node| world.start_server(node));
        let orders = world.manager.found();
        world.post(orders);
        world.settle();
        for primary in 0..primaries {
            world.ask(primary, Op::OpenSession);
        }
        world.settle();
        world
    }

    /// Takes the steps, then lets everything come to rest, and checks it all.
    pub(crate) fn run(mut self, steps: &[Step]) {
        for step in steps {
            self.step(*step);
        }
        self.restart_everything();
        self.settle();
        self.check_answers();
        self.check_rest();
        self.check_scrubs();
    }

    fn start_primary(&mut self, node: NodeId) {
        let host = Host {
            core: Primary::new(node, door(node), self.layout),
            to: VecDeque::new(),
            from: VecDeque::new(),
            links: BTreeMap::new(),
            taking: None,
        };
        self.hosts.insert(node, host);
    }

    fn start_server(&mut self, node: NodeId) {
        let core = FusedBackup::new((node.0 - FIRST_SERVER) as u8, self.layout).expect("few rows");
        self.backups.insert(
            node,
            Backup {
                core,
                to: VecDeque::new(),
                from: VecDeque::new(),
            },
        );
    }

    fn step(&mut self, Step { kind, who, what }: Step) {
        match kind {
            0..=24 => {
                let primary = usize::from(who) % self.histories.len();
                self.ask(primary, random_op(what));
            }
            25..=54 => {
                self.deliver_delta(who);
            }
            55..=79 => {
                self.deliver_ack(who);
            }
            80..=82 => {
                self.connect(who);
            }
            83 | 84 => self.scrub(who, what),
            85..=92 => {
                self.deliver_order(who);
            }
            93 | 94 => {
                self.deliver_residual(who);
            }
            95 if what % 2 == 0 => self.tick(who),
            95 | 96 => self.break_link(who, what),
            97 => self.crash_primary(who),
            98 if what % 3 == 0 => self.suspect_primary(who),
            98 => self.crash_server(who),
            99 if what % 3 == 0 => self.return_primary(who),
            _ => self.restart(who),
        }
    }

    /// Until nothing is under way any more.
    fn settle(&mut self) {
        for round in 0.. {
            assert!(round < 100_000, "it never comes to rest");
            let moved = [
                self.deliver_order(0),
                self.connect(0),
                self.deliver_delta(0),
                self.deliver_ack(0),
                self.deliver_residual(0),
            ];
            if moved == [false; 5] {
                return;
            }
        }
    }

    fn ask(&mut self, group: usize, op: Op) {
        let node = NodeId(group as u32);
        let seq = Seq(self.asked[group].len() as u64 + 1);
        let write = Write {
            client: ClientId(7),
            seq,
            op,
        };
        let Some(host) = self.hosts.get_mut(&node) else {
            return;
        };
        let Some(before) = host.core.list().map(images) else {
            return;
        };
        let body = RequestBody::Write {
            group: GroupId(group as u16),
            write: write.clone(),
        };
        let caller = Caller {
            connection: 1,
            request: seq.0,
        };
        let commands = host.core.handle(PrimaryEvent::Client { caller, body });
        if let Some(after) = host.core.list().map(images).filter(|after| *after != before) {
            self.histories[group].states.push(after);
        }
        self.asked[group].push((write, self.histories[group].last()));
        self.carry_out_primary(node, commands);
    }

    /// A primary notices that time has passed.
    fn tick(&mut self, who: u16) {
        let nodes: Vec<_> = self.hosts.keys().copied().collect();
        if let Some(node) = pick(&nodes, who) {
            self.primary_event(node, PrimaryEvent::Tick);
        }
    }

    fn carry_out_primary(&mut self, node: NodeId, commands: Vec<PrimaryCommand>) {
        for command in commands {
            match command {
                PrimaryCommand::Reply { caller, body } => self.reply(node, caller, &body),
                PrimaryCommand::ToManager(message) => self.host(node).from.push_back(message),
                PrimaryCommand::Dial {
                    server, address: to, ..
                } => {
                    assert_eq!(to, address(server));
                    self.hang_up(node, server);
                    self.host(node).links.insert(server, None);
                }
                PrimaryCommand::Disconnect { server } => {
                    self.hang_up(node, server);
                    self.host(node).links.remove(&server);
                }
                PrimaryCommand::ToServer { server, frame } => {
                    if let Some(Some(link)) = self.host(node).links.get(&server).copied() {
                        self.connections
                            .get_mut(&link)
                            .expect("open")
                            .to_server
                            .push_back(Some(frame));
                    }
                }
                PrimaryCommand::TakeResiduals { recovery } => self.host(node).taking = Some(recovery),
                PrimaryCommand::DropResiduals => self.host(node).taking = None,
                PrimaryCommand::CloseResidual { stream } => drop(self.streams.remove(&stream)),
                PrimaryCommand::Check {
                    recovery,
                    spec,
                    images,
                } => {
                    let list = Structure::from_images(spec, *images);
                    let checked = PrimaryEvent::Checked {
                        recovery,
                        list: list.map(Box::new).map_err(|error| error.to_string()),
                        times: CheckTimes::default(),
                    };
                    let commands = self.host(node).core.handle(checked);
                    self.carry_out_primary(node, commands);
                }
                PrimaryCommand::HangUp { .. } => {}
                PrimaryCommand::Reenter => {
                    let orders = self.manager.primary_returned(node);
                    self.post(orders);
                }
            }
        }
    }

    /// A reply shows what every active server has applied.
    fn reply(&mut self, node: NodeId, caller: Caller, body: &ReplyBody) {
        if matches!(body, ReplyBody::Refused(Refusal::Unavailable { .. })) {
            return;
        }
        assert!(matches!(body, ReplyBody::Written(_)), "{body:?}");
        let group = node.0 as usize;
        let (_, seq) = match self.asked[group].get(caller.request as usize - 1) {
            Some(asked) => asked.clone(),
            // Answered at once: nothing to wait for; the operation is the last one.
            None => (
                Write {
                    client: ClientId(7),
                    seq: Seq(0),
                    op: Op::OpenSession,
                },
                self.histories[group].last(),
            ),
        };
        for server in self.manager.active() {
            let applied = self.backups[&server].core.applied(node);
            assert!(
                applied >= Some(seq),
                "{server} has {applied:?}, but {seq} was answered"
            );
        }
        self.answered[group] = self.answered[group].max(seq);
    }

    fn carry_out_server(&mut self, node: NodeId, commands: Vec<ServerCommand>) {
        for command in commands {
            match command {
                ServerCommand::ToManager(message) => self.backup(node).from.push_back(message),
                ServerCommand::ToPrimary { connection, frame } => {
                    let connection = self.connections.get_mut(&connection).expect("open");
                    assert!(connection.open.1, "said before closing");
                    connection.to_primary.push_back(Some(frame));
                }
                ServerCommand::Close { connection } => {
                    let connection = self.connections.get_mut(&connection).expect("open");
                    connection.open.1 = false;
                    connection.to_server.clear();
                    connection.to_primary.push_back(None);
                }
                ServerCommand::Stream(portion) => self.stream(node, portion),
                ServerCommand::StopStreams { recovery } => {
                    self.streams
                        .retain(|_, stream| (stream.server, stream.recovery) != (node, recovery));
                }
                ServerCommand::Answer { body, .. } => self.take_scrub(node, &body),
            }
        }
    }

    fn stream(
        &mut self,
        server: NodeId,
        Portion {
            recovery,
            primary,
            address: to,
            frames,
        }: Portion,
    ) {
        assert_eq!(to, address(primary));
        let key = (server, recovery, primary);
        let known = self
            .streams
            .iter_mut()
            .find(|(_, s)| (s.server, s.recovery, s.primary) == key);
        match known {
            Some((_, stream)) => stream.frames.push_back(frames),
            None => {
                let stream = Stream {
                    server,
                    recovery,
                    primary,
                    frames: VecDeque::from([frames]),
                };
                self.streams.insert(self.next, stream);
                self.next += 1;
            }
        }
    }

    fn host(&mut self, node: NodeId) -> &mut Host {
        self.hosts.get_mut(&node).expect("alive")
    }

    fn backup(&mut self, node: NodeId) -> &mut Backup {
        self.backups.get_mut(&node).expect("alive")
    }

    fn primary_event(&mut self, node: NodeId, event: PrimaryEvent) {
        let Some(host) = self.hosts.get_mut(&node) else {
            return;
        };
        let lived = host.core.list().is_some();
        let commands = host.core.handle(event);
        if !lived && let Some(list) = host.core.list() {
            let (group, found) = (node.0 as usize, images(list));
            self.check_recovered(group, &found);
        }
        self.carry_out_primary(node, commands);
    }

    /// A life begins in the state at the cut, which holds every answered write.
    fn check_recovered(&mut self, group: usize, found: &crate::reference::Images) {
        let cut = self
            .manager
            .cuts
            .get(&NodeId(group as u32))
            .copied()
            .unwrap_or(Seq(0));
        assert!(
            cut >= self.answered[group],
            "{cut} does not hold what was answered"
        );
        assert!(
            *found == *self.histories[group].at(cut),
            "group {group} is not in its state at {cut}"
        );
        self.histories[group].states.truncate(cut.0 as usize + 1);
    }

    fn server_event(&mut self, node: NodeId, event: ServerEvent) {
        let Some(backup) = self.backups.get_mut(&node) else {
            return;
        };
        let commands = backup.core.handle(event);
        self.carry_out_server(node, commands);
    }

    fn post(&mut self, orders: Vec<Order>) {
        for order in orders {
            match order {
                Order::Server(node, order) => {
                    if let Some(backup) = self.backups.get_mut(&node) {
                        backup.to.push_back(order);
                    }
                }
                Order::Primary(node, order) => {
                    if let Some(host) = self.hosts.get_mut(&node) {
                        host.to.push_back(order);
                    }
                }
            }
        }
    }

    /// What an active server holds is an encoding, whatever is under way.
    fn check_now(&self, server: NodeId) {
        let Some(backup) = self.backups.get(&server) else {
            return;
        };
        if !matches!(self.manager.servers[&server], ServerIs::Active(_)) {
            return;
        }
        let row = (server.0 - FIRST_SERVER) as usize;
        check_server(row, self.layout, &backup.core, &self.histories);
    }

    /// One more write of every group, which must be answered.
    fn check_answers(&mut self) {
        for group in 0..self.histories.len() {
            self.ask(group, random_op(1));
        }
        self.settle();
        for (answered, history) in self.answered.iter().zip(&self.histories) {
            assert_eq!(*answered, history.last());
        }
    }

    /// At rest everything is active again, whole and answered.
    fn check_rest(&self) {
        assert_eq!(
            self.manager.faults(),
            0,
            "{:?} {:?}",
            self.manager.servers,
            self.manager.primaries
        );
        for (node, backup) in &self.backups {
            for (group, history) in self.histories.iter().enumerate() {
                assert_eq!(
                    backup.core.applied(NodeId(group as u32)),
                    Some(history.last()),
                    "{node}"
                );
            }
            self.check_now(*node);
        }
        for (node, host) in &self.hosts {
            let history = &self.histories[node.0 as usize];
            let list = host.core.list().expect("it lives");
            assert!(images(list) == *history.at(history.last()), "{node}");
        }
    }
}

/// One of these, by a random number.
fn pick<T: Copy>(from: &[T], who: u16) -> Option<T> {
    (!from.is_empty()).then(|| from[usize::from(who) % from.len()])
}

fn random_op(what: u16) -> Op {
    let key = vec![b'a' + (what % 13) as u8];
    let value =
        || vec![(what >> 3) as u8 | 1; usize::from(LIMITS.limits.element_bytes) - usize::from(what % 50)];
    match what / 13 % 5 {
        0..=2 => Op::Insert { key, value: value() },
        3 => Op::Update { key, value: value() },
        _ => Op::Delete { key },
    }
}
