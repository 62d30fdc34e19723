//! A cluster of real processes with a fault proxy wherever two of them meet, and before the clients' doors.
//!
//! ```text
//! node --Enter--> [proxy of the node] --> manager        manager, peers --> [proxy of the node] --> node
//! clients --> [proxy] --> manager                        clients --> [proxy of the node] --> node
//! ```
//!
//! Nodes advertise their proxies' addresses. Who calls a node is told by the first bytes of the connection.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use bench::cluster::{Seat, all_active, seats};
use fault_proxy::{Caller, Proxy, Recognise};
use multicast::id::{Epoch, GroupId, NodeId};
use nix::sys::signal::Signal;
use settings::{Cluster, ClusterPlan};
use wire::{
    client::{Client, Directory},
    message::membership::{Membership, Role},
};

use super::process::Process;

/// How long the cluster may take to become as it should.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks at the membership.
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// The fields of a connection's first bytes: what for, and which node calls.
const HELLO_BYTES: usize = 31;
const PURPOSE_AT: usize = 18;
const NODE_AT: usize = 19;

/// See [`wire::Purpose`].
const OF_MANAGER: u64 = 3;
const OF_PRIMARY: u64 = 5;

/// Whoever calls for that purpose is one caller, but primaries are told apart.
const BY_HELLO: Recognise = Recognise {
    bytes: HELLO_BYTES,
    caller: |hello| {
        let Some(node) = hello.get(NODE_AT..NODE_AT + 4) else {
            return Caller(0);
        };
        let node = u32::from_le_bytes([node[0], node[1], node[2], node[3]]);
        match u64::from(hello[PURPOSE_AT]) {
            OF_PRIMARY => primary(NodeId(node)),
            purpose => Caller(purpose),
        }
    },
};

/// The manager, as a caller of a node.
pub const MANAGER: Caller = Caller(OF_MANAGER);

/// A primary, as a caller of a fused server.
pub fn primary(node: NodeId) -> Caller {
    Caller(OF_PRIMARY << 32 | u64::from(node.0))
}

/// A node's process, and the proxies around it.
struct Node {
    seat: Seat,
    process: Option<Process>,
    to_manager: Proxy,
    peers: Proxy,
    clients: Proxy,
}

/// The manager's process, at a port of its own.
struct Manager {
    section: u32,
    process: Option<Process>,
    address: SocketAddr,
}

pub struct World {
    pub cluster: Cluster,
    folder: PathBuf,
    managers: Vec<Manager>,
    nodes: BTreeMap<NodeId, Node>,
    /// Clients find the managers behind these.
    doors: Vec<Proxy>,
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The cluster file of a plan whose managers have ports of their own, so that they come back where they were.
fn cluster_file(plan: &ClusterPlan) -> String {
    let mut text = String::new();
    let mut ports = Vec::new();
    let mut is_of_manager = false;
    for line in plan.to_ini().unwrap().lines() {
        if line.starts_with('[') {
            is_of_manager = line.starts_with("[manager ");
        }
        match line {
            "port = 0" if is_of_manager => {
                ports.push(free_port());
                text += &format!("port = {}\n", ports[ports.len() - 1]);
            }
            // The managers' sections come first.
            "mgr_port = 0" => text += &format!("mgr_port = {}\n", ports[0]),
            line => text += &format!("{line}\n"),
        }
    }
    text
}

impl World {
    /// Starts everything, in this folder, and waits until all nodes are active. `seed` decides the proxies' jitter.
    pub async fn start(mut plan: ClusterPlan, folder: PathBuf, seed: u64) -> Self {
        plan.host = "127.0.0.1".to_owned();
        let file = folder.join("cluster.ini");
        std::fs::write(&file, cluster_file(&plan)).unwrap();
        let cluster = Cluster::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let mut world = Self {
            cluster,
            folder,
            managers: Vec::new(),
            nodes: BTreeMap::new(),
            doors: Vec::new(),
        };
        world.start_managers(seed).await;
        for (number, seat) in (1..).zip(seats(&world.cluster)) {
            let seed = seed.wrapping_add(number << 32);
            let node = Node {
                seat,
                process: None,
                to_manager: world.proxy_to_manager(seed).await,
                peers: Proxy::open(BY_HELLO, seed + 1).await.unwrap(),
                clients: Proxy::open(Recognise::NOBODY, seed + 2).await.unwrap(),
            };
            world.nodes.insert(seat.node, node);
            world.start_node(seat.node).await;
        }
        world.wait_all_active().await;
        world
    }

    async fn start_managers(&mut self, seed: u64) {
        for manager in self.cluster.managers.clone() {
            let address = (manager.listen.host.as_str(), manager.listen.port);
            let address = tokio::net::lookup_host(address).await.unwrap().next().unwrap();
            let door = Proxy::open(Recognise::NOBODY, seed).await.unwrap();
            door.handle().lead_to(address);
            self.doors.push(door);
            self.managers.push(Manager {
                section: manager.section,
                process: None,
                address,
            });
            self.start_manager(self.managers.len() - 1).await;
        }
    }

    /// One proxy stands for all managers where a node looks for them: it leads to the first.
    async fn proxy_to_manager(&self, seed: u64) -> Proxy {
        let proxy = Proxy::open(Recognise::NOBODY, seed).await.unwrap();
        proxy.handle().lead_to(self.managers[0].address);
        proxy
    }

    pub async fn start_manager(&mut self, place: usize) {
        let words = [
            Role::GroupManager.to_string(),
            self.file(),
            self.managers[place].section.to_string(),
        ];
        let mut process = Process::start(&words, &self.log());
        assert_eq!(process.listening_on().await, [self.managers[place].address]);
        self.managers[place].process = Some(process);
    }

