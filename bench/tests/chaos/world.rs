//! A cluster of real processes with a fault proxy wherever two of them meet, and before the clients' doors.
//!
//! ```text
//! clients, nodes (Enter), managers --> [proxy of the manager] --> manager
//! managers, primaries, donors      --> [proxy of the node]    --> node
//! clients                          --> [its other proxy]      --> node
//! ```
//!
//! Everybody advertises, and is told of, proxies alone. Who calls is told by the first bytes of the connection.

mod look;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use bench::cluster::{Seat, seats};
use fault_proxy::{Proxy, Recognise};
use multicast::id::{GroupId, NodeId};
use nix::sys::signal::Signal;
use settings::{Cluster, ClusterPlan, StoreSettings};
use wire::{client::Directory, message::membership::Role};

pub use self::look::PATIENCE;
use super::{callers::BY_HELLO, process::Process};

/// A node's process, and the proxies before it.
struct Node {
    seat: Seat,
    process: Option<Process>,
    peers: Proxy,
    clients: Proxy,
}

/// A manager's process, and the proxy before it.
struct Manager {
    node: NodeId,
    section: u32,
    process: Option<Process>,
    /// Of its present life, or the last.
    address: SocketAddr,
    front: Proxy,
}

pub struct World {
    pub cluster: Cluster,
    folder: PathBuf,
    managers: Vec<Manager>,
    nodes: BTreeMap<NodeId, Node>,
}

impl World {
    /// Starts everything, in this folder, and waits until all nodes are active. `seed` decides the proxies' jitter.
    pub async fn start(mut plan: ClusterPlan, store: StoreSettings, folder: PathBuf, seed: u64) -> Self {
        plan.host = "127.0.0.1".to_owned();
        let file = folder.join("cluster.ini");
        let mut cluster = plan.cluster().unwrap();
        cluster.store = store;
        std::fs::write(&file, cluster.to_ini()).unwrap();
        let cluster = Cluster::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let mut world = Self {
            cluster,
            folder,
            managers: Vec::new(),
            nodes: BTreeMap::new(),
        };
        world.start_managers(seed).await;
        for (number, seat) in (1..).zip(seats(&world.cluster)) {
            let seed = seed.wrapping_add(number << 32);
            let node = Node {
                seat,
                process: None,
                peers: Proxy::open(BY_HELLO, seed).await.unwrap(),
                clients: Proxy::open(Recognise::NOBODY, seed + 1).await.unwrap(),
            };
            world.nodes.insert(seat.node, node);
            world.start_node(seat.node).await;
        }
        world.wait_settled().await;
        world
    }

    async fn start_managers(&mut self, seed: u64) {
        for manager in self.cluster.managers.clone() {
            let front = Proxy::open(BY_HELLO, seed + u64::from(manager.section))
                .await
                .unwrap();
            self.managers.push(Manager {
                node: manager.id,
                section: manager.section,
                process: None,
                address: front.address(),
                front,
            });
            self.start_manager(self.managers.len() - 1).await;
        }
    }

    /// Starts the manager's next life. It calls those before it in the list.
    pub async fn start_manager(&mut self, place: usize) {
        let mut words = vec![
            Role::GroupManager.to_string(),
            self.file(),
            self.managers[place].section.to_string(),
        ];
        words.extend(fronts(&self.managers[..place]));
        let mut process = Process::start(&words, &self.log());
        let manager = &mut self.managers[place];
        manager.address = process.listening_on().await[0];
        manager.front.handle().lead_to(manager.address);
        manager.process = Some(process);
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

    /// How many there are; they are named by their places, from 0.
    pub fn managers(&self) -> usize {
        self.managers.len()
    }

    /// What a manager is called by those that it calls.
    pub fn manager_node(&self, place: usize) -> NodeId {
        self.managers[place].node
    }

    /// Starts the node's next life; it enters by itself.
    pub async fn start_node(&mut self, node: NodeId) {
        let log = self.log();
        let file = self.file();
        let managers: Vec<String> = fronts(&self.managers).collect();
        let place = self.nodes.get_mut(&node).unwrap();
        let advertised = [
            ("--advertise-peers", place.peers.address()),
            ("--advertise-clients", place.clients.address()),
        ];
        let mut words = vec![place.seat.role.to_string(), file, place.seat.section.to_string()];
        words.extend(managers);
        words.extend(advertised.map(|(option, address)| format!("{option}={address}")));
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

    /// The proxy before a node's port for managers and its peers.
    pub fn before_peers(&self, node: NodeId) -> &Proxy {
        &self.nodes[&node].peers
    }

    /// The proxies before all nodes' ports for managers and peers.
    pub fn before_all_peers(&self) -> impl Iterator<Item = &Proxy> {
        self.nodes.values().map(|node| &node.peers)
    }

    /// The proxies before the nodes' ports for clients.
    pub fn before_clients(&self) -> impl Iterator<Item = &Proxy> {
        self.nodes.values().map(|node| &node.clients)
    }

    /// The proxy before a manager.
    pub fn before_manager(&self, place: usize) -> &Proxy {
        &self.managers[place].front
    }

    /// Every proxy lets everything pass.
    pub fn heal(&self) {
        let nodes = self.before_all_peers().chain(self.before_clients());
        let managers = self.managers.iter().map(|manager| &manager.front);
        nodes.chain(managers).for_each(|proxy| proxy.handle().heal());
    }

    /// The way that clients take, beginning at this manager.
    pub fn directory(&self, first: usize) -> Directory {
        let fronts = self.managers.iter().map(|manager| manager.front.address());
        let managers = fronts.map(|address| (address.ip().to_string(), address.port()));
        let mut directory = Directory::of(&self.cluster, managers.collect());
        directory.managers.rotate_left(first % self.managers.len());
        directory
    }

    fn file(&self) -> String {
        self.folder.join("cluster.ini").display().to_string()
    }

    fn log(&self) -> PathBuf {
        self.folder.join("nodes.log")
    }
}

/// The options that say where these managers are.
fn fronts(managers: &[Manager]) -> impl Iterator<Item = String> {
    managers
        .iter()
        .map(|manager| format!("--manager={}", manager.front.address()))
}
