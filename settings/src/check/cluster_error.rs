//! What is wrong with a file whose every section and value is right by itself.

use structures::kind::StructureKind;

use crate::problem::Explain;
use crate::{Endpoint, Mechanism, SectionKind};

/// Values that contradict each other, or a count that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// No member at all.
    #[error("no [node N], no [primary N] and no [fusion N]")]
    NoMembers,
    /// Sections of both mechanisms.
    #[error("{found} in a cluster of {before}")]
    MixedMechanisms {
        /// The kind of the section that comes later in the file.
        found: SectionKind,
        /// The first section of the other mechanism.
        before: SectionKind,
    },
    /// The written mechanism is not that of the sections.
    #[error("mechanism `{written}` in a file of {sections}")]
    MechanismContradicts {
        /// What the file says.
        written: Mechanism,
        /// A kind of section that it has.
        sections: SectionKind,
    },
    /// The report's layout has fixed places for keys and values, which other structures have not.
    #[error("a {structure} under `fusion-linked`")]
    NotLinked {
        /// What the file says.
        structure: StructureKind,
    },
    /// Fusion without anything to protect, or without protection.
    #[error("{found} without any {missing}")]
    HalfFusion {
        /// What the file has.
        found: SectionKind,
        /// What it lacks.
        missing: SectionKind,
    },
    /// More or fewer faults than the mechanism can tolerate.
    #[error("a fault tolerance of {faults} is out of range")]
    FaultsOutOfRange {
        /// The mechanism.
        mechanism: Mechanism,
        /// What the file says, or what follows from its sections.
        faults: u64,
        /// The fewest.
        from: u64,
        /// The most.
        to: u64,
    },
    /// A group that has fewer than f + 1 data nodes.
    #[error("group `{group}` has {nodes} data node(s), and f = {faults} takes {}", faults + 1)]
    GroupSize {
        /// The group.
        group: String,
        /// How many it has.
        nodes: usize,
        /// The fault tolerance of the cluster.
        faults: u64,
    },
    /// Not f fusion servers.
    #[error("fault_tolerance is {faults}, and the file has {servers} section(s) [fusion N]")]
    FusionServerCount {
        /// The fault tolerance of the cluster.
        faults: u64,
        /// How many fusion servers there are.
        servers: usize,
    },
    /// A group with a second primary.
    #[error("a second primary of group `{group}`")]
    SecondPrimary {
        /// The group.
        group: String,
    },
    /// More groups than a replicated cluster may have.
    #[error("{groups} groups are too many")]
    TooManyGroups {
        /// How many there are.
        groups: usize,
        /// The most.
        limit: usize,
    },
    /// More primaries and fusion servers than the code has room for.
    #[error("{primaries} primaries and {servers} fusion servers are too many")]
    TooManyCoded {
        /// How many primaries there are.
        primaries: usize,
        /// How many fusion servers.
        servers: usize,
        /// The most of both together.
        limit: usize,
    },
    /// A `min_backups` that could never be reached.
    #[error("min_backups is {min_backups}, and the cluster has {faults}")]
    MinBackupsAboveFaults {
        /// What the file says.
        min_backups: u64,
        /// The fault tolerance of the cluster.
        faults: u64,
    },
    /// A way to join, where no data node does.
    #[error("`join` is of replication alone, and the mechanism is {mechanism}")]
    JoinUnused {
        /// The mechanism.
        mechanism: Mechanism,
    },
    /// Writers are to be held back by one of several managers.
    #[error("`join = freeze` holds back the writers of one manager, and there are {managers}")]
    FreezeOfSeveral {
        /// How many there are.
        managers: usize,
    },
    /// A suspicion time that a late heartbeat would exceed.
    #[error("suspicion_ms is {suspicion_ms}, less than {heartbeats} heartbeats of {heartbeat_ms} ms")]
    SuspicionTooShort {
        /// The suspicion time, in milliseconds.
        suspicion_ms: u64,
        /// The time between two heartbeats, in milliseconds.
        heartbeat_ms: u64,
        /// How many must fit.
        heartbeats: u64,
    },
    /// An etcd that is nowhere.
    #[error("store = etcd without etcd_endpoints")]
    EtcdWithoutEndpoints,
    /// A key of the other store.
    #[error("`{key}` without store = etcd")]
    EtcdKeyUnused {
        /// The key.
        key: &'static str,
    },
    /// A file where the membership is in etcd.
    #[error("a membership_file with store = etcd")]
    MembershipFileUnused,
    /// Managers of several machines, and a store on one of them.
    #[error("managers on {found} and {before} with store = embedded")]
    ManagersApart {
        /// The later manager's host.
        found: String,
        /// The first manager's.
        before: String,
    },
    /// Managers with different membership files.
    #[error("managers with different membership files")]
    SeveralStores,
    /// Members that name different managers, where no `[manager N]` says which is right.
    #[error("manager {found}, and {before} above")]
    ManagersDisagree {
        /// The later one.
        found: Endpoint,
        /// The first one.
        before: Endpoint,
    },
    /// A member that names a manager which has no section.
    #[error("no [manager N] listens at {found}")]
    UnknownManager {
        /// What the member names.
        found: Endpoint,
        /// The address of the first manager section.
        first: Endpoint,
    },
    /// A `proc_id` of two processes.
    #[error("repeated proc_id {id}")]
    RepeatedProcId {
        /// The id.
        id: u32,
    },
    /// An address of two listeners.
    #[error("repeated address {address}")]
    RepeatedAddress {
        /// The address.
        address: Endpoint,
    },
}

