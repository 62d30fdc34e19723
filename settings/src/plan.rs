//! A cluster from a few numbers: what `bench config` writes and what the experiment launches.
//!
//! Groups are named A, B, ..., Z, AA, AB, ...; members are numbered from 1 group by group, with the same numbers
//! as ids. Invariant: the text of a plan parses back to its cluster.

mod layout;

use std::time::Duration;

use structures::kind::StructureKind;

use crate::Join;
use crate::limits::fault_range;
use crate::{
    Cluster, MAX_PRIMARIES_AND_FUSION_SERVERS, MAX_REPLICATED_GROUPS, Mechanism, Problems, StructureLimits,
    ValueError, defaults, value,
};

/// The most managers of a plan. A file may have more; nobody would gain by it.
pub const MAX_PLANNED_MANAGERS: usize = 9;

/// What to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterPlan {
    /// The cluster's name.
    pub name: String,
    /// How its groups survive crashes.
    pub mechanism: Mechanism,
    /// How many managers; those after the first have the ids above all members'.
    pub managers: usize,
    /// How many groups.
    pub groups: usize,
    /// How many crashes it survives.
    pub faults: usize,
    /// What every group protects.
    pub structure: StructureKind,
    /// How large an element may be.
    pub limits: StructureLimits,
    /// Writes wait while fewer backups than this are left.
    pub min_backups: usize,
    /// What writers notice of a data node that enters its group; of replication.
    pub join: Join,
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
    /// Consecutive ports from this one (not 0): the managers' first, then those of the members in order.
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
    /// No manager, or too many.
    #[error("{managers} managers: a cluster takes 1 to {MAX_PLANNED_MANAGERS}")]
    Managers {
        /// The managers asked for.
        managers: usize,
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
            managers: 1,
            groups,
            faults,
            structure: StructureKind::default(),
            limits: StructureLimits {
                key_bytes: defaults::KEY_BYTES,
                element_bytes: defaults::ELEMENT_BYTES,
            },
            min_backups: defaults::MIN_BACKUPS,
            join: Join::default(),
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
            managers,
            groups,
            faults,
            ..
        } = *self;
        if !(1..=MAX_PLANNED_MANAGERS).contains(&managers) {
            return Err(PlanError::Managers { managers });
        }
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
            Mechanism::Replication | Mechanism::ReplicationSequencer => MAX_REPLICATED_GROUPS,
            Mechanism::FusionLinked | Mechanism::FusionArena => MAX_PRIMARIES_AND_FUSION_SERVERS - faults,
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
}

#[cfg(test)]
mod tests;
