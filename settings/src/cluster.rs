//! The checked settings that every process of a cluster runs on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use multicast::id::GroupId;
use serde::{Deserialize, Serialize};
use structures::kind::{StructureKind, StructureSpec};

use crate::Join;
use crate::problem::{Problem, TextError};
use crate::written::Written;
use crate::{
    DataNode, DetectorSettings, FusionServer, MAX_TEXT_BYTES, Manager, Mechanism, NoSuchSection, Primary,
    Problems, SectionKind, StoreSettings, check, lookup,
};

/// A cluster whose file had no mistake. Members are sorted by section number.
///
/// Invariants: every group has at least f + 1 data nodes under replication, exactly one primary under fusion; there are f
/// fusion servers under fusion; ids are unique over all members, and so are addresses whose port is not 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Letters, digits, `_` and `-`.
    pub name: String,
    /// How its groups survive crashes.
    pub mechanism: Mechanism,
    /// f: how many crashes it survives, per group in replication, in all in fusion.
    pub fault_tolerance: usize,
    /// What every group protects; under `fusion-linked` a linked list.
    pub structure: StructureKind,
    /// How large an element may be.
    pub limits: StructureLimits,
    /// Writes wait while fewer backups than this are left; at most f.
    pub min_backups: usize,
    /// What writers notice of a data node that enters its group; of replication.
    pub join: Join,
    /// How often members show that they live.
    pub heartbeat: Duration,
    /// After how long a silent member is suspected at the latest; at least three heartbeats.
    pub suspicion: Duration,
    /// How a silent member is suspected earlier.
    pub detector: DetectorSettings,
    /// Where the managers keep the membership.
    pub store: StoreSettings,
    /// The names of the groups, sorted by bytes. In this file's terms a [`GroupId`] is a place in this list; a running
    /// cluster began with the numbers of its first file, and keeps them: there it is the name that counts.
    pub groups: Vec<String>,
    /// At least one.
    pub managers: Vec<Manager>,
    /// Empty under fusion.
    pub data_nodes: Vec<DataNode>,
    /// Empty under replication.
    pub primaries: Vec<Primary>,
    /// Empty under replication.
    pub fusion_servers: Vec<FusionServer>,
}

/// How large the elements of a cluster's structures may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StructureLimits {
    /// The longest key, in bytes.
    pub key_bytes: usize,
    /// The longest value, in bytes.
    pub element_bytes: usize,
}

impl Cluster {
    /// What every group protects, as the structures take it.
    pub fn structure(&self) -> StructureSpec {
        StructureSpec {
            kind: self.structure,
            limits: structures::layout::StructureLimits {
                key_bytes: u8::try_from(self.limits.key_bytes).expect("checked: at most 255"),
                element_bytes: u16::try_from(self.limits.element_bytes).expect("checked: at most 65535"),
            },
        }
    }

    /// Reads a cluster file's text. `file_name` stands in the messages only.
    ///
    /// # Errors
    /// All mistakes of the text at once.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        if text.len() > MAX_TEXT_BYTES {
            let too_long = Problem::of_file(TextError::TooLong {
                limit: MAX_TEXT_BYTES,
            });
            return Err(Problems::new(file_name, "", vec![too_long]));
        }
        let written = Written::read(text, &mut problems);
        check::check(written, problems).map_err(|problems| Problems::new(file_name, text, problems))
    }

    /// The name of a group of this cluster.
    ///
    /// # Panics
    /// If the id is not of this cluster: ids that a peer sent are checked against `groups.len()` first.
    pub fn group_name(&self, group: GroupId) -> &str {
        &self.groups[usize::from(group.0)]
    }

    /// The group with this name.
    pub fn group_named(&self, name: &str) -> Option<GroupId> {
        let place = self
            .groups
            .binary_search_by(|group| group.as_str().cmp(name))
            .ok()?;
        u16::try_from(place).ok().map(GroupId)
    }

    /// All groups by the numbers that they have in this file's terms.
    pub fn groups_by_number(&self) -> BTreeMap<GroupId, String> {
        self.group_ids().zip(self.groups.iter().cloned()).collect()
    }

    /// The ids of all groups, in order.
    pub fn group_ids(&self) -> impl Iterator<Item = GroupId> + use<> {
        (0..self.groups.len()).map(|place| GroupId(u16::try_from(place).expect("at most 4096 groups")))
    }

    /// The data node of `[node N]`.
    ///
    /// # Errors
    /// [`NoSuchSection`], with the sections that there are.
    pub fn data_node(&self, section: u32) -> Result<&DataNode, NoSuchSection> {
        lookup::by_section(SectionKind::Node, &self.data_nodes, |node| node.section, section)
    }

    /// The primary of `[primary N]`.
    ///
    /// # Errors
    /// [`NoSuchSection`], with the sections that there are.
    pub fn primary(&self, section: u32) -> Result<&Primary, NoSuchSection> {
        lookup::by_section(
            SectionKind::Primary,
            &self.primaries,
            |primary| primary.section,
            section,
        )
    }

    /// The fusion server of `[fusion N]`.
    ///
    /// # Errors
    /// [`NoSuchSection`], with the sections that there are.
    pub fn fusion_server(&self, section: u32) -> Result<&FusionServer, NoSuchSection> {
        lookup::by_section(
            SectionKind::Fusion,
            &self.fusion_servers,
            |server| server.section,
            section,
        )
    }

    /// The manager of `[manager N]`; the implied one is number 1.
    ///
    /// # Errors
    /// [`NoSuchSection`], with the sections that there are.
    pub fn manager(&self, section: u32) -> Result<&Manager, NoSuchSection> {
        lookup::by_section(
            SectionKind::Manager,
            &self.managers,
            |manager| manager.section,
            section,
        )
    }

    /// Where a manager's embedded membership store writes: what its section says, or
    /// beside the cluster file, with its name and the extension `membership`.
    pub fn membership_file(&self, manager: &Manager, cluster_file: &Path) -> PathBuf {
        match &manager.membership_file {
            Some(path) => path.clone(),
            None => cluster_file.with_extension("membership"),
        }
    }
}
