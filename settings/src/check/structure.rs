//! Whether the mechanism can protect the structure: the report's layout knows the report's list alone.

use structures::kind::StructureKind;

use super::ClusterError;
use crate::Mechanism;
use crate::problem::Problem;
use crate::written::WrittenCluster;

pub(super) fn check(written: &WrittenCluster, mechanism: Option<Mechanism>, problems: &mut Vec<Problem>) {
    let Some(structure) = &written.structure else {
        return;
    };
    if mechanism == Some(Mechanism::FusionLinked) && structure.value != StructureKind::LinkedList {
        let error = ClusterError::NotLinked {
            structure: structure.value,
        };
        problems.push(Problem::at(error, structure.at));
    }
}
