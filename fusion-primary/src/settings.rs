//! What one primary runs on: the checked part of the cluster file that concerns it.

use std::time::Duration;

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
    /// What its group's structure is, and the lengths of its keys and values.
    pub door: Door,
    /// Which regions of the structure the fused servers hold as a sum.
    pub layout: Layout,
    /// For how long the manager believes in a primary that it does not hear, at the least: what leases are parts of.
    pub believed: Duration,
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
                group: None,
                spec: cluster.structure(),
            },
            layout: Layout::of(cluster.mechanism).expect("checked: only a fused cluster has primaries"),
            believed: believed(cluster),
            listen: place.listen.clone(),
        })
    }
}

/// Whatever the manager's detector has learnt, it suspects nobody within a heartbeat and the pause that it forgives, nor
/// within the suspicion time if that is shorter. One of several managers may have been succeeded without knowing it: not
/// at all.
fn believed(cluster: &Cluster) -> Duration {
    match cluster.managers.len() {
        0 | 1 => cluster.suspicion.min(cluster.heartbeat + cluster.detector.pause),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use settings::{ClusterPlan, DetectorSettings, Mechanism};

    use super::*;

    #[test]
    fn a_primary_is_believed_in_no_longer_than_the_detector_forgives_and_than_the_suspicion_time() {
        let ms = Duration::from_millis;
        for (pause, expected) in [(0, 20), (79, 99), (80, 100), (81, 100)] {
            let plan = ClusterPlan {
                heartbeat: ms(20),
                suspicion: ms(100),
                ..ClusterPlan::new(Mechanism::FusionLinked, 1, 1)
            };
            let mut cluster = plan.cluster().expect("a sound plan");
            cluster.detector = DetectorSettings {
                pause: ms(pause),
                ..cluster.detector
            };
            assert_eq!(believed(&cluster), ms(expected), "{pause}");
            cluster.managers.push(cluster.managers[0].clone());
            assert_eq!(believed(&cluster), Duration::ZERO, "of several managers");
        }
    }
}