impl Explain for ClusterError {
    fn label(&self) -> String {
        match self {
            Self::NoMembers => "an empty cluster".to_owned(),
            Self::MixedMechanisms { .. } => "a cluster has one mechanism".to_owned(),
            Self::MechanismContradicts { sections, .. } => format!("{sections} is not of this mechanism"),
            Self::NotLinked { .. } => {
                "this layout takes `linked-list` alone; `fusion-arena` takes any structure".to_owned()
            }
            Self::HalfFusion { missing, .. } => format!("expected at least one {missing}"),
            Self::FaultsOutOfRange {
                mechanism, from, to, ..
            } => {
                format!("{mechanism} tolerates {from} to {to}")
            }
            Self::GroupSize { .. } => "the group is first named here".to_owned(),
            Self::FusionServerCount { servers, .. } => {
                format!("expected {servers}, one fault for each fusion server")
            }
            Self::SecondPrimary { .. } => "one primary per group".to_owned(),
            Self::TooManyGroups { limit, .. } => format!("at most {limit}"),
            Self::TooManyCoded { limit, .. } => format!("at most {limit} together"),
            Self::MinBackupsAboveFaults { faults, .. } => format!("expected at most {faults}"),
            Self::JoinUnused { .. } => "nothing reads it".to_owned(),
            Self::FreezeOfSeveral { .. } => "expected stream".to_owned(),
            Self::SuspicionTooShort {
                suspicion_ms,
                heartbeat_ms,
                heartbeats,
            } => {
                let (suspicion_ms, heartbeat_ms) = (heartbeat_ms * heartbeats, suspicion_ms / heartbeats);
                format!("expected suspicion_ms from {suspicion_ms}, or heartbeat_ms up to {heartbeat_ms}")
            }
            Self::EtcdWithoutEndpoints => "expected etcd_endpoints = host:port, too".to_owned(),
            Self::EtcdKeyUnused { .. } => "nothing reads it".to_owned(),
            Self::MembershipFileUnused => "nothing is written there".to_owned(),
            Self::ManagersApart { .. } => "expected the same host, or store = etcd".to_owned(),
            Self::SeveralStores => "expected the same membership_file".to_owned(),
            Self::ManagersDisagree { .. } => "another address".to_owned(),
            Self::UnknownManager { first, .. } => format!("expected {first}, for instance"),
            Self::RepeatedProcId { .. } | Self::RepeatedAddress { .. } => "again here".to_owned(),
        }
    }

    fn see_label(&self) -> &'static str {
        match self {
            Self::MixedMechanisms { .. } => "the first section of the other mechanism",
            Self::MechanismContradicts { .. } => "the first of them",
            Self::ManagersDisagree { .. } => "the first one",
            Self::UnknownManager { .. } | Self::ManagersApart { .. } => "the first manager",
            Self::SeveralStores => "the first file",
            _ => "the first one is here",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::GroupSize { .. } => {
                "without fault_tolerance, f is one less than the smallest group; with it, a group may have more"
            }
            Self::ManagersApart { .. } | Self::SeveralStores => {
                "all managers share one store; that of managers on several machines is etcd"
            }
            Self::FusionServerCount { servers, .. } => {
                return Some(format!(
                    "write fault_tolerance = {servers}, or leave it out; a server added to a running cluster raises it, too"
                ));
            }
            Self::ManagersDisagree { .. } => "several managers need a [manager N] each",
            _ => return None,
        };
        Some(help.to_owned())
    }
}
