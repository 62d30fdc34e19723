//! What one fused server runs on: the checked part of the cluster file that concerns it.

use settings::{Cluster, Endpoint, NoSuchSection};
use wire::{member::MemberSettings, message::membership::Role, process::HeapProbe};

/// Checked settings of one fused server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What every member runs on.
    pub member: MemberSettings,
    /// Its row of the code, from 0.
    pub row: u8,
    /// Where it listens for the manager, primaries and clients.
    pub listen: Endpoint,
}

impl Settings {
    /// The settings of the fused server in section `[fusion section]`. `manager` replaces the cluster file's
    /// managers (for a cluster whose manager listens on a free port).
    ///
    /// # Errors
    /// If there is no such section.
    pub fn from_cluster(
        cluster: &Cluster,
        section: u32,
        manager: Option<(String, u16)>,
        heap: HeapProbe,
    ) -> Result<Self, NoSuchSection> {
        let place = cluster.fusion_server(section)?;
        Ok(Self {
            member: MemberSettings::new(cluster, place.id, Role::FusionServer, manager, heap),
            row: u8::try_from(place.row).expect("checked: at most 4 fused servers"),
            listen: place.listen.clone(),
        })
    }
}
