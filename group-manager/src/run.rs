//! Starting and stopping a manager.

use std::{future::Future, sync::Arc, time::SystemTime};

use multicast::id::{GroupId, NodeId};
use settings::{Cluster, Mechanism};
use tokio::net::TcpListener;
use wire::{member::Doorstep, message::membership::Membership};

use crate::{
    coordinator::{Coordinator, Micros},
    replication::{ReplicatedCluster, Replication},
    server::{SERVES, Server},
    settings::Settings,
    store::{EmbeddedStore, MembershipStore, StoreError},
};

/// Runs a manager on a bound listener until `shutdown` completes.
///
/// # Errors
/// If the membership store cannot be opened or holds no membership.
pub async fn run(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StoreError> {
    let store = EmbeddedStore::new(&settings.membership_file);
    let stored = store.load()?;
    tracing::info!(epoch = %stored.epoch, node = %settings.node(), "the manager starts");
    let core = core(&settings, stored);
    let doorstep = Doorstep::open(listener, settings.identity, SERVES);
    let server = Server::new(settings, core, Arc::new(store));
    tokio::select! {
        () = server.serve(doorstep) => {}
        () = shutdown => tracing::info!("the manager stops"),
    }
    Ok(())
}

fn core(settings: &Settings, stored: Membership) -> Box<dyn Coordinator> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = Micros(since_1970.as_micros() as u64);
    match settings.cluster.mechanism {
        Mechanism::Replication => {
            let cluster = replicated(&settings.cluster);
            Box::new(Replication::new(cluster, stored, settings.identity.incarnation, now))
        }
        Mechanism::FusionLinked => unimplemented!(),
    }
}

fn replicated(cluster: &Cluster) -> ReplicatedCluster {
    let node = |node: &settings::DataNode| -> (NodeId, GroupId) { (node.id, node.group) };
    ReplicatedCluster {
        faults: cluster.fault_tolerance,
        limits: cluster.structure_limits(),
        min_backups: cluster.min_backups,
        suspicion_us: cluster.suspicion.as_micros() as u64,
        nodes: cluster.data_nodes.iter().map(node).collect(),
    }
}
