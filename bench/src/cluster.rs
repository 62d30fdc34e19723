//! A cluster of real processes, launched from a cluster file: this program, run again in the nodes' roles.
//!
//! The managers start first, one after the other, and say where they listen; the others are told, so that every port of
//! the file may be 0 (a manager that is to be started again is found only at a port of its own). Invariant: no process
//! outlives its launcher, however that dies (each is on a leash: it stops when its standard input ends).

mod end;
mod error;
mod process;
mod seat;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use futures_util::future::select_all;
use multicast::id::NodeId;
use settings::Cluster;
use wire::{
    client::{Client, ClientError, Directory},
    message::{
        client::Sizes,
        membership::{Membership, Role},
    },
};

use self::error::standings;
pub use self::{
    end::NodeEnd,
    error::ClusterError,
    process::NodeProcess,
    seat::{Seat, all_active, seats},
};
use crate::placement::Placement;

/// How long a cluster may take to start, and a crashed node to come back.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Pause between two looks at the membership.
const LOOK_PAUSE: Duration = Duration::from_micros(500);

/// How processes are started.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// The bench program, which is run again in the nodes' roles.
    pub program: PathBuf,
    /// Where the processes' standard error goes; ours if `None`.
    pub log: Option<PathBuf>,
    /// Which cores they are kept on.
    pub placement: Placement,
}

impl Launcher {
    /// Runs this very program again.
    ///
    /// # Errors
    /// If the system does not tell where it is.
    pub fn this_program(log: Option<PathBuf>, placement: Placement) -> io::Result<Self> {
        Ok(Self {
            program: std::env::current_exe()?,
            log,
            placement,
        })
    }
}

/// A launched cluster. Dropping it kills every process.
#[derive(Debug)]
pub struct RunningCluster {
    /// What it was launched from.
    pub cluster: Cluster,
    /// The way to its doors.
    pub directory: Directory,
    file: PathBuf,
    launcher: Launcher,
    /// In the order of their sections, which is that of the directory's list.
    managers: Vec<NodeProcess>,
    nodes: BTreeMap<NodeId, NodeProcess>,
    /// A kept connection to a manager, for questions.
    questions: Client,
}

impl RunningCluster {
    /// Starts every process and waits until all are active.
    ///
    /// # Errors
    /// Whatever keeps it from that.
    pub async fn launch(launcher: Launcher, file: &Path) -> Result<Self, ClusterError> {
        let cluster = Cluster::load(file)?;
        let mut managers = Vec::new();
        let mut addresses = Vec::new();
        for manager in &cluster.managers {
            let seat = Seat {
                node: manager.id,
                role: Role::GroupManager,
                section: manager.section,
            };
            let mut process = NodeProcess::start(&launcher, seat, file, &addresses)?;
            let address = process.listening_on().await?;
            managers.push(process);
            addresses.push((address.ip().to_string(), address.port()));
        }
        let directory = Directory::of(&cluster, addresses);
        let questions = directory.manager().await?;
        let file = file.to_owned();
        let nodes = BTreeMap::new();
        let mut running = Self {
            cluster,
            directory,
            file,
            launcher,
            managers,
            nodes,
            questions,
        };
        for seat in seats(&running.cluster) {
            running.start(seat)?;
        }
        running.wait_until("not all nodes are active", all_active).await?;
        Ok(running)
    }

    /// The managers' process ids, in the order of their sections.
    ///
    /// # Panics
    /// If one was killed and not started again.
    pub fn manager_pids(&self) -> Vec<u32> {
        let pid = |manager: &NodeProcess| manager.pid().expect("every manager runs");
        self.managers.iter().map(pid).collect()
    }

    /// The managers' ids, places in the directory's list and process ids; none of those that were killed.
    pub fn managers(&self) -> impl Iterator<Item = (NodeId, &(String, u16), Option<u32>)> {
        let places = self.managers.iter().zip(&self.directory.managers);
        places.map(|(manager, address)| (manager.seat().node, address, manager.pid()))
    }

    /// Kills a manager's process (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    /// Those of the operating system.
    pub async fn kill_manager(&mut self, node: NodeId) -> io::Result<()> {
        match self
            .managers
            .iter_mut()
            .find(|manager| manager.seat().node == node)
        {
            Some(manager) => manager.kill().await,
            None => Ok(()),
        }
    }

    /// Starts a manager's process again, at its port.
    ///
    /// # Errors
    /// `Start`, `NoAddress`.
    pub async fn start_manager(&mut self, node: NodeId) -> Result<(), ClusterError> {
        let place = self
            .managers
            .iter()
            .position(|manager| manager.seat().node == node);
        let Some(place) = place else { return Ok(()) };
        let seat = self.managers[place].seat();
        let earlier = &self.directory.managers[..place];
        let mut process = NodeProcess::start(&self.launcher, seat, &self.file, earlier)?;
        let address = process.listening_on().await?;
        self.directory.managers[place] = (address.ip().to_string(), address.port());
        self.managers[place] = process;
        Ok(())
    }

