//! What one primary runs on: the checked part of the cluster file that concerns it.

use settings::{Cluster, Endpoint, NoSuchSection};
use wire::{
    member::MemberSettings,
    message::{fusion::Layout, membership::Role},
    process::HeapProbe,
};

use crate::door::Door;

/// Checked settings of one primary.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What every member runs on.
    pub member: MemberSettings,
    /// The one group whose structure it holds, and the lengths of its keys and values.
    pub door: Door,
    /// Which regions of the structure the fused servers hold as a sum.
    pub layout: Layout,
    /// Where it listens for the manager, fused servers and clients.
    pub listen: Endpoint,
}

impl Settings {
    /// The settings of the primary in section `[primary section]`. `managers`, if there are any, replace the
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
        let place = cluster.primary(section)?;
        Ok(Self {
            member: MemberSettings::new(cluster, place.id, Role::Primary, managers, heap),
            door: Door {
                group: place.group,
                spec: cluster.structure(),
            },
            layout: Layout::of(cluster.mechanism).expect("checked: only a fused cluster has primaries"),
            listen: place.listen.clone(),
        })
    }
}
