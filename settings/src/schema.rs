//! The kinds of section of a cluster file and their keys (DESIGN section 6): one table, read by the parser, by
//! the messages and by the writer.

use std::fmt;

/// A kind of section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionKind {
    /// What holds for the whole cluster; the only kind without a number.
    Cluster,
    /// A group manager.
    Manager,
    /// A data node.
    Node,
    /// A primary.
    Primary,
    /// A fusion server.
    Fusion,
}

/// A key of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// As written before the `=`.
    pub name: &'static str,
    /// Whether the section is incomplete without it.
    pub required: bool,
}

const fn required(name: &'static str) -> Key {
    Key { name, required: true }
}

const fn optional(name: &'static str) -> Key {
    Key {
        name,
        required: false,
    }
}

const CLUSTER: &[Key] = &[
    optional("name"),
    optional("mechanism"),
    optional("fault_tolerance"),
    optional("structure"),
    optional("key_bytes"),
    optional("element_bytes"),
    optional("min_backups"),
    optional("join"),
    optional("heartbeat_ms"),
    optional("suspicion_ms"),
    optional("detector_threshold"),
    optional("detector_window"),
    optional("detector_deviation_ms"),
    optional("detector_pause_ms"),
    optional("store"),
    optional("etcd_endpoints"),
    optional("etcd_prefix"),
    optional("etcd_timeout_ms"),
];
const MANAGER: &[Key] = &[
    required("host"),
    required("port"),
    optional("proc_id"),
    optional("membership_file"),
];
const NODE: &[Key] = &[
    required("multicast_host"),
    required("multicast_port"),
    required("read_host"),
    required("read_port"),
    required("group_id"),
    required("proc_id"),
    required("mgr_host"),
    required("mgr_port"),
];
const PRIMARY: &[Key] = &[
    required("host"),
    required("port"),
    required("group_id"),
    required("proc_id"),
    required("mgr_host"),
    required("mgr_port"),
];
const FUSION: &[Key] = &[
    required("host"),
    required("port"),
    required("proc_id"),
    required("mgr_host"),
    required("mgr_port"),
];

impl SectionKind {
    /// Every kind, in the order in which they are listed.
    pub const ALL: [Self; 5] = [
        Self::Cluster,
        Self::Manager,
        Self::Node,
        Self::Primary,
        Self::Fusion,
    ];

    /// The word in the brackets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Manager => "manager",
            Self::Node => "node",
            Self::Primary => "primary",
            Self::Fusion => "fusion",
        }
    }

    /// Whether a number follows the word.
    pub const fn is_numbered(self) -> bool {
        !matches!(self, Self::Cluster)
    }

    pub(crate) const fn keys(self) -> &'static [Key] {
        match self {
            Self::Cluster => CLUSTER,
            Self::Manager => MANAGER,
            Self::Node => NODE,
            Self::Primary => PRIMARY,
            Self::Fusion => FUSION,
        }
    }

    pub(crate) fn key_names(self) -> impl Iterator<Item = &'static str> {
        self.keys().iter().map(|key| key.name)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for SectionKind {
    /// As in messages: `[cluster]`, `[node N]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_numbered() {
            true => write!(f, "[{} N]", self.name()),
            false => write!(f, "[{}]", self.name()),
        }
    }
}
