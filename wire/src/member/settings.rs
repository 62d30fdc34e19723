//! What every member process runs on, whatever its role.

use multicast::id::{Incarnation, NodeId};
use settings::Cluster;

use super::{Entry, Timing};
use crate::{
    handshake::Identity,
    message::{
        entry::Enter,
        membership::{Addresses, Role},
    },
    process::{HeapProbe, random_id},
};

/// The part of a cluster file that concerns all members alike, and one life of one of them.
#[derive(Clone, Debug)]
pub struct MemberSettings {
    /// Who this process is.
    pub identity: Identity,
    /// What it does.
    pub role: Role,
    /// Host and port of every manager; not empty.
    pub managers: Vec<(String, u16)>,
    /// Heartbeats and patience.
    pub timing: Timing,
    /// How to ask the allocator for its live bytes.
    pub heap: HeapProbe,
}

impl MemberSettings {
    /// A new life of the node. `manager` replaces the cluster file's managers (for a cluster whose manager
    /// listens on a free port).
    pub fn new(
        cluster: &Cluster,
        node: NodeId,
        role: Role,
        manager: Option<(String, u16)>,
        heap: HeapProbe,
    ) -> Self {
        let listed = cluster
            .managers
            .iter()
            .map(|m| (m.listen.host.clone(), m.listen.port));
        Self {
            identity: Identity {
                cluster: cluster.fingerprint(),
                node,
                incarnation: Incarnation(random_id()),
            },
            role,
            managers: manager.map_or_else(|| listed.collect(), |manager| vec![manager]),
            timing: Timing {
                heartbeat: cluster.heartbeat,
                suspicion: cluster.suspicion,
            },
            heap,
        }
    }

    /// How it enters, listening at these addresses.
    pub fn entry(&self, addresses: Addresses) -> Entry {
        Entry {
            managers: self.managers.clone(),
            enter: Enter {
                node: self.identity.node,
                incarnation: self.identity.incarnation,
                role: self.role,
                addresses,
            },
            cluster: self.identity.cluster,
        }
    }
}