    /// Every node's id and process id.
    pub fn pids(&self) -> Vec<(NodeId, Option<u32>)> {
        self.nodes
            .iter()
            .map(|(node, process)| (*node, process.pid()))
            .collect()
    }

    /// Starts the process of a seat (again).
    ///
    /// # Errors
    /// `Start`.
    pub fn start(&mut self, seat: Seat) -> Result<(), ClusterError> {
        let managers = &self.directory.managers;
        let process = NodeProcess::start(&self.launcher, seat, &self.file, managers)?;
        self.nodes.insert(seat.node, process);
        Ok(())
    }

    /// Kills the node's process (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    /// Those of the operating system.
    pub async fn kill(&mut self, node: NodeId) -> io::Result<()> {
        self.kill_together(&[node]).await
    }

    /// Kills the nodes' processes one right after the other, then waits until all are gone.
    ///
    /// # Errors
    /// Those of the operating system.
    pub async fn kill_together(&mut self, nodes: &[NodeId]) -> io::Result<()> {
        let mut processes: Vec<NodeProcess> =
            nodes.iter().filter_map(|node| self.nodes.remove(node)).collect();
        processes.iter_mut().try_for_each(NodeProcess::start_kill)?;
        for mut process in processes {
            process.kill().await?;
        }
        Ok(())
    }

    /// Waits until the node's process has ended by itself; whether it did so in order.
    ///
    /// # Errors
    /// Those of the operating system; `TimedOut` after [`PATIENCE`].
    pub async fn ended(&mut self, node: NodeId) -> io::Result<bool> {
        match self.nodes.remove(&node) {
            Some(mut process) => tokio::time::timeout(PATIENCE, process.ended()).await?,
            None => Ok(true),
        }
    }

    /// The membership as a manager has it; another one is asked if that one is gone.
    ///
    /// # Errors
    /// If none answers.
    pub async fn members(&mut self) -> Result<Membership, ClientError> {
        match self.questions.members().await {
            Err(ClientError::Wire(_)) => {
                self.questions = self.directory.manager().await?;
                self.questions.members().await
            }
            answered => answered,
        }
    }

    /// What every node but the manager holds now.
    ///
    /// # Errors
    /// If one does not answer.
    pub async fn sizes(&mut self) -> Result<Vec<Sizes>, ClientError> {
        let members = self.members().await?;
        let mut all = Vec::new();
        for addresses in members.members.values().filter_map(|member| member.addresses) {
            let client = Client::connect(addresses.clients, self.directory.cluster).await;
            all.push(client?.sizes().await?);
        }
        Ok(all)
    }

    /// How many bytes each node but the manager has read since it started.
    ///
    /// # Errors
    /// If one does not answer.
    pub async fn received_bytes(&mut self) -> Result<BTreeMap<NodeId, u64>, ClientError> {
        let sizes = self.sizes().await?;
        let received = sizes.into_iter().map(|sizes| (sizes.node, sizes.received_bytes));
        Ok(received.collect())
    }

    /// The kept connection to a manager.
    pub fn questions(&mut self) -> &mut Client {
        &mut self.questions
    }

    /// Looks at the membership until it is as wanted.
    ///
    /// # Errors
    /// `OutOfPatience` after [`PATIENCE`], `Client` if the manager is gone.
    pub async fn wait_until(
        &mut self,
        unless: &str,
        wanted: impl Fn(&Membership) -> bool,
    ) -> Result<Membership, ClusterError> {
        let began = Instant::now();
        loop {
            let members = self.members().await?;
            if wanted(&members) {
                return Ok(members);
            }
            if began.elapsed() > PATIENCE {
                return Err(ClusterError::OutOfPatience {
                    waited_ms: began.elapsed().as_millis(),
                    what: unless.to_owned(),
                    standings: standings(&members),
                });
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }

    /// Waits until a process ends by itself, or by somebody else's hand; each end is told once.
    pub async fn next_end(&mut self) -> NodeEnd {
        let all = self.managers.iter_mut().chain(self.nodes.values_mut());
        let running = all.filter(|process| !process.is_over());
        let ends: Vec<_> = running.map(|process| Box::pin(process.end())).collect();
        match ends.is_empty() {
            true => std::future::pending().await,
            false => select_all(ends).await.0,
        }
    }

    /// Stops every process in order: asks first, kills what does not heed.
    pub async fn stop(mut self) {
        self.managers.iter_mut().for_each(NodeProcess::release);
        self.nodes.values_mut().for_each(NodeProcess::release);
        for (_, process) in self.nodes {
            process.stop().await;
        }
        for manager in self.managers {
            manager.stop().await;
        }
    }
}
