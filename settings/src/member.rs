//! The processes of a cluster, by role: which section of the file each is, its ids and its addresses.

use std::path::PathBuf;

use multicast::id::{GroupId, NodeId};
use serde::{Deserialize, Serialize};

use crate::Endpoint;

/// A group manager: `[manager N]`, or implied by the `mgr_host` and `mgr_port` of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manager {
    /// The N of its section; 1 where it is implied.
    pub section: u32,
    /// Its `proc_id`; where the file says none, the smallest number that no process of the file has.
    pub id: NodeId,
    /// Where clients and members reach it.
    pub listen: Endpoint,
    /// Where its embedded membership store writes, if the file says so
    /// (see [`crate::Cluster::membership_file`] for the default).
    pub membership_file: Option<PathBuf>,
}

/// One replica of a group: `[node N]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataNode {
    /// The N of its section.
    pub section: u32,
    /// Its `proc_id`.
    pub id: NodeId,
    /// The group that it holds.
    pub group: GroupId,
    /// Where managers and other data nodes reach it.
    pub multicast: Endpoint,
    /// Where clients read from it.
    pub read: Endpoint,
    /// Its manager.
    pub manager: Endpoint,
}

/// The holder of a group's original structure: `[primary N]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Primary {
    /// The N of its section.
    pub section: u32,
    /// Its `proc_id`.
    pub id: NodeId,
    /// The group that it holds; no other primary has it.
    pub group: GroupId,
    /// Where clients and managers reach it.
    pub listen: Endpoint,
    /// Its manager.
    pub manager: Endpoint,
}

/// The holder of one fused backup of all primaries: `[fusion N]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FusionServer {
    /// The N of its section.
    pub section: u32,
    /// Its `proc_id`.
    pub id: NodeId,
    /// Its row in the code: its place among the sorted sections, from 0.
    pub row: usize,
    /// Where primaries and managers reach it.
    pub listen: Endpoint,
    /// Its manager.
    pub manager: Endpoint,
}
