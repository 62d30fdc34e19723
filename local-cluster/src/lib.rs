//! A cluster's manager and backups as tasks of one process: for trying things out, examples and tests.
//!
//! Everything is real (sockets on the loopback, the protocol, the crashes' consequences) but that one process
//! runs it all, so nothing is safe from the crash of that process. Primaries are not started: whoever tries fused
//! collections out hosts them.
//!
//! ```
//! use collections::{Map, ReplicatedMap};
//! use local_cluster::LocalCluster;
//! use settings::Mechanism;
//! use structures::kind::StructureKind;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let local = LocalCluster::small(Mechanism::Replication, StructureKind::Map).await?;
//! let mut map = ReplicatedMap::<String, u64>::connect(&local.site(), "A").await?;
//! map.insert("apples", &3).await?;
//! # Ok(())
//! # }
//! ```

use std::{collections::BTreeMap, future::Future, io, net::SocketAddr, path::Path, time::Duration};

use ::collections::Site;
use multicast::id::{NodeId, NodeNames};
use settings::{Cluster, ClusterPlan, DataNode, FusionServer, Mechanism, NoSuchSection, PlanError};
use structures::kind::StructureKind;
use tempfile::TempDir;
use tokio::{
    task::{AbortHandle, JoinHandle},
    time::{Instant, sleep},
};
use wire::{
    client::{Client, ClientError},
    message::membership::{Membership, Standing},
    role::{RoleError, listen},
};

/// How long the members may take to become active.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at the membership.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

