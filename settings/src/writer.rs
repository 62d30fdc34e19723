//! A cluster as the text of its file: the reverse of [`Cluster::parse`].
//!
//! Invariant: parsing the text gives an equal cluster. Everything is written, defaults too, so that the file
//! says what it runs on; but a detector that follows from the two times is left to follow them when they are edited.

use std::fmt::{self, Write};

use crate::{
    Cluster, DataNode, DetectorSettings, Endpoint, EtcdSettings, FusionServer, Manager, Primary, StoreKind,
    StoreSettings,
};

impl Cluster {
    /// The text of a cluster file, with comments.
    pub fn to_ini(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("writing to a string cannot fail");
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        self.write_head(out)?;
        self.managers
            .iter()
            .try_for_each(|manager| write_manager(out, manager))?;
        self.data_nodes
            .iter()
            .try_for_each(|node| self.write_data_node(out, node))?;
        self.primaries
            .iter()
            .try_for_each(|primary| self.write_primary(out, primary))?;
        self.fusion_servers
            .iter()
            .try_for_each(|server| write_fusion_server(out, server))
    }

    fn write_head(&self, out: &mut String) -> fmt::Result {
        let groups = self.groups.len();
        writeln!(
            out,
            "; {} cluster, {groups} group(s), f = {}.",
            self.mechanism, self.fault_tolerance
        )?;
        writeln!(out, "; A port of 0 asks for a free one.")?;
        writeln!(out, "[cluster]")?;
        writeln!(out, "name = {}", self.name)?;
        writeln!(out, "mechanism = {}", self.mechanism)?;
        writeln!(out, "; how many crashes it survives")?;
        writeln!(out, "fault_tolerance = {}", self.fault_tolerance)?;
        writeln!(out, "; what each group holds")?;
        writeln!(out, "structure = {}", self.structure)?;
        writeln!(out, "; the longest key and the longest value")?;
        writeln!(out, "key_bytes = {}", self.limits.key_bytes)?;
        writeln!(out, "element_bytes = {}", self.limits.element_bytes)?;
        writeln!(out, "; writes wait while fewer backups than this are left")?;
        writeln!(out, "min_backups = {}", self.min_backups)?;
        self.write_join(out)?;
        writeln!(
            out,
            "; how often members show that they live, and after how long a silent one is suspected at the latest"
        )?;
        writeln!(out, "heartbeat_ms = {}", self.heartbeat.as_millis())?;
        writeln!(out, "suspicion_ms = {}", self.suspicion.as_millis())?;
        self.write_detector(out)?;
        self.write_store(out)
    }

    fn write_join(&self, out: &mut String) -> fmt::Result {
        if self.mechanism.is_fusion() {
            return Ok(());
        }
        writeln!(
            out,
            "; whether writers go on while a node gets its state (stream), or are held back (freeze)"
        )?;
        writeln!(out, "join = {}", self.join)
    }

    fn write_detector(&self, out: &mut String) -> fmt::Result {
        if self.detector == DetectorSettings::for_times(self.heartbeat, self.suspicion) {
            return Ok(());
        }
        let DetectorSettings {
            threshold,
            window,
            deviation,
            pause,
        } = &self.detector;
        writeln!(
            out,
            "; and how it is suspected earlier: once all but one silence in 10^threshold would have ended, by the\n\
             ; last intervals, their deviation taken as this at least, after a pause that is forgiven"
        )?;
        writeln!(out, "detector_threshold = {threshold}")?;
        writeln!(out, "detector_window = {window}")?;
        writeln!(out, "detector_deviation_ms = {}", deviation.as_millis())?;
        writeln!(out, "detector_pause_ms = {}", pause.as_millis())
    }

    fn write_store(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "; where the membership is: a file beside the manager (embedded), or etcd"
        )?;
        let EtcdSettings {
            endpoints,
            prefix,
            timeout,
        } = match &self.store {
            StoreSettings::Embedded => return writeln!(out, "store = {}", StoreKind::Embedded),
            StoreSettings::Etcd(etcd) => etcd,
        };
        let endpoints: Vec<String> = endpoints.iter().map(Endpoint::to_string).collect();
        writeln!(out, "store = {}", StoreKind::Etcd)?;
        writeln!(out, "etcd_endpoints = {}", endpoints.join(", "))?;
        writeln!(out, "etcd_prefix = {prefix}")?;
        writeln!(out, "etcd_timeout_ms = {}", timeout.as_millis())
    }

    fn write_data_node(&self, out: &mut String, node: &DataNode) -> fmt::Result {
        writeln!(out, "\n[node {}]", node.section)?;
        write_endpoint(out, "multicast_", &node.multicast)?;
        write_endpoint(out, "read_", &node.read)?;
        writeln!(out, "group_id = {}", self.group_name(node.group))?;
        writeln!(out, "proc_id = {}", node.id.0)?;
        write_endpoint(out, "mgr_", &node.manager)
    }

    fn write_primary(&self, out: &mut String, primary: &Primary) -> fmt::Result {
        writeln!(out, "\n[primary {}]", primary.section)?;
        write_endpoint(out, "", &primary.listen)?;
        writeln!(out, "group_id = {}", self.group_name(primary.group))?;
        writeln!(out, "proc_id = {}", primary.id.0)?;
        write_endpoint(out, "mgr_", &primary.manager)
    }
}

fn write_manager(out: &mut String, manager: &Manager) -> fmt::Result {
    writeln!(out, "\n[manager {}]", manager.section)?;
    write_endpoint(out, "", &manager.listen)?;
    writeln!(out, "proc_id = {}", manager.id.0)?;
    match &manager.membership_file {
        Some(path) => writeln!(out, "membership_file = {}", path.display()),
        None => Ok(()),
    }
}

fn write_fusion_server(out: &mut String, server: &FusionServer) -> fmt::Result {
    writeln!(out, "\n[fusion {}]", server.section)?;
    write_endpoint(out, "", &server.listen)?;
    writeln!(out, "proc_id = {}", server.id.0)?;
    write_endpoint(out, "mgr_", &server.manager)
}

fn write_endpoint(out: &mut String, prefix: &str, endpoint: &Endpoint) -> fmt::Result {
    writeln!(out, "{prefix}host = {}", endpoint.host)?;
    writeln!(out, "{prefix}port = {}", endpoint.port)
}
