//! The fault tolerance f, and whether the file has the members that it takes: f + 1 data nodes or more per group, or one
//! primary per group and f fusion servers.

use std::collections::BTreeMap;

use super::ClusterError;
use crate::limits::fault_range;
use crate::problem::Problem;
use crate::span::{Span, Spanned};
use crate::written::{Written, WrittenCluster};
use crate::{MAX_PRIMARIES_AND_FUSION_SERVERS, MAX_REPLICATED_GROUPS, Mechanism, SectionKind};

/// How many nodes name a group, and where the file does so first.
struct Group {
    nodes: usize,
    first: Span,
}

/// f of a replicated cluster, if all its nodes could be read.
pub(super) fn of_replication(written: &Written, problems: &mut Vec<Problem>) -> Option<u64> {
    let groups = replicated_groups(written)?;
    if let Some((_, past)) = groups.iter().nth(MAX_REPLICATED_GROUPS) {
        let error = ClusterError::TooManyGroups {
            groups: groups.len(),
            limit: MAX_REPLICATED_GROUPS,
        };
        problems.push(Problem::at(error, past.first));
    }
    let smallest = groups.values().min_by_key(|group| (group.nodes, group.first))?;
    let derived = Spanned {
        value: smallest.nodes as u64 - 1,
        at: smallest.first,
    };
    let faults = in_range(Mechanism::Replication, &written.cluster, derived, problems)?;
    // A group that nodes were added to has more; but without a word of it, one that differs is a misspelt name.
    let may_have_more = written.cluster.fault_tolerance.is_some();
    for (name, group) in &groups {
        let nodes = group.nodes as u64;
        if nodes < faults + 1 || nodes > faults + 1 && !may_have_more {
            let error = ClusterError::GroupSize {
                group: (*name).to_owned(),
                nodes: group.nodes,
                faults,
            };
            problems.push(Problem::at(error, group.first));
        }
    }
    Some(faults)
}

fn replicated_groups(written: &Written) -> Option<BTreeMap<&str, Group>> {
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for node in &written.nodes {
        let name = node.group.as_ref()?;
        let group = groups.entry(&name.value).or_insert(Group {
            nodes: 0,
            first: name.at,
        });
        group.nodes += 1;
        group.first = group.first.min(name.at);
    }
    (!written.left_out).then_some(groups)
}

/// f of a fused cluster, if all its sections could be read.
pub(super) fn of_fusion(written: &Written, problems: &mut Vec<Problem>) -> Option<u64> {
    check_one_primary_per_group(written, problems);
    if written.left_out || !check_both_halves(written, problems) {
        return None;
    }
    let (primaries, servers) = (written.primaries.len(), written.fusion_servers.len());
    if primaries + servers > MAX_PRIMARIES_AND_FUSION_SERVERS {
        let limit = MAX_PRIMARIES_AND_FUSION_SERVERS;
        let error = ClusterError::TooManyCoded {
            primaries,
            servers,
            limit,
        };
        let last = written.primaries.iter().map(|primary| primary.section.at).max()?;
        problems.push(Problem::at(error, last));
    }
    let last_server = written
        .fusion_servers
        .iter()
        .map(|server| server.section.at)
        .max()?;
    let derived = Spanned {
        value: servers as u64,
        at: last_server,
    };
    let faults = in_range(Mechanism::FusionLinked, &written.cluster, derived, problems)?;
    if let Some(written) = &written.cluster.fault_tolerance
        && faults != servers as u64
    {
        problems.push(Problem::at(
            ClusterError::FusionServerCount { faults, servers },
            written.at,
        ));
    }
    Some(faults)
}

fn check_one_primary_per_group(written: &Written, problems: &mut Vec<Problem>) {
    let mut names: Vec<_> = written
        .primaries
        .iter()
        .filter_map(|primary| primary.group.as_ref())
        .collect();
    names.sort_by_key(|name| name.at);
    let mut first = BTreeMap::new();
    for name in names {
        let at = *first.entry(&name.value).or_insert(name.at);
        if at != name.at {
            let error = ClusterError::SecondPrimary {
                group: name.value.clone(),
            };
            problems.push(Problem::at(error, name.at).seeing(at));
        }
    }
}

/// Whether there are both primaries and fusion servers.
fn check_both_halves(written: &Written, problems: &mut Vec<Problem>) -> bool {
    let primary = written.primaries.iter().map(|primary| primary.section.at).min();
    let server = written
        .fusion_servers
        .iter()
        .map(|server| server.section.at)
        .min();
    let (at, found, missing) = match (primary, server) {
        (Some(at), None) => (at, SectionKind::Primary, SectionKind::Fusion),
        (None, Some(at)) => (at, SectionKind::Fusion, SectionKind::Primary),
        _ => return true,
    };
    problems.push(Problem::at(ClusterError::HalfFusion { found, missing }, at));
    false
}

/// What the file says, or else what follows from its sections, if the mechanism can do it.
fn in_range(
    mechanism: Mechanism,
    cluster: &WrittenCluster,
    derived: Spanned<u64>,
    problems: &mut Vec<Problem>,
) -> Option<u64> {
    let Spanned { value: faults, at } = cluster.fault_tolerance.clone().unwrap_or(derived);
    let range = fault_range(mechanism);
    if range.contains(&faults) {
        return Some(faults);
    }
    let (from, to) = range.into_inner();
    problems.push(Problem::at(
        ClusterError::FaultsOutOfRange {
            mechanism,
            faults,
            from,
            to,
        },
        at,
    ));
    None
}

/// `min_backups` asks for no more backups than there are.
pub(super) fn check_min_backups(cluster: &WrittenCluster, faults: Option<u64>, problems: &mut Vec<Problem>) {
    if let (Some(min_backups), Some(faults)) = (&cluster.min_backups, faults)
        && min_backups.value > faults
    {
        let error = ClusterError::MinBackupsAboveFaults {
            min_backups: min_backups.value,
            faults,
        };
        problems.push(Problem::at(error, min_backups.at));
    }
}
