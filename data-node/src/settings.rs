//! What one data node runs on: the checked part of the cluster file that concerns it.

use multicast::id::{GroupId, Incarnation};
use settings::{Cluster, Endpoint, NoSuchSection};
use structures::layout::StructureLimits;
use wire::{Identity, member::Timing, process::HeapProbe};

/// Checked settings of one data node.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who this process is.
    pub identity: Identity,
    /// The group whose structure it holds.
    pub group: GroupId,
    /// Lengths of keys and values.
    pub limits: StructureLimits,
    /// Where it listens for the manager and for other data nodes.
    pub multicast: Endpoint,
    /// Where it listens for reads.
    pub read: Endpoint,
    /// Host and port of every manager.
    pub managers: Vec<(String, u16)>,
    /// Heartbeats and patience.
    pub timing: Timing,
    /// How to ask the allocator for its live bytes.
    pub heap: HeapProbe,
}

impl Settings {
    /// The settings of the node in section `[node section]`. `manager` replaces the cluster file's managers
    /// (for a cluster whose manager listens on a free port).
    ///
    /// # Errors
    /// If there is no such section.
    pub fn from_cluster(
        cluster: &Cluster,
        section: u32,
        manager: Option<(String, u16)>,
        heap: HeapProbe,
    ) -> Result<Self, NoSuchSection> {
        let node = cluster.data_node(section)?;
        let listed = cluster.managers.iter().map(|m| (m.listen.host.clone(), m.listen.port));
        Ok(Self {
            identity: Identity {
                cluster: cluster.fingerprint(),
                node: node.id,
                incarnation: Incarnation(wire::process::random_id()),
            },
            group: node.group,
            limits: cluster.structure_limits(),
            multicast: node.multicast.clone(),
            read: node.read.clone(),
            managers: manager.map_or_else(|| listed.collect(), |manager| vec![manager]),
            timing: Timing { heartbeat: cluster.heartbeat, suspicion: cluster.suspicion },
            heap,
        })
    }
}
