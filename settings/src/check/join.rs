//! Whether nodes can join as the file says.

use super::ClusterError;
use crate::problem::Problem;
use crate::written::Written;
use crate::{Join, Mechanism};

/// Freezing holds back what one manager sends; fused groups have nobody who joins so.
pub(super) fn check(written: &Written, mechanism: Option<Mechanism>, problems: &mut Vec<Problem>) {
    let Some(join) = &written.cluster.join else { return };
    if let Some(mechanism) = mechanism.filter(|mechanism| mechanism.is_fusion()) {
        problems.push(Problem::at(ClusterError::JoinUnused { mechanism }, join.at));
    }
    let managers = written.managers.len();
    if join.value == Join::Freeze && managers > 1 {
        problems.push(Problem::at(ClusterError::FreezeOfSeveral { managers }, join.at));
    }
}
