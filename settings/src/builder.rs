//! A cluster in code instead of in a file: the same keys, the same checks, the same messages.
//!
//! The builder writes the text that a user would have written, and reads it: so it can do nothing that a file
//! cannot. Members have the numbers 1, 2, ... in the order in which they are named, as sections of their kind and as
//! ids over all kinds.

use std::fmt::{Display, Write};
use std::time::Duration;

use structures::kind::StructureKind;

use crate::{
    Cluster, DetectorSettings, Endpoint, EtcdSettings, Join, Mechanism, Problems, SectionKind, StoreKind,
    StructureLimits,
};

/// See the module's documentation and [`Cluster::builder`].
#[derive(Clone, Debug)]
pub struct ClusterBuilder {
    manager: Endpoint,
    head: String,
    members: String,
    /// The last id given.
    id: u32,
    /// The last numbers of `[node N]`, `[primary N]` and `[fusion N]`.
    sections: [u32; 3],
}

impl Cluster {
    /// A cluster in code: what is not said is as in a cluster file that does not say it.
    ///
    /// ```
    /// use settings::{Cluster, Mechanism};
    /// use structures::kind::StructureKind;
    ///
    /// let cluster = Cluster::builder(Mechanism::FusionArena, ("10.0.0.1", 7000))
    ///     .structure(StructureKind::Map)
    ///     .primary("prices", ("10.0.0.2", 7000))
    ///     .primary("stock", ("10.0.0.3", 7000))
    ///     .fusion_server(("10.0.0.4", 7000))
    ///     .build()?;
    /// assert_eq!((cluster.groups, cluster.fault_tolerance), (vec!["prices".into(), "stock".into()], 1));
    /// # Ok::<(), settings::Problems>(())
    /// ```
    pub fn builder(mechanism: Mechanism, manager: impl Into<Endpoint>) -> ClusterBuilder {
        let mut builder = ClusterBuilder {
            manager: manager.into(),
            head: "[cluster]\n".to_owned(),
            members: String::new(),
            id: 0,
            sections: [0; 3],
        };
        line(&mut builder.head, "mechanism", mechanism);
        builder
    }
}

impl ClusterBuilder {
    /// Its name; processes of clusters with different names refuse each other.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.key("name", name)
    }

    /// What every group protects.
    #[must_use]
    pub fn structure(self, structure: StructureKind) -> Self {
        self.key("structure", structure)
    }

    /// The longest key and the longest value, in bytes.
    #[must_use]
    pub fn limits(self, limits: StructureLimits) -> Self {
        self.key("key_bytes", limits.key_bytes)
            .key("element_bytes", limits.element_bytes)
    }

    /// Writes wait while fewer backups than this are left.
    #[must_use]
    pub fn min_backups(self, backups: usize) -> Self {
        self.key("min_backups", backups)
    }

    /// What writers notice of a data node that enters its group.
    #[must_use]
    pub fn join(self, join: Join) -> Self {
        self.key("join", join)
    }

    /// How often members show that they live, in whole milliseconds.
    #[must_use]
    pub fn heartbeat(self, heartbeat: Duration) -> Self {
        self.key("heartbeat_ms", heartbeat.as_millis())
    }

    /// After how long a silent member is suspected, in whole milliseconds.
    #[must_use]
    pub fn suspicion(self, suspicion: Duration) -> Self {
        self.key("suspicion_ms", suspicion.as_millis())
    }

    /// How a silent member is suspected before that time, in whole milliseconds.
    #[must_use]
    pub fn detector(self, detector: &DetectorSettings) -> Self {
        self.key("detector_threshold", detector.threshold)
            .key("detector_window", detector.window)
            .key("detector_deviation_ms", detector.deviation.as_millis())
            .key("detector_pause_ms", detector.pause.as_millis())
    }

    /// Keeps the membership in etcd, for managers on several machines.
    #[must_use]
    pub fn etcd(self, etcd: &EtcdSettings) -> Self {
        let endpoints: Vec<String> = etcd.endpoints.iter().map(Endpoint::to_string).collect();
        self.key("store", StoreKind::Etcd)
            .key("etcd_endpoints", endpoints.join(", "))
            .key("etcd_prefix", &etcd.prefix)
            .key("etcd_timeout_ms", etcd.timeout.as_millis())
    }

    /// One more replica of a group: where it takes part in the multicast, and where it serves reads.
    #[must_use]
    pub fn data_node(
        mut self,
        group: &str,
        multicast: impl Into<Endpoint>,
        read: impl Into<Endpoint>,
    ) -> Self {
        self.member(SectionKind::Node);
        endpoint(&mut self.members, "multicast_", &multicast.into());
        endpoint(&mut self.members, "read_", &read.into());
        line(&mut self.members, "group_id", group);
        self
    }

    /// The primary of a group, and where it listens.
    #[must_use]
    pub fn primary(mut self, group: &str, listen: impl Into<Endpoint>) -> Self {
        self.member(SectionKind::Primary);
        endpoint(&mut self.members, "", &listen.into());
        line(&mut self.members, "group_id", group);
        self
    }

    /// One more fused server, and where it listens.
    #[must_use]
    pub fn fusion_server(mut self, listen: impl Into<Endpoint>) -> Self {
        self.member(SectionKind::Fusion);
        endpoint(&mut self.members, "", &listen.into());
        self
    }

    /// The text of the cluster file.
    pub fn text(&self) -> String {
        format!("{}{}", self.head, self.members)
    }

    /// The cluster.
    ///
    /// # Errors
    /// All mistakes at once, shown in the text that says the same.
    pub fn build(&self) -> Result<Cluster, Problems> {
        Cluster::parse("builder", &self.text())
    }

    fn key(mut self, name: &str, value: impl Display) -> Self {
        line(&mut self.head, name, value);
        self
    }

    /// Begins a member's section.
    fn member(&mut self, kind: SectionKind) {
        let last = match kind {
            SectionKind::Primary => &mut self.sections[1],
            SectionKind::Fusion => &mut self.sections[2],
            SectionKind::Cluster | SectionKind::Manager | SectionKind::Node => &mut self.sections[0],
        };
        *last += 1;
        self.id += 1;
        let _ = write!(self.members, "\n[{} {last}]\n", kind.name());
        line(&mut self.members, "proc_id", self.id);
        endpoint(&mut self.members, "mgr_", &self.manager);
    }
}

