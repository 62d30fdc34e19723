//! What one data node runs on: the checked part of the cluster file that concerns it.

use settings::{Cluster, Endpoint, NoSuchSection};
use structures::kind::StructureSpec;
use wire::{member::MemberSettings, message::membership::Role, process::HeapProbe};

/// Checked settings of one data node.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What every member runs on.
    pub member: MemberSettings,
    /// Lengths of keys and values.
    pub spec: StructureSpec,
    /// Where it listens for the manager and for other data nodes.
    pub multicast: Endpoint,
    /// Where it listens for reads.
    pub read: Endpoint,
}

impl Settings {
    /// The settings of the data node in section `[node section]`. `managers`, if there are any, replace the
    /// cluster file's (for a cluster whose managers listen on free ports).
    ///
    /// # Errors
    /// If there is no such section.
    pub fn from_cluster(
        cluster: &Cluster,
        section: u32,
        managers: Vec<(String, u16)>,
        heap: HeapProbe,
    ) -> Result<Self, NoSuchSection> {
        let place = cluster.data_node(section)?;
        Ok(Self {
            member: MemberSettings::new(cluster, place.id, Role::DataNode, managers, heap),
            spec: cluster.structure(),
            multicast: place.multicast.clone(),
            read: place.read.clone(),
        })
    }
}
