//! What the experiment has to know of a mechanism; all else is the same for all of them.
//!
//! Clients speak one protocol to every door (`wire::client`), every process reports its sizes the same way,
//! and the manager reports recoveries the same way. So a further mechanism is one more implementation here.

use std::net::SocketAddr;

use multicast::id::{GroupId, NodeId};
use settings::{Cluster, Mechanism as Name};
use structures::kind::StructureKind;
use wire::message::membership::{Membership, Role};

use crate::{
    cluster::{Seat, seats},
    results,
};

/// A mechanism as the experiment sees it.
pub trait Mechanism {
    /// The order in which one round crashes every node.
    fn crash_order(&self, cluster: &Cluster) -> Vec<Seat>;

    /// The group that takes no writes, or only with it, while this node is gone or being recovered.
    fn group_of(&self, cluster: &Cluster, seat: Seat) -> Option<GroupId>;

    /// Where the node itself serves reads of its group, if it does: its own copy is checked there, besides what
    /// the groups' doors show.
    fn own_reads(&self, members: &Membership, node: NodeId) -> Option<(GroupId, SocketAddr)>;
}

/// The mechanism of that name.
pub fn mechanism(name: Name) -> Box<dyn Mechanism> {
    match name {
        Name::Replication | Name::ReplicationSequencer => Box::new(Replication),
        Name::FusionLinked | Name::FusionArena => Box::new(Fusion),
    }
}

/// What is compared where nobody says what: [`Name::ReplicationSequencer`] is a baseline of replication's own.
pub const COMPARED: [Name; 3] = [Name::Replication, Name::FusionLinked, Name::FusionArena];

/// Whether groups of such a structure can be kept alive that way.
pub fn protects(name: Name, structure: StructureKind) -> bool {
    name != Name::FusionLinked || structure == StructureKind::LinkedList
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

    fn group_of(&self, cluster: &Cluster, seat: Seat) -> Option<GroupId> {
        cluster.data_node(seat.section).ok().map(|node| node.group)
    }

    fn own_reads(&self, members: &Membership, node: NodeId) -> Option<(GroupId, SocketAddr)> {
        let member = members.members.get(&node)?;
        Some((member.group?, member.addresses?.clients))
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

    /// A fused server is of no group: all of them wait until it is removed.
    fn group_of(&self, cluster: &Cluster, seat: Seat) -> Option<GroupId> {
        let is_primary = seat.role == Role::Primary;
        let primary = is_primary.then(|| cluster.primary(seat.section).ok()).flatten();
        primary.map(|primary| primary.group)
    }

    /// A primary is its group's door, and a fused server holds nothing that a client could read: what it was
    /// rebuilt to shows when the next primary is recovered from it.
    fn own_reads(&self, _: &Membership, _: NodeId) -> Option<(GroupId, SocketAddr)> {
        None
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
