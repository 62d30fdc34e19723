//! Which mechanism a file is about: its sections say it, `mechanism` may only agree.

use super::ClusterError;
use crate::problem::Problem;
use crate::span::Span;
use crate::written::Written;
use crate::{Mechanism, SectionKind};

/// The mechanism of the sections; `None` where there are none, or of both.
pub(super) fn decide(written: &Written, problems: &mut Vec<Problem>) -> Option<Mechanism> {
    let (found, (at, kind)) = match (first_replicated(written), first_fused(written)) {
        (None, None) => {
            if !written.left_out {
                problems.push(Problem::of_file(ClusterError::NoMembers));
            }
            return None;
        }
        (Some(one), Some(other)) => {
            let ((first, before), (second, found)) = (one.min(other), one.max(other));
            let mixed = ClusterError::MixedMechanisms { found, before };
            problems.push(Problem::at(mixed, second).seeing(first));
            return None;
        }
        (Some(first), None) => (replicated(written), first),
        (None, Some(first)) => (fused(written), first),
    };
    if let Some(written) = &written.cluster.mechanism
        && written.value != found
    {
        let error = ClusterError::MechanismContradicts {
            written: written.value,
            sections: kind,
        };
        problems.push(Problem::at(error, written.at).seeing(at));
    }
    Some(found)
}

/// Which of replication's mechanisms: the one that is written, or the report's.
fn replicated(written: &Written) -> Mechanism {
    let fitting = said(written).filter(|mechanism| mechanism.is_replication());
    fitting.unwrap_or(Mechanism::Replication)
}

/// Which of fusion's mechanisms: the one that is written, or the report's.
fn fused(written: &Written) -> Mechanism {
    let fitting = said(written).filter(|mechanism| mechanism.is_fusion());
    fitting.unwrap_or(Mechanism::FusionLinked)
}

fn said(written: &Written) -> Option<Mechanism> {
    let mechanism = written.cluster.mechanism.as_ref();
    mechanism.map(|mechanism| mechanism.value)
}

fn first_replicated(written: &Written) -> Option<(Span, SectionKind)> {
    written
        .nodes
        .iter()
        .map(|node| (node.section.at, SectionKind::Node))
        .min()
}

fn first_fused(written: &Written) -> Option<(Span, SectionKind)> {
    let primaries = written
        .primaries
        .iter()
        .map(|primary| (primary.section.at, SectionKind::Primary));
    let servers = written
        .fusion_servers
        .iter()
        .map(|server| (server.section.at, SectionKind::Fusion));
    primaries.chain(servers).min()
}
