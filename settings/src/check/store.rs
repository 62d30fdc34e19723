//! One membership store for all managers, reached the way the file says: two stores would be two truths.

use super::ClusterError;
use crate::StoreKind;
use crate::problem::Problem;
use crate::written::Written;

/// Compares `store` with its keys, and with what the managers' sections say.
pub(super) fn check(written: &Written, problems: &mut Vec<Problem>) {
    let store = &written.cluster.store;
    match &store.kind {
        Some(kind) if kind.value == StoreKind::Etcd => {
            if !store.endpoints_written {
                problems.push(Problem::at(ClusterError::EtcdWithoutEndpoints, kind.at));
            }
            check_no_file(written, problems);
        }
        None if store.kind_written => {} // which keys belong to it cannot be said
        Some(_) | None => {
            if let Some(key) = &store.etcd_key {
                let unused = ClusterError::EtcdKeyUnused { key: key.value };
                problems.push(Problem::at(unused, key.at));
            }
            check_one_machine(written, problems);
            check_one_file(written, problems);
        }
    }
}

fn check_no_file(written: &Written, problems: &mut Vec<Problem>) {
    let files = written
        .managers
        .iter()
        .filter_map(|manager| manager.membership_file.as_ref());
    problems.extend(files.map(|path| Problem::at(ClusterError::MembershipFileUnused, path.at)));
}

/// A file and its lock are on one machine.
fn check_one_machine(written: &Written, problems: &mut Vec<Problem>) {
    let mut listening = written
        .managers
        .iter()
        .filter_map(|manager| manager.listen.as_ref());
    let Some(first) = listening.next() else { return };
    for manager in listening.filter(|manager| manager.endpoint.host != first.endpoint.host) {
        let apart = ClusterError::ManagersApart {
            found: manager.endpoint.host.clone(),
            before: first.endpoint.host.clone(),
        };
        problems.push(Problem::at(apart, manager.host_at).seeing(first.host_at));
    }
}

/// A manager that says none has the one beside the cluster file.
fn check_one_file(written: &Written, problems: &mut Vec<Problem>) {
    let file = |place: usize| written.managers[place].membership_file.as_ref();
    let places = 0..written.managers.len();
    let named = places.clone().find_map(file);
    let Some(named) = named else { return };
    for place in places {
        let (other, see) = match file(place) {
            Some(path) if path.value != named.value => (path.at, named.at),
            Some(_) => continue,
            None => (written.managers[place].section.at, named.at),
        };
        problems.push(Problem::at(ClusterError::SeveralStores, other).seeing(see));
    }
}
