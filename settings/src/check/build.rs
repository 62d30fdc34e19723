//! The checked file as a [`Cluster`]: defaults filled in, groups numbered, rows counted.

use std::collections::BTreeSet;
use std::time::Duration;

use multicast::id::{GroupId, NodeId};
use structures::kind::StructureKind;

use super::managers;
use crate::span::Spanned;
use crate::written::{
    Written, WrittenCluster, WrittenDetector, WrittenManager, WrittenNode, WrittenPrimary, WrittenStore,
};
use crate::{
    Cluster, DataNode, DetectorSettings, EtcdSettings, FusionServer, Join, Manager, Mechanism, Primary,
    StoreKind, StoreSettings, StructureLimits, defaults,
};

/// `None` only if something required is absent, which stage one has noted.
pub(super) fn build(written: Written, mechanism: Mechanism, faults: u64) -> Option<Cluster> {
    let groups = groups(&written)?;
    let managers = managers(&written)?;
    let data_nodes = written
        .nodes
        .into_iter()
        .map(|node| data_node(node, &groups))
        .collect::<Option<_>>()?;
    let primaries = written
        .primaries
        .into_iter()
        .map(|primary| self::primary(primary, &groups))
        .collect::<Option<_>>()?;
    let servers = written
        .fusion_servers
        .into_iter()
        .enumerate()
        .map(|(row, server)| {
            Some(FusionServer {
                section: server.section.value,
                id: NodeId(server.proc_id?.value),
                row,
                listen: server.listen?.endpoint,
                manager: server.manager?.endpoint,
            })
        });
    let fusion_servers = servers.collect::<Option<_>>()?;
    let WrittenCluster {
        name,
        structure,
        key_bytes,
        element_bytes,
        min_backups,
        join,
        heartbeat_ms,
        suspicion_ms,
        detector,
        store,
        ..
    } = written.cluster;
    let heartbeat = duration(heartbeat_ms, defaults::HEARTBEAT_MS);
    let suspicion = duration(suspicion_ms, defaults::SUSPICION_MS);
    Some(Cluster {
        name: name.map_or_else(|| defaults::NAME.to_owned(), |name| name.value),
        mechanism,
        fault_tolerance: usize::try_from(faults).ok()?,
        structure: structure.map_or_else(StructureKind::default, |kind| kind.value),
        limits: StructureLimits {
            key_bytes: count(key_bytes, defaults::KEY_BYTES)?,
            element_bytes: count(element_bytes, defaults::ELEMENT_BYTES)?,
        },
        min_backups: count(min_backups, defaults::MIN_BACKUPS)?,
        join: join.map_or_else(Join::default, |join| join.value),
        heartbeat,
        suspicion,
        detector: self::detector(detector, DetectorSettings::for_times(heartbeat, suspicion))?,
        store: self::store(store)?,
        groups,
        managers,
        data_nodes,
        primaries,
        fusion_servers,
    })
}

fn count(written: Option<Spanned<u64>>, default: usize) -> Option<usize> {
    written.map_or(Some(default), |written| usize::try_from(written.value).ok())
}

fn duration(written_ms: Option<Spanned<u64>>, default_ms: u64) -> Duration {
    Duration::from_millis(written_ms.map_or(default_ms, |written| written.value))
}

fn detector(written: WrittenDetector, default: DetectorSettings) -> Option<DetectorSettings> {
    let time = |written_ms: Option<Spanned<u64>>, default: Duration| {
        written_ms.map_or(default, |written| Duration::from_millis(written.value))
    };
    Some(DetectorSettings {
        threshold: written.threshold.map_or(Some(default.threshold), |written| {
            u32::try_from(written.value).ok()
        })?,
        window: count(written.window, default.window)?,
        deviation: time(written.deviation_ms, default.deviation),
        pause: time(written.pause_ms, default.pause),
    })
}

fn store(written: WrittenStore) -> Option<StoreSettings> {
    let kind = written.kind.map_or(StoreKind::Embedded, |kind| kind.value);
    Some(match kind {
        StoreKind::Embedded => StoreSettings::Embedded,
        StoreKind::Etcd => StoreSettings::Etcd(EtcdSettings {
            endpoints: written.endpoints?.value,
            prefix: written
                .prefix
                .map_or_else(|| defaults::ETCD_PREFIX.to_owned(), |prefix| prefix.value),
            timeout: duration(written.timeout_ms, defaults::ETCD_TIMEOUT_MS),
        }),
    })
}

fn groups(written: &Written) -> Option<Vec<String>> {
    let nodes = written.nodes.iter().map(|node| &node.group);
    let names = nodes.chain(written.primaries.iter().map(|primary| &primary.group));
    let names: Option<BTreeSet<String>> = names.map(|name| Some(name.as_ref()?.value.clone())).collect();
    Some(names?.into_iter().collect())
}

fn group(name: Option<Spanned<String>>, groups: &[String]) -> Option<GroupId> {
    let place = groups.binary_search(&name?.value).ok()?;
    u16::try_from(place).ok().map(GroupId)
}

fn data_node(node: WrittenNode, groups: &[String]) -> Option<DataNode> {
    Some(DataNode {
        section: node.section.value,
        id: NodeId(node.proc_id?.value),
        group: group(node.group, groups)?,
        multicast: node.multicast?.endpoint,
        read: node.read?.endpoint,
        manager: node.manager?.endpoint,
    })
}

fn primary(primary: WrittenPrimary, groups: &[String]) -> Option<Primary> {
    Some(Primary {
        section: primary.section.value,
        id: NodeId(primary.proc_id?.value),
        group: group(primary.group, groups)?,
        listen: primary.listen?.endpoint,
        manager: primary.manager?.endpoint,
    })
}

/// The managers of the file, or the implied one; those without an id get the smallest that nobody has.
fn managers(written: &Written) -> Option<Vec<Manager>> {
    let mut taken = proc_ids(written);
    let mut free_id = || {
        let id = (0..=u32::MAX).find(|id| !taken.contains(id))?;
        taken.insert(id);
        Some(id)
    };
    let mut manager = |manager: &WrittenManager| {
        let id = manager
            .proc_id
            .as_ref()
            .map_or_else(&mut free_id, |id| Some(id.value))?;
        Some(Manager {
            section: manager.section.value,
            id: NodeId(id),
            listen: manager.listen.as_ref()?.endpoint.clone(),
            membership_file: manager.membership_file.as_ref().map(|path| path.value.clone()),
        })
    };
    if !written.managers.is_empty() {
        return written.managers.iter().map(manager).collect();
    }
    let implied = managers::implied(written)?.clone();
    let section = Spanned {
        value: defaults::IMPLIED_MANAGER_SECTION,
        at: implied.host_at,
    };
    let implied = WrittenManager {
        section,
        listen: Some(implied),
        proc_id: None,
        membership_file: None,
    };
    Some(vec![manager(&implied)?])
}

fn proc_ids(written: &Written) -> BTreeSet<u32> {
    let managers = written.managers.iter().map(|manager| &manager.proc_id);
    let nodes = written.nodes.iter().map(|node| &node.proc_id);
    let primaries = written.primaries.iter().map(|primary| &primary.proc_id);
    let servers = written.fusion_servers.iter().map(|server| &server.proc_id);
    let ids = managers.chain(nodes).chain(primaries).chain(servers).flatten();
    ids.map(|id| id.value).collect()
}