/// Why a local cluster did not start, or a member of it did not come back.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// There is no such cluster.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There is no place for the manager's membership file.
    #[error("no place for the membership: {0}")]
    Membership(#[source] io::Error),
    /// An address of the cluster cannot be listened on.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// The cluster has no such member to start.
    #[error(transparent)]
    NoSuchSection(#[from] NoSuchSection),
    /// The manager does not answer.
    #[error(transparent)]
    Manager(#[from] ClientError),
    /// Waited in vain for members to become active.
    #[error("not active within {PATIENCE:?}: {}", NodeNames(missing))]
    OutOfPatience {
        /// Those that did not.
        missing: Vec<NodeId>,
    },
}

/// A running manager with all data nodes or fused servers of its cluster. Dropping it ends them all.
#[derive(Debug)]
pub struct LocalCluster {
    cluster: Cluster,
    manager: SocketAddr,
    members: BTreeMap<NodeId, Running>,
    _manager: Running,
    /// Holds the membership file; removed when dropped.
    folder: TempDir,
}

/// A role that runs as a task; ends when dropped, as by a crash: its connections just close.
#[derive(Debug)]
struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> From<JoinHandle<T>> for Running {
    fn from(task: JoinHandle<T>) -> Self {
        Self(task.abort_handle())
    }
}

impl LocalCluster {
    /// A cluster of two groups, A and B, that survives one crash, with a default for all else.
    ///
    /// # Errors
    /// Whatever keeps it from starting.
    pub async fn small(mechanism: Mechanism, structure: StructureKind) -> Result<Self, LocalError> {
        let plan = ClusterPlan {
            structure,
            ..ClusterPlan::new(mechanism, 2, 1)
        };
        Self::start(plan.cluster()?).await
    }

    /// Starts the first manager and every data node or fused server, and waits until these are active.
    ///
    /// # Errors
    /// Whatever keeps it from that.
    pub async fn start(cluster: Cluster) -> Result<Self, LocalError> {
        let folder = tempfile::tempdir().map_err(LocalError::Membership)?;
        let (manager, address) = start_manager(&cluster, folder.path()).await?;
        let mut local = Self {
            cluster,
            manager: address,
            members: BTreeMap::new(),
            _manager: manager,
            folder,
        };
        for node in local.backups() {
            local.start_member(node).await?;
        }
        local.wait_until_active().await?;
        Ok(local)
    }

    /// The way to it.
    pub fn site(&self) -> Site {
        let host = self.manager.ip().to_string();
        Site::new(self.cluster.clone()).with_manager((host.as_str(), self.manager.port()))
    }

    /// Its folder, where a cluster file may be put too.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The data nodes or fused servers.
    pub fn backups(&self) -> Vec<NodeId> {
        let data_nodes = self.cluster.data_nodes.iter().map(|node| node.id);
        let servers = self.cluster.fusion_servers.iter().map(|server| server.id);
        data_nodes.chain(servers).collect()
    }

    /// Ends a data node or a fused server with all that it holds, if it runs.
    pub fn crash(&mut self, node: NodeId) {
        self.members.remove(&node);
    }

    /// Starts a data node or a fused server anew, and waits until all those that run are active.
    ///
    /// # Errors
    /// Whatever keeps it from that.
    pub async fn restart(&mut self, node: NodeId) -> Result<(), LocalError> {
        self.start_member(node).await?;
        self.wait_until_active().await
    }

    /// Who is a member, as the manager has it.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn membership(&self) -> Result<Membership, LocalError> {
        let mut manager: Client = self.site().directory().manager().await?;
        Ok(manager.members().await?)
    }

    async fn start_member(&mut self, node: NodeId) -> Result<(), LocalError> {
        let data_node = self.cluster.data_nodes.iter().find(|member| member.id == node);
        let server = self
            .cluster
            .fusion_servers
            .iter()
            .find(|member| member.id == node);
        let running = match (data_node, server) {
            (Some(member), _) => self.start_data_node(member).await?,
            (None, Some(member)) => self.start_fusion_server(member).await?,
            (None, None) => return Ok(()),
        };
        self.members.insert(node, running);
        Ok(())
    }

    async fn start_data_node(&self, node: &DataNode) -> Result<Running, LocalError> {
        let settings =
            data_node::Settings::from_cluster(&self.cluster, node.section, self.to_manager(), no_heap)?;
        let (multicast, _) = listen(&node.multicast).await?;
        let (read, _) = listen(&node.read).await?;
        Ok(tokio::spawn(data_node::run(multicast, read, settings, never())).into())
    }

    async fn start_fusion_server(&self, server: &FusionServer) -> Result<Running, LocalError> {
        let settings =
            fusion_server::Settings::from_cluster(&self.cluster, server.section, self.to_manager(), no_heap)?;
        let (listener, _) = listen(&server.listen).await?;
        Ok(tokio::spawn(fusion_server::run(listener, settings, never())).into())
    }

    fn to_manager(&self) -> Vec<(String, u16)> {
        vec![(self.manager.ip().to_string(), self.manager.port())]
    }

    async fn wait_until_active(&self) -> Result<(), LocalError> {
        let began = Instant::now();
        loop {
            let membership = self.membership().await?;
            let is_active = |node: &NodeId| membership.members[node].standing == Standing::Active;
            let missing: Vec<_> = self
                .members
                .keys()
                .copied()
                .filter(|node| !is_active(node))
                .collect();
            match missing.is_empty() {
                true => return Ok(()),
                false if began.elapsed() >= PATIENCE => return Err(LocalError::OutOfPatience { missing }),
                false => sleep(LOOK_PAUSE).await,
            }
        }
    }
}

async fn start_manager(cluster: &Cluster, folder: &Path) -> Result<(Running, SocketAddr), LocalError> {
    let manager = cluster.managers.first().expect("checked: at least one manager");
    let (listener, address) = listen(&manager.listen).await?;
    let file = folder.join("cluster.ini");
    let section = manager.section;
    let settings = group_manager::Settings::from_cluster(cluster.clone(), &file, section, no_heap)?;
    let task = tokio::spawn(group_manager::run(listener, settings, never()));
    Ok((task.into(), address))
}

/// The tasks share their process's allocator: none has bytes of its own to count.
fn no_heap() -> u64 {
    0
}

/// Nobody asks a role to stop: it is crashed.
fn never() -> impl Future<Output = ()> {
    std::future::pending()
}
