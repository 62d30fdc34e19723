//! A plan's members: their numbers, groups and ports, in the order of the file.

use multicast::id::{GroupId, NodeId};

use super::{ClusterPlan, PlanError, PortPlan};
use crate::{
    Cluster, DataNode, DetectorSettings, Endpoint, FusionServer, Manager, Mechanism, Primary, StoreSettings,
};

impl ClusterPlan {
    fn listeners(&self) -> usize {
        match self.mechanism {
            Mechanism::Replication | Mechanism::ReplicationSequencer => self.managers + 2 * self.members(),
            Mechanism::FusionLinked | Mechanism::FusionArena => self.managers + self.members(),
        }
    }

    /// All processes but the managers.
    fn members(&self) -> usize {
        match self.mechanism {
            Mechanism::Replication | Mechanism::ReplicationSequencer => self.groups * (self.faults + 1),
            Mechanism::FusionLinked | Mechanism::FusionArena => self.groups + self.faults,
        }
    }

    /// The first has id 0; the others come after the members, whose ids stay as they are.
    fn managers(&self, ports: &mut Ports<'_>) -> Vec<Manager> {
        let number = |count: usize| u32::try_from(count).expect("checked: few members and managers");
        let id = |place: usize| match place {
            0 => 0,
            _ => number(self.members() + place),
        };
        let manager = |place: usize| Manager {
            section: number(place + 1),
            id: NodeId(id(place)),
            listen: ports.next(),
            membership_file: None,
        };
        (0..self.managers).map(manager).collect()
    }

    /// A draft, for its text alone: the counts must have been checked, its values are not, and its groups are
    /// in the order of their making.
    pub(super) fn layout(&self) -> Result<Cluster, PlanError> {
        let mut ports = Ports::of(self)?;
        let managers = self.managers(&mut ports);
        let listen = managers[0].listen.clone();
        let mut cluster = Cluster {
            name: self.name.clone(),
            mechanism: self.mechanism,
            fault_tolerance: self.faults,
            structure: self.structure,
            limits: self.limits,
            min_backups: self.min_backups,
            join: self.join,
            heartbeat: self.heartbeat,
            suspicion: self.suspicion,
            detector: DetectorSettings::for_times(self.heartbeat, self.suspicion),
            store: StoreSettings::Embedded,
            groups: (0..self.groups).map(group_name).collect(),
            managers,
            data_nodes: Vec::new(),
            primaries: Vec::new(),
            fusion_servers: Vec::new(),
        };
        let group_ids = cluster.group_ids();
        match self.mechanism {
            Mechanism::Replication | Mechanism::ReplicationSequencer => {
                let groups = group_ids.flat_map(|group| vec![group; self.faults + 1]);
                cluster.data_nodes = (1..)
                    .zip(groups)
                    .map(|(n, group)| ports.data_node(n, group, &listen))
                    .collect();
            }
            Mechanism::FusionLinked | Mechanism::FusionArena => {
                cluster.primaries = (1..)
                    .zip(group_ids)
                    .map(|(n, group)| ports.primary(n, group, &listen))
                    .collect();
                let ids = (1..).skip(self.groups).map(NodeId);
                let servers = ids.zip(0..self.faults);
                cluster.fusion_servers = servers
                    .map(|(id, row)| ports.fusion_server(row, id, &listen))
                    .collect();
            }
        }
        Ok(cluster)
    }
}

/// Hands out the endpoints of a plan in order, and the members at them.
struct Ports<'p> {
    host: &'p str,
    next: u16,
    step: u16,
}

impl<'p> Ports<'p> {
    fn of(plan: &'p ClusterPlan) -> Result<Self, PlanError> {
        let (next, step) = match plan.ports {
            PortPlan::Free => (0, 0),
            PortPlan::From(first) => {
                let needed = plan.listeners();
                if first == 0 || usize::from(first) + needed - 1 > usize::from(u16::MAX) {
                    return Err(PlanError::Ports { first, needed });
                }
                (first, 1)
            }
        };
        Ok(Self {
            host: &plan.host,
            next,
            step,
        })
    }

    fn next(&mut self) -> Endpoint {
        let endpoint = Endpoint {
            host: self.host.to_owned(),
            port: self.next,
        };
        self.next = self.next.saturating_add(self.step);
        endpoint
    }

    fn data_node(&mut self, number: u32, group: GroupId, manager: &Endpoint) -> DataNode {
        let (multicast, read) = (self.next(), self.next());
        DataNode {
            section: number,
            id: NodeId(number),
            group,
            multicast,
            read,
            manager: manager.clone(),
        }
    }

    fn primary(&mut self, number: u32, group: GroupId, manager: &Endpoint) -> Primary {
        let (listen, manager) = (self.next(), manager.clone());
        Primary {
            section: number,
            id: NodeId(number),
            group,
            listen,
            manager,
        }
    }

    fn fusion_server(&mut self, row: usize, id: NodeId, manager: &Endpoint) -> FusionServer {
        let section = u32::try_from(row + 1).expect("at most 4 fusion servers");
        FusionServer {
            section,
            id,
            row,
            listen: self.next(),
            manager: manager.clone(),
        }
    }
}

/// A, B, ..., Z, AA, AB, ...: as spreadsheets name columns.
pub(super) fn group_name(place: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(place % 26).expect("less than 26"));
    match place / 26 {
        0 => letter.to_string(),
        more => format!("{}{letter}", group_name(more - 1)),
    }
}
