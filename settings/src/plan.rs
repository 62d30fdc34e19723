//! A cluster from a few numbers: what `bench config` writes and what the experiment launches.
//!
//! Groups are named A, B, ..., Z, AA, AB, ...; members are numbered from 1 group by group, with the same numbers
//! as ids. Invariant: the text of a plan parses back to its cluster.

use std::time::Duration;

use multicast::id::{GroupId, NodeId};

use crate::limits::fault_range;
use crate::{
    Cluster, DataNode, Endpoint, FusionServer, MAX_PRIMARIES_AND_FUSION_SERVERS, MAX_REPLICATED_GROUPS,
    Manager, Mechanism, Primary, Problems, StructureLimits, ValueError, defaults, value,
};

/// What to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterPlan {
    /// The cluster's name.
    pub name: String,
    /// How its groups survive crashes.
    pub mechanism: Mechanism,
    /// How many groups.
    pub groups: usize,
    /// How many crashes it survives.
    pub faults: usize,
    /// How large an element may be.
    pub limits: StructureLimits,
    /// Writes wait while fewer backups than this are left.
    pub min_backups: usize,
    /// How often members show that they live, in whole milliseconds.
    pub heartbeat: Duration,
    /// After how long a silent member is suspected, in whole milliseconds.
    pub suspicion: Duration,
    /// The host of every process.
    pub host: String,
    /// The ports of all listeners.
    pub ports: PortPlan,
}

/// Which ports a plan gives to its listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortPlan {
    /// Port 0 for each: a free one is taken when it starts.
    Free,
    /// Consecutive ports from this one (not 0): the manager's first, then those of the members in order.
    From(u16),
}

/// Why a plan makes no cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No group, or too many for the mechanism and its faults.
    #[error("{groups} groups: {mechanism} with f = {faults} takes 1 to {limit}")]
    Groups {
        /// The mechanism.
        mechanism: Mechanism,
        /// The groups asked for.
        groups: usize,
        /// The faults asked for.
        faults: usize,
        /// The most groups.
        limit: usize,
    },
    /// A fault tolerance that the mechanism does not have.
    #[error("f = {faults}: {mechanism} takes {from} to {to}")]
    Faults {
        /// The mechanism.
        mechanism: Mechanism,
        /// The faults asked for.
        faults: usize,
        /// The fewest.
        from: u64,
        /// The most.
        to: u64,
    },
    /// Not enough ports from the first to 65535, or a first port of 0.
    #[error("{needed} consecutive ports from {first} do not fit into 1 to 65535")]
    Ports {
        /// The first port.
        first: u16,
        /// How many are needed.
        needed: usize,
    },
    /// A name or a host that no cluster file may have.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A limit or a time that no cluster file may have.
    #[error("the plan is no cluster:\n{0}")]
    Settings(Problems),
}

impl ClusterPlan {
    /// A plan with the defaults of cluster files, all on `localhost` with free ports.
    pub fn new(mechanism: Mechanism, groups: usize, faults: usize) -> Self {
        Self {
            name: defaults::NAME.to_owned(),
            mechanism,
            groups,
            faults,
            limits: StructureLimits {
                key_bytes: defaults::KEY_BYTES,
                element_bytes: defaults::ELEMENT_BYTES,
            },
            min_backups: defaults::MIN_BACKUPS,
            heartbeat: Duration::from_millis(defaults::HEARTBEAT_MS),
            suspicion: Duration::from_millis(defaults::SUSPICION_MS),
            host: "localhost".to_owned(),
            ports: PortPlan::Free,
        }
    }

    /// The text of the cluster file, commented.
    ///
    /// # Errors
    /// [`PlanError`], each limit by its name.
    pub fn to_ini(&self) -> Result<String, PlanError> {
        Ok(self.cluster()?.to_ini())
    }

    /// The cluster itself: what the text parses to.
    ///
    /// # Errors
    /// As [`ClusterPlan::to_ini`].
    pub fn cluster(&self) -> Result<Cluster, PlanError> {
        self.check_counts()?;
        value::name(&self.name)?;
        let plan = Self {
            host: value::host(&self.host)?,
            ..self.clone()
        };
        Cluster::parse("plan", &plan.layout()?.to_ini()).map_err(PlanError::Settings)
    }

    fn check_counts(&self) -> Result<(), PlanError> {
        let Self {
            mechanism,
            groups,
            faults,
            ..
        } = *self;
        let range = fault_range(mechanism);
        if !range.contains(&(faults as u64)) {
            let (from, to) = range.into_inner();
            return Err(PlanError::Faults {
                mechanism,
                faults,
                from,
                to,
            });
        }
        let limit = match mechanism {
            Mechanism::Replication => MAX_REPLICATED_GROUPS,
            Mechanism::FusionLinked => MAX_PRIMARIES_AND_FUSION_SERVERS - faults,
        };
        match (1..=limit).contains(&groups) {
            true => Ok(()),
            false => Err(PlanError::Groups {
                mechanism,
                groups,
                faults,
                limit,
            }),
        }
    }

    fn listeners(&self) -> usize {
        match self.mechanism {
            Mechanism::Replication => 1 + 2 * self.groups * (self.faults + 1),
            Mechanism::FusionLinked => 1 + self.groups + self.faults,
        }
    }

    /// The cluster without the checks of a file's values.
    fn layout(&self) -> Result<Cluster, PlanError> {
        let mut ports = Ports::of(self)?;
        let mut names: Vec<(String, usize)> =
            (0..self.groups).map(|place| (group_name(place), place)).collect();
        names.sort();
        let mut group_ids = vec![GroupId::default(); self.groups];
        for (id, (_, place)) in (0..).zip(&names) {
            group_ids[*place] = GroupId(id);
        }
        let listen = ports.next();
        let manager = Manager {
            section: 1,
            id: NodeId(0),
            listen: listen.clone(),
            membership_file: None,
        };
        let mut cluster = Cluster {
            name: self.name.clone(),
            mechanism: self.mechanism,
            fault_tolerance: self.faults,
            limits: self.limits,
            min_backups: self.min_backups,
            heartbeat: self.heartbeat,
            suspicion: self.suspicion,
            groups: names.into_iter().map(|(name, _)| name).collect(),
            managers: vec![manager],
            data_nodes: Vec::new(),
            primaries: Vec::new(),
            fusion_servers: Vec::new(),
        };
        match self.mechanism {
            Mechanism::Replication => {
                let groups = group_ids.iter().flat_map(|group| vec![*group; self.faults + 1]);
                cluster.data_nodes = (1..)
                    .zip(groups)
                    .map(|(n, group)| ports.data_node(n, group, &listen))
                    .collect();
            }
            Mechanism::FusionLinked => {
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
fn group_name(place: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(place % 26).expect("less than 26"));
    match place / 26 {
        0 => letter.to_string(),
        more => format!("{}{letter}", group_name(more - 1)),
    }
}

#[cfg(test)]
mod tests;
