//! Who sits where: the processes that a cluster file asks for.

use multicast::id::NodeId;
use settings::Cluster;
use wire::message::membership::{Membership, Role, Standing};

/// What is to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its id.
    pub node: NodeId,
    /// Its role.
    pub role: Role,
    /// Its section of the cluster file.
    pub section: u32,
}

/// Every process of the cluster but its managers, in the order of the file's sections, backups last.
pub fn seats(cluster: &Cluster) -> Vec<Seat> {
    let data_nodes = cluster
        .data_nodes
        .iter()
        .map(|n| (n.id, Role::DataNode, n.section));
    let primaries = cluster.primaries.iter().map(|n| (n.id, Role::Primary, n.section));
    let servers = cluster
        .fusion_servers
        .iter()
        .map(|n| (n.id, Role::FusionServer, n.section));
    let all = data_nodes.chain(primaries).chain(servers);
    all.map(|(node, role, section)| Seat { node, role, section })
        .collect()
}

/// Whether everybody in the membership is active.
pub fn all_active(members: &Membership) -> bool {
    members
        .members
        .values()
        .all(|member| member.standing == Standing::Active)
}
