//! What the experiment has to know of a mechanism; all else is the same for all of them.
//!
//! Clients speak one protocol to every door (`wire::client`), every process reports its sizes the same way,
//! and the manager reports recoveries the same way. So a further mechanism is one more implementation here.

use std::net::SocketAddr;

use multicast::id::{GroupId, NodeId};
use settings::{Cluster, Mechanism as Name};
use wire::message::membership::{Membership, Role};

use crate::{
    cluster::{Seat, seats},
    results,
};

/// A mechanism as the experiment sees it.
pub trait Mechanism {
    /// The order in which one round crashes every node.
    fn crash_order(&self, cluster: &Cluster) -> Vec<Seat>;

    /// What can be read back after this node recovered, and where besides the groups' doors: (group, the
    /// node's own address if it serves reads itself).
    fn read_back(
        &self,
        cluster: &Cluster,
        members: &Membership,
        node: NodeId,
    ) -> Vec<(GroupId, Option<SocketAddr>)>;
}

/// The mechanism of that name.
pub fn mechanism(name: Name) -> Box<dyn Mechanism> {
    match name {
        Name::Replication => Box::new(Replication),
        Name::FusionLinked => Box::new(Fusion),
    }
}

/// How the rows of the results call a role; managers have none.
pub fn row_role(role: Role) -> Option<results::Role> {
    match role {
        Role::DataNode => Some(results::Role::DataNode),
        Role::Primary => Some(results::Role::Primary),
        Role::FusionServer => Some(results::Role::FusionServer),
        Role::GroupManager => None,
    }
}

struct Replication;

impl Mechanism for Replication {
    fn crash_order(&self, cluster: &Cluster) -> Vec<Seat> {
        seats(cluster)
    }

    /// A recovered replica is read at its own read port, so that its copy is checked and not another one's.
    fn read_back(
        &self,
        _: &Cluster,
        members: &Membership,
        node: NodeId,
    ) -> Vec<(GroupId, Option<SocketAddr>)> {
        let member = members.members.get(&node);
        let place = member.and_then(|m| Some((m.group?, Some(m.addresses?.clients))));
        place.into_iter().collect()
    }
}

struct Fusion;

impl Mechanism for Fusion {
    /// Fused servers first: what they were rebuilt to is then what the primaries are recovered from.
    fn crash_order(&self, cluster: &Cluster) -> Vec<Seat> {
        let (servers, primaries): (Vec<Seat>, Vec<Seat>) = seats(cluster)
            .into_iter()
            .partition(|seat| seat.role == Role::FusionServer);
        servers.into_iter().chain(primaries).collect()
    }

    /// A primary's group; after a fused server's rebuild every group, since all took part in it.
    fn read_back(
        &self,
        cluster: &Cluster,
        members: &Membership,
        node: NodeId,
    ) -> Vec<(GroupId, Option<SocketAddr>)> {
        match members.members.get(&node).and_then(|member| member.group) {
            Some(group) => vec![(group, None)],
            None => cluster.group_ids().map(|group| (group, None)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use settings::ClusterPlan;

    use super::*;

    fn crash_sections(name: Name) -> Vec<(Role, u32)> {
        let cluster = ClusterPlan::new(name, 2, 1).cluster().unwrap();
        let order = mechanism(name).crash_order(&cluster);
        order.into_iter().map(|seat| (seat.role, seat.section)).collect()
    }

    #[test]
    fn every_node_is_crashed_once_and_fused_servers_come_first() {
        use Role::{DataNode, FusionServer, Primary};
        assert_eq!(
            crash_sections(Name::Replication),
            [(DataNode, 1), (DataNode, 2), (DataNode, 3), (DataNode, 4)]
        );
        assert_eq!(
            crash_sections(Name::FusionLinked),
            [(FusionServer, 1), (Primary, 1), (Primary, 2)]
        );
    }
}
