//! What one primary runs on: the checked part of the cluster file that concerns it.

use multicast::id::Incarnation;
use settings::{Cluster, Endpoint, NoSuchSection};
use wire::{Identity, member::Timing, process::HeapProbe};

use crate::door::Door;

/// Checked settings of one primary.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who this process is.
    pub identity: Identity,
    /// The one group whose structure it holds, and the lengths of its keys and values.
    pub door: Door,
    /// Where it listens for the manager, fused servers and clients.
    pub listen: Endpoint,
    /// Host and port of every manager.
    pub managers: Vec<(String, u16)>,
    /// Heartbeats and patience.
    pub timing: Timing,
    /// How to ask the allocator for its live bytes.
    pub heap: HeapProbe,
}

impl Settings {
    /// The settings of the primary in section `[primary section]`. `manager` replaces the cluster file's
    /// managers (for a cluster whose manager listens on a free port).
    ///
    /// # Errors
    /// If there is no such section.
    pub fn from_cluster(
        cluster: &Cluster,
        section: u32,
        manager: Option<(String, u16)>,
        heap: HeapProbe,
    ) -> Result<Self, NoSuchSection> {
        let primary = cluster.primary(section)?;
        let listed = cluster
            .managers
            .iter()
            .map(|m| (m.listen.host.clone(), m.listen.port));
        Ok(Self {
            identity: Identity {
                cluster: cluster.fingerprint(),
                node: primary.id,
                incarnation: Incarnation(wire::process::random_id()),
            },
            door: Door {
                group: primary.group,
                limits: cluster.structure_limits(),
            },
            listen: primary.listen.clone(),
            managers: manager.map_or_else(|| listed.collect(), |manager| vec![manager]),
            timing: Timing {
                heartbeat: cluster.heartbeat,
                suspicion: cluster.suspicion,
            },
            heap,
        })
    }
}
