//! No two processes share a `proc_id`, and no two listeners an address.
//!
//! Hosts are compared as they are written, since nothing is resolved: `localhost` and `127.0.0.1` differ here,
//! and the second of them to bind says so.

use std::collections::BTreeMap;

use super::{ClusterError, managers};
use crate::problem::Problem;
use crate::span::Spanned;
use crate::written::Written;

/// Ids, over all roles.
pub(super) fn check_ids(written: &Written, problems: &mut Vec<Problem>) {
    let managers = written.managers.iter().map(|manager| &manager.proc_id);
    let nodes = written.nodes.iter().map(|node| &node.proc_id);
    let primaries = written.primaries.iter().map(|primary| &primary.proc_id);
    let servers = written.fusion_servers.iter().map(|server| &server.proc_id);
    let ids = managers
        .chain(nodes)
        .chain(primaries)
        .chain(servers)
        .flatten()
        .cloned()
        .collect();
    check(ids, |id| ClusterError::RepeatedProcId { id }, problems);
}

/// Addresses, except those that ask for a free port.
pub(super) fn check_addresses(written: &Written, problems: &mut Vec<Problem>) {
    let managers = written.managers.iter().map(|manager| manager.listen.as_ref());
    let implied = managers::implied(written).filter(|_| written.managers.is_empty());
    let nodes = written
        .nodes
        .iter()
        .flat_map(|node| [node.multicast.as_ref(), node.read.as_ref()]);
    let primaries = written.primaries.iter().map(|primary| primary.listen.as_ref());
    let servers = written.fusion_servers.iter().map(|server| server.listen.as_ref());
    let all = managers
        .chain([implied])
        .chain(nodes)
        .chain(primaries)
        .chain(servers)
        .flatten();
    let addresses = all
        .filter(|written| written.endpoint.port != 0)
        .map(|written| Spanned {
            value: written.endpoint.clone(),
            at: written.port_at,
        })
        .collect();
    check(
        addresses,
        |address| ClusterError::RepeatedAddress { address },
        problems,
    );
}

/// Notes every value but the first of equals, in the order of the file.
fn check<T: Ord + Clone>(
    mut values: Vec<Spanned<T>>,
    repeated: impl Fn(T) -> ClusterError,
    problems: &mut Vec<Problem>,
) {
    values.sort_by_key(|value| value.at);
    let mut first = BTreeMap::new();
    for value in values {
        let at = *first.entry(value.value.clone()).or_insert(value.at);
        if at != value.at {
            problems.push(Problem::at(repeated(value.value), value.at).seeing(at));
        }
    }
}
