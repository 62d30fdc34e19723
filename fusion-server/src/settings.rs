//! What one fused server runs on: the checked part of the cluster file that concerns it.

use settings::{Cluster, Endpoint, NoSuchSection};
use wire::{
    member::MemberSettings,
    message::{fusion::Layout, membership::Role},
    process::HeapProbe,
};

/// Checked settings of one fused server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What every member runs on.
    pub member: MemberSettings,
    /// Its row of the code, from 0.
    pub row: u8,
    /// Which regions of the structures are coded.
    pub layout: Layout,
    /// Where it listens for the manager, primaries and clients.
    pub listen: Endpoint,
}

impl Settings {
    /// The settings of the fused server in section `[fusion section]`. `managers`, if there are any, replace the
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
        let place = cluster.fusion_server(section)?;
        Ok(Self {
            member: MemberSettings::new(cluster, place.id, Role::FusionServer, managers, heap),
            row: u8::try_from(place.row).expect("checked: at most 4 fused servers"),
            layout: Layout::of(cluster.mechanism).expect("checked: only a fused cluster has fused servers"),
            listen: place.listen.clone(),
        })
    }
}