    pub async fn kill_manager(&mut self, place: usize) {
        if let Some(process) = self.managers[place].process.take() {
            process.kill().await;
        }
    }

    pub fn signal_manager(&self, place: usize, signal: Signal) {
        if let Some(process) = &self.managers[place].process {
            process.signal(signal);
        }
    }

    pub fn managers(&self) -> usize {
        self.managers.len()
    }

    /// Starts the node's next life; it enters by itself.
    pub async fn start_node(&mut self, node: NodeId) {
        let log = self.log();
        let file = self.file();
        let place = self.nodes.get_mut(&node).unwrap();
        let options = [
            ("--manager", place.to_manager.address()),
            ("--advertise-peers", place.peers.address()),
            ("--advertise-clients", place.clients.address()),
        ];
        let mut words = vec![place.seat.role.to_string(), file, place.seat.section.to_string()];
        words.extend(options.map(|(option, address)| format!("{option}={address}")));
        let mut process = Process::start(&words, &log);
        let listening = process.listening_on().await;
        place.peers.handle().lead_to(listening[0]);
        place.clients.handle().lead_to(listening[listening.len() - 1]);
        place.process = Some(process);
    }

    pub async fn kill_node(&mut self, node: NodeId) {
        if let Some(process) = self.nodes.get_mut(&node).unwrap().process.take() {
            process.kill().await;
        }
    }

    pub fn signal_node(&self, node: NodeId, signal: Signal) {
        if let Some(process) = &self.nodes[&node].process {
            process.signal(signal);
        }
    }

    pub fn nodes_of(&self, roles: &[Role]) -> Vec<NodeId> {
        let nodes = self.nodes.values().filter(|node| roles.contains(&node.seat.role));
        nodes.map(|node| node.seat.node).collect()
    }

    pub fn groups(&self) -> Vec<GroupId> {
        self.cluster.group_ids().collect()
    }

    /// The proxy before the node's port for the manager and its peers.
    pub fn before_peers(&self, node: NodeId) -> &Proxy {
        &self.nodes[&node].peers
    }

    /// The proxies that clients go through.
    pub fn before_clients(&self) -> Vec<&Proxy> {
        let of_nodes = self.nodes.values().map(|node| &node.clients);
        of_nodes.chain(&self.doors).collect()
    }

    /// Every proxy lets everything pass.
    pub fn heal(&self) {
        for node in self.nodes.values() {
            for proxy in [&node.to_manager, &node.peers, &node.clients] {
                proxy.handle().heal();
            }
        }
        self.doors.iter().for_each(|door| door.handle().heal());
    }

    /// The way that clients take.
    pub fn directory(&self) -> Directory {
        let doors = self.doors.iter().map(Proxy::address);
        let managers = doors.map(|address| (address.ip().to_string(), address.port()));
        Directory::of(&self.cluster, managers.collect())
    }

    /// The membership, asked for beside all proxies; none if no manager answers.
    async fn members(&self) -> Option<Membership> {
        for manager in &self.managers {
            let client = Client::connect(manager.address, self.cluster.fingerprint()).await;
            if let Ok(mut client) = client
                && let Ok(members) = client.members().await
            {
                return Some(members);
            }
        }
        None
    }

    /// Looks at the membership until it is as wanted.
    async fn wait_until(&self, unless: &str, mut wanted: impl FnMut(&Membership) -> bool) {
        let began = Instant::now();
        let mut last = None;
        while began.elapsed() < PATIENCE {
            last = self.members().await;
            if last.as_ref().is_some_and(&mut wanted) {
                return;
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        panic!("{unless}: {last:?}");
    }

    pub async fn wait_all_active(&self) {
        self.wait_until("not all nodes are active", all_active).await;
    }

    /// Waits until all are active and have been for longer than it takes to notice that one is not.
    pub async fn wait_settled(&self) {
        let longer = self.cluster.suspicion + self.cluster.heartbeat;
        let mut since: Option<(Epoch, Instant)> = None;
        let mut is_settled = |members: &Membership| {
            let began = match since {
                Some((epoch, began)) if epoch == members.epoch => began,
                _ => Instant::now(),
            };
            since = all_active(members).then_some((members.epoch, began));
            since.is_some() && began.elapsed() > longer
        };
        self.wait_until("the cluster does not settle", |members| is_settled(members))
            .await;
    }

    /// Waits until this life of the node is out, or another node is missed: then it may be the last that holds its
    /// group, which stays a member.
    pub async fn wait_missed(&self, node: NodeId) {
        let life = self
            .members()
            .await
            .map(|members| members.members[&node].incarnation);
        self.wait_until(&format!("{node} is not missed"), |members| {
            !all_active(members) || Some(members.members[&node].incarnation) != life
        })
        .await;
    }

    /// The way to every data node of the group.
    pub async fn replicas(&self, group: GroupId) -> Vec<Client> {
        let members = self.members().await.expect("a manager answers");
        let mut replicas = Vec::new();
        for member in members.members.values() {
            if member.role == Role::DataNode && member.group == Some(group) {
                let address = member.addresses.expect("it has entered").clients;
                let client = Client::connect(address, self.cluster.fingerprint()).await;
                replicas.push(client.unwrap());
            }
        }
        replicas
    }

    fn file(&self) -> String {
        self.folder.join("cluster.ini").display().to_string()
    }

    fn log(&self) -> PathBuf {
        self.folder.join("nodes.log")
    }
}
