//! The managers that the members name: those with a section, or else one and the same for all.

use super::ClusterError;
use crate::problem::Problem;
use crate::span::Span;
use crate::written::{Written, WrittenEndpoint};

/// Compares every `mgr_host` and `mgr_port` with the manager sections, or with the first one of the file.
pub(super) fn check(written: &Written, problems: &mut Vec<Problem>) {
    match written.managers.is_empty() {
        true => check_agreement(written, problems),
        false => check_sections(written, problems),
    }
}

/// The manager that the members imply: the first that the file names.
pub(super) fn implied(written: &Written) -> Option<&WrittenEndpoint> {
    named(written).min_by_key(|manager| manager.host_at)
}

fn named(written: &Written) -> impl Iterator<Item = &WrittenEndpoint> {
    let nodes = written.nodes.iter().map(|node| &node.manager);
    let primaries = written.primaries.iter().map(|primary| &primary.manager);
    let servers = written.fusion_servers.iter().map(|server| &server.manager);
    nodes.chain(primaries).chain(servers).flatten()
}

fn check_agreement(written: &Written, problems: &mut Vec<Problem>) {
    if written.left_out {
        return;
    }
    let Some(first) = implied(written) else { return };
    for manager in named(written).filter(|manager| manager.endpoint != first.endpoint) {
        let (found, before) = (manager.endpoint.clone(), first.endpoint.clone());
        let (at, see) = differing_place(manager, first);
        problems.push(Problem::at(ClusterError::ManagersDisagree { found, before }, at).seeing(see));
    }
}

fn check_sections(written: &Written, problems: &mut Vec<Problem>) {
    let listening: Option<Vec<_>> = written
        .managers
        .iter()
        .map(|manager| manager.listen.as_ref())
        .collect();
    let Some(listening) = listening.filter(|_| !written.left_out) else {
        return;
    };
    let Some(first) = listening.first() else { return };
    for manager in named(written) {
        if listening.iter().all(|listen| listen.endpoint != manager.endpoint) {
            let (found, first_address) = (manager.endpoint.clone(), first.endpoint.clone());
            let (at, see) = differing_place(manager, first);
            let error = ClusterError::UnknownManager {
                found,
                first: first_address,
            };
            problems.push(Problem::at(error, at).seeing(see));
        }
    }
}

/// The hosts where they differ, else the ports.
fn differing_place(one: &WrittenEndpoint, other: &WrittenEndpoint) -> (Span, Span) {
    match one.endpoint.host == other.endpoint.host {
        true => (one.port_at, other.port_at),
        false => (one.host_at, other.host_at),
    }
}
