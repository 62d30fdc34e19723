//! The suspicion time holds several heartbeats, so that one late packet is no crash.

use super::ClusterError;
use crate::problem::Problem;
use crate::written::WrittenCluster;
use crate::{HEARTBEATS_PER_SUSPICION, defaults};

/// Compares the two times; the caret goes to the one that is written.
pub(super) fn check(cluster: &WrittenCluster, problems: &mut Vec<Problem>) {
    let heartbeat_ms = cluster
        .heartbeat_ms
        .as_ref()
        .map_or(defaults::HEARTBEAT_MS, |written| written.value);
    let suspicion_ms = cluster
        .suspicion_ms
        .as_ref()
        .map_or(defaults::SUSPICION_MS, |written| written.value);
    let written = cluster.suspicion_ms.as_ref().or(cluster.heartbeat_ms.as_ref());
    if let Some(written) = written
        && suspicion_ms < heartbeat_ms * HEARTBEATS_PER_SUSPICION
    {
        let heartbeats = HEARTBEATS_PER_SUSPICION;
        let error = ClusterError::SuspicionTooShort {
            suspicion_ms,
            heartbeat_ms,
            heartbeats,
        };
        problems.push(Problem::at(error, written.at));
    }
}
