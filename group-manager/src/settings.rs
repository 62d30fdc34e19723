//! What one manager process runs on: the checked part of the cluster file that concerns it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use multicast::id::{Incarnation, NodeId};
use settings::{Cluster, NoSuchSection};
use wire::{Identity, message::membership::Owner, process::HeapProbe};

/// Checked settings of one manager.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The whole cluster.
    pub cluster: Cluster,
    /// Who this process is.
    pub identity: Identity,
    /// Where the managers listen that this one calls: those with smaller section numbers. The others call it.
    pub fellows: Vec<(String, u16)>,
    /// Where the embedded membership store lives.
    pub membership_file: PathBuf,
    /// How to ask the allocator for its live bytes.
    pub heap: HeapProbe,
}

impl Settings {
    /// The settings of the manager in section `[manager section]` (1 where the file implies it).
    ///
    /// # Errors
    /// If there is no such section.
    pub fn from_cluster(
        cluster: Cluster,
        cluster_file: &Path,
        section: u32,
        heap: HeapProbe,
    ) -> Result<Self, NoSuchSection> {
        let manager = cluster.manager(section)?;
        let identity = Identity {
            cluster: cluster.fingerprint(),
            node: manager.id,
            incarnation: Incarnation(wire::process::random_id()),
        };
        // A free port is known only to who was told of it.
        let fellows = cluster.managers.iter();
        let fellows = fellows.filter(|other| other.section < section && other.listen.port != 0);
        let fellows = fellows
            .map(|other| (other.listen.host.clone(), other.listen.port))
            .collect();
        let membership_file = cluster.membership_file(manager, cluster_file);
        Ok(Self {
            identity,
            fellows,
            membership_file,
            cluster,
            heap,
        })
    }

    /// How often members are told that the manager lives.
    pub fn heartbeat(&self) -> Duration {
        self.cluster.heartbeat
    }

    /// This life of the manager, as the membership names its owner.
    pub fn life(&self) -> Owner {
        let Identity {
            node, incarnation, ..
        } = self.identity;
        Owner { node, incarnation }
    }

    /// This process's node id.
    pub fn node(&self) -> NodeId {
        self.identity.node
    }
}
