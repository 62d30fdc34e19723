//! Stage two: what was written, compared with itself, to the [`Cluster`].
//!
//! Each module checks one matter and notes what is wrong; all of them run, whatever the others found. A check
//! that counts members is left out where members could not be read: its answer would be wrong.
//!
//! Invariant: a cluster is built only if no module, and nothing in stage one, found a problem.

mod build;
mod cluster_error;
mod faults;
mod join;
mod managers;
mod mechanism;
mod store;
mod structure;
mod timing;
mod unique;

pub use cluster_error::ClusterError;

use crate::problem::Problem;
use crate::written::Written;
use crate::{Cluster, Mechanism};

/// The cluster, or all problems: those given and those found here. Never an empty list.
pub(crate) fn check(mut written: Written, mut problems: Vec<Problem>) -> Result<Cluster, Vec<Problem>> {
    sort_by_section(&mut written);
    let mechanism = mechanism::decide(&written, &mut problems);
    let faults = mechanism.and_then(|mechanism| match mechanism {
        Mechanism::Replication | Mechanism::ReplicationSequencer => {
            faults::of_replication(&written, &mut problems)
        }
        Mechanism::FusionLinked | Mechanism::FusionArena => faults::of_fusion(&written, &mut problems),
    });
    faults::check_min_backups(&written.cluster, faults, &mut problems);
    structure::check(&written.cluster, mechanism, &mut problems);
    timing::check(&written.cluster, &mut problems);
    managers::check(&written, &mut problems);
    join::check(&written, mechanism, &mut problems);
    store::check(&written, &mut problems);
    unique::check_ids(&written, &mut problems);
    unique::check_addresses(&written, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let cluster = mechanism
        .zip(faults)
        .and_then(|(mechanism, faults)| build::build(written, mechanism, faults));
    Ok(cluster.expect("whatever is absent has its problem, and there was none"))
}

fn sort_by_section(written: &mut Written) {
    written.managers.sort_by_key(|manager| manager.section.value);
    written.nodes.sort_by_key(|node| node.section.value);
    written.primaries.sort_by_key(|primary| primary.section.value);
    written.fusion_servers.sort_by_key(|server| server.section.value);
}
