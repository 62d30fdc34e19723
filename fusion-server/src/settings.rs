//! What one fused server runs on: the checked part of the cluster file that concerns it.

use multicast::id::Incarnation;
use settings::{Cluster, Endpoint, NoSuchSection};
use wire::{Identity, member::Timing, process::HeapProbe};

/// Checked settings of one fused server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who this process is.
    pub identity: Identity,
    /// Its row of the code, from 0.
    pub row: u8,
    /// Where it listens for the manager, primaries and clients.
    pub listen: Endpoint,
    /// Host and port of every manager.
    pub managers: Vec<(String, u16)>,
    /// Heartbeats and patience.
    pub timing: Timing,
    /// How to ask the allocator for its live bytes.
    pub heap: HeapProbe,
}

impl Settings {
    /// The settings of the fused server in section `[fusion section]`. `manager` replaces the cluster file's
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
        let server = cluster.fusion_server(section)?;
        let listed = cluster
            .managers
            .iter()
            .map(|m| (m.listen.host.clone(), m.listen.port));
        Ok(Self {
            identity: Identity {
                cluster: cluster.fingerprint(),
                node: server.id,
                incarnation: Incarnation(wire::process::random_id()),
            },
            row: u8::try_from(server.row).expect("checked: at most 4 fused servers"),
            listen: server.listen.clone(),
            managers: manager.map_or_else(|| listed.collect(), |manager| vec![manager]),
            timing: Timing {
                heartbeat: cluster.heartbeat,
                suspicion: cluster.suspicion,
            },
            heap,
        })
    }
}
