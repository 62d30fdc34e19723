//! What every member process runs on, whatever its role.

use std::net::SocketAddr;

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

/// Where others find a process that they cannot reach where it listens: behind a translated or forwarded port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Advertised {
    /// The address that the manager and other members are told, if it is not where this process listens.
    #[arg(long = "advertise-peers", value_name = "IP:PORT")]
    pub peers: Option<SocketAddr>,
    /// The address that clients are told, if it is not where this process listens.
    #[arg(long = "advertise-clients", value_name = "IP:PORT")]
    pub clients: Option<SocketAddr>,
}

impl Advertised {
    /// What is said of a process that listens at these addresses.
    pub fn instead_of(self, listening: Addresses) -> Addresses {
        Addresses {
            peers: self.peers.unwrap_or(listening.peers),
            clients: self.clients.unwrap_or(listening.clients),
        }
    }
}

/// The part of a cluster file that concerns all members alike, and one life of one of them.
#[derive(Clone, Debug)]
pub struct MemberSettings {
    /// Who this process is.
    pub identity: Identity,
    /// What it does.
    pub role: Role,
    /// Host and port of every manager; not empty.
    pub managers: Vec<(String, u16)>,
    /// Where others find it.
    pub advertised: Advertised,
    /// Heartbeats and patience.
    pub timing: Timing,
    /// How to ask the allocator for its live bytes.
    pub heap: HeapProbe,
}

impl MemberSettings {
    /// A new life of the node. `managers`, if there are any, replace the cluster file's (for a cluster whose
    /// managers listen on free ports).
    pub fn new(
        cluster: &Cluster,
        node: NodeId,
        role: Role,
        managers: Vec<(String, u16)>,
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
            managers: match managers.is_empty() {
                true => listed.collect(),
                false => managers,
            },
            advertised: Advertised::default(),
            timing: Timing {
                heartbeat: cluster.heartbeat,
                suspicion: cluster.suspicion,
            },
            heap,
        }
    }

    /// How it enters, listening at these addresses; it tells those that it advertises instead.
    pub fn entry(&self, addresses: Addresses) -> Entry {
        Entry {
            managers: self.managers.clone(),
            enter: Enter {
                node: self.identity.node,
                incarnation: self.identity.incarnation,
                role: self.role,
                addresses: self.advertised.instead_of(addresses),
            },
            cluster: self.identity.cluster,
        }
    }
}