fn endpoint(text: &mut String, prefix: &str, endpoint: &Endpoint) {
    line(text, &format!("{prefix}host"), &endpoint.host);
    line(text, &format!("{prefix}port"), endpoint.port);
}

/// A value cannot smuggle lines in: its control characters are written as their escapes, which no value has.
fn line(text: &mut String, key: &str, value: impl Display) {
    let value = value.to_string();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{key} = {}", value.escape_debug());
}

#[cfg(test)]
mod tests {
    use multicast::id::{GroupId, NodeId};

    use super::*;

    #[test]
    fn it_is_the_cluster_that_the_same_file_describes() {
        let limits = StructureLimits {
            key_bytes: 20,
            element_bytes: 3000,
        };
        let cluster = Cluster::builder(Mechanism::FusionArena, ("LOCALHOST", 7000))
            .name("shop")
            .structure(StructureKind::List)
            .limits(limits)
            .min_backups(1)
            .heartbeat(Duration::from_millis(20))
            .suspicion(Duration::from_millis(200))
            .detector(&DetectorSettings {
                threshold: 5,
                window: 9,
                deviation: Duration::from_millis(3),
                pause: Duration::from_millis(70),
            })
            .etcd(&EtcdSettings {
                endpoints: vec![("::1", 2379).into(), ("e", 1).into()],
                prefix: "p".to_owned(),
                timeout: Duration::from_millis(300),
            })
            .primary("z", ("::1", 7001))
            .fusion_server(("127.0.0.1", 7002))
            .primary("a", ("localhost", 7003))
            .build()
            .unwrap();
        let text = "[cluster]\nname = shop\nmechanism = fusion-arena\nstructure = list\nkey_bytes = 20\n\
            element_bytes = 3000\nmin_backups = 1\nheartbeat_ms = 20\nsuspicion_ms = 200\n\
            detector_threshold = 5\ndetector_window = 9\ndetector_deviation_ms = 3\ndetector_pause_ms = 70\n\
            store = etcd\netcd_endpoints = [::1]:2379, e:1\netcd_prefix = p\netcd_timeout_ms = 300\n\
            [primary 1]\nhost = ::1\nport = 7001\ngroup_id = z\nproc_id = 1\nmgr_host = localhost\nmgr_port = 7000\n\
            [primary 2]\nhost = localhost\nport = 7003\ngroup_id = a\nproc_id = 3\nmgr_host = localhost\nmgr_port = 7000\n\
            [fusion 1]\nhost = 127.0.0.1\nport = 7002\nproc_id = 2\nmgr_host = localhost\nmgr_port = 7000\n";
        assert_eq!(cluster, Cluster::parse("file", text).unwrap());
    }

    #[test]
    fn data_nodes_are_numbered_in_the_order_of_their_naming() {
        let here = |port| ("localhost", port);
        let cluster = Cluster::builder(Mechanism::Replication, here(1))
            .data_node("b", here(2), here(3))
            .data_node("a", here(4), here(5))
            .data_node("b", here(6), here(7))
            .data_node("a", here(8), here(9))
            .build()
            .unwrap();
        let nodes: Vec<_> = cluster
            .data_nodes
            .iter()
            .map(|n| (n.section, n.id, n.group))
            .collect();
        let node = |number, group| (number, NodeId(number), GroupId(group));
        assert_eq!(nodes, [node(1, 1), node(2, 0), node(3, 1), node(4, 0)]);
        assert_eq!(cluster.fault_tolerance, 1);
    }

    #[test]
    fn mistakes_are_shown_in_the_text_and_no_value_smuggles_lines_in() {
        let builder = Cluster::builder(Mechanism::FusionArena, ("localhost", 0))
            .primary("a\n[fusion 7]", ("localhost", 0))
            .fusion_server(("localhost", 0));
        let shown = builder.build().unwrap_err().to_string();
        assert!(shown.contains("`a\\n[fusion 7]` is not a name"), "{shown}");
        assert!(shown.contains("builder:"), "{shown}");
    }
}
