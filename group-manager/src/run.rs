//! Starting and stopping a manager: the checked cluster file becomes the mechanism's core.

use std::{future::Future, io, sync::Arc};

use multicast::{
    id::{GroupId, NodeId},
    skeen::sequencer::OrderedBy,
};
use settings::{Cluster, Mechanism, StoreSettings};
use tokio::net::TcpListener;
use wire::{member::Doorstep, message::membership::Membership};

#[cfg(feature = "etcd")]
use crate::store::EtcdStore;
use crate::{
    clock::now,
    coordinator::Coordinator,
    fusion::{ForeignMembership, FusedManager, FusionCluster, FusionClusterError, PrimaryPlace, ServerPlace},
    replication::{ReplicatedCluster, Replication},
    server::{SERVES, Server},
    settings::Settings,
    store::{Announcer, Changes, EmbeddedStore, MembershipStore, StoreError},
};

/// Why a manager does not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The membership store cannot be read, or holds no membership.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cluster file describes no fused cluster.
    #[error(transparent)]
    Fusion(#[from] FusionClusterError),
    /// The system has no thread left to watch the membership store with.
    #[error("cannot watch the membership store: {0}")]
    Watch(io::Error),
    /// The cluster file wants `store = etcd`.
    #[error("store = etcd: this group-manager was built without the feature `etcd`")]
    NoEtcd,
    /// This manager is to call others whose ports the cluster file leaves open.
    #[error(
        "the cluster file asks for a free port for {}: say which it is, --manager HOST:PORT once for each, or give all \
         managers ports of their own",
        headers(sections)
    )]
    UnknownPorts {
        /// The sections of all that it is to call.
        sections: Vec<u32>,
    },
    /// The stored membership is that of another cluster.
    #[error(transparent)]
    Foreign(#[from] ForeignMembership),
}

/// Sections as the cluster file has them: `[manager 1], [manager 2]`.
fn headers(sections: &[u32]) -> String {
    let headers: Vec<String> = sections
        .iter()
        .map(|section| format!("[manager {section}]"))
        .collect();
    headers.join(", ")
}

/// Runs a manager on a bound listener until `shutdown` completes.
///
/// # Errors
/// See [`RunError`].
pub async fn run(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    judge_fellows(&settings)?;
    let store = store(&settings)?;
    let stored = loaded(Arc::clone(&store), settings.node()).await?;
    tracing::info!(epoch = %stored.epoch, node = %settings.node(), "the manager starts");
    let changes = Changes::after(Arc::clone(&store), stored.epoch).map_err(RunError::Watch)?;
    let core = core(&settings, stored)?;
    let doorstep = Doorstep::open(listener, settings.identity, SERVES);
    let identity = settings.identity;
    let _announcer = Announcer::start(Arc::clone(&store), identity.node, identity.incarnation)
        .inspect_err(|error| tracing::warn!(%error, "nobody is told that this manager lives"));
    let server = Server::new(&settings, core, store, changes);
    tokio::select! {
        () = server.serve(doorstep) => {}
        () = shutdown => tracing::info!("the manager stops"),
    }
    Ok(())
}

/// Managers that do not find each other would suspect each other in turn, for ever.
fn judge_fellows(settings: &Settings) -> Result<(), RunError> {
    let managers = settings.cluster.managers.iter();
    let sections = managers.take_while(|manager| manager.id != settings.node());
    let sections: Vec<u32> = sections.map(|manager| manager.section).collect();
    match settings.fellows.len() < sections.len() {
        true => Err(RunError::UnknownPorts { sections }),
        false => Ok(()),
    }
}

fn store(settings: &Settings) -> Result<Arc<dyn MembershipStore>, RunError> {
    match &settings.cluster.store {
        StoreSettings::Embedded => Ok(Arc::new(EmbeddedStore::new(&settings.membership_file))),
        #[cfg(feature = "etcd")]
        StoreSettings::Etcd(etcd) => Ok(Arc::new(EtcdStore::new(etcd, &settings.cluster.name))),
        #[cfg(not(feature = "etcd"))]
        StoreSettings::Etcd(_) => Err(RunError::NoEtcd),
    }
}

/// In a thread of its own: another machine may have to answer.
async fn loaded(store: Arc<dyn MembershipStore>, node: NodeId) -> Result<Membership, StoreError> {
    let loading = tokio::task::spawn_blocking(move || {
        let stored = store.load()?;
        if store.announced().is_ok_and(|lives| lives.contains_key(&node)) {
            tracing::warn!(%node, "another life of this manager lived until just now, or lives");
        }
        Ok(stored)
    });
    loading.await.expect("loading does not panic")
}

fn core(settings: &Settings, stored: Membership) -> Result<Box<dyn Coordinator>, RunError> {
    let now = now();
    Ok(match settings.cluster.mechanism {
        Mechanism::Replication | Mechanism::ReplicationSequencer => {
            let cluster = replicated(&settings.cluster);
            Box::new(Replication::new(cluster, stored, settings.life(), now))
        }
        Mechanism::FusionLinked | Mechanism::FusionArena => {
            let (cluster, managers) = (fused(&settings.cluster)?, settings.cluster.managers.len());
            Box::new(FusedManager::new(
                cluster,
                managers,
                stored,
                settings.life(),
                now,
            )?)
        }
    })
}

/// At first a primary's column is its group's number, and a server's row its place among the servers.
fn fused(cluster: &Cluster) -> Result<FusionCluster, FusionClusterError> {
    let byte = |number: usize| u8::try_from(number).expect("checked: n + f is at most 256");
    let primaries: Vec<PrimaryPlace> = cluster
        .primaries
        .iter()
        .map(|p| PrimaryPlace {
            node: p.id,
            group: p.group,
            column: byte(usize::from(p.group.0)),
        })
        .collect();
    let servers: Vec<ServerPlace> = cluster
        .fusion_servers
        .iter()
        .map(|s| ServerPlace {
            node: s.id,
            row: byte(s.row),
        })
        .collect();
    let suspicion_us = cluster.suspicion.as_micros() as u64;
    let fused = FusionCluster::new(
        cluster.fault_tolerance,
        &primaries,
        &servers,
        cluster.min_backups,
        suspicion_us,
    )?;
    Ok(fused.naming(cluster.groups_by_number()))
}

fn replicated(cluster: &Cluster) -> ReplicatedCluster {
    let node = |node: &settings::DataNode| -> (NodeId, GroupId) { (node.id, node.group) };
    ReplicatedCluster {
        managers: cluster.managers.len(),
        ordering: match cluster.mechanism {
            Mechanism::ReplicationSequencer => OrderedBy::Sequencer,
            _ => OrderedBy::Skeen,
        },
        spec: cluster.structure(),
        min_backups: cluster.min_backups,
        join: cluster.join,
        suspicion_us: cluster.suspicion.as_micros() as u64,
        nodes: cluster.data_nodes.iter().map(node).collect(),
        groups: cluster.groups_by_number(),
    }
}
