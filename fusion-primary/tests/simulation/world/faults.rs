//! What goes wrong: links break, processes crash or only seem to, and come back.

use multicast::id::NodeId;

use super::{World, pick};
use crate::manager::{FIRST_SERVER, PrimaryIs, ServerIs};

impl World {
    /// The primary closes its side: what it sent may arrive, what it was sent does not.
    pub(super) fn hang_up(&mut self, primary: NodeId, server: NodeId) {
        let Some(Some(link)) = self.host(primary).links.get(&server).copied() else {
            return;
        };
        let connection = self.connections.get_mut(&link).expect("open");
        connection.open.0 = false;
        connection.to_primary.clear();
        connection.to_server.push_back(None);
    }

    /// Breaks a connection; of what is under way only a part still arrives.
    pub(super) fn break_link(&mut self, who: u16, what: u16) {
        let whole: Vec<_> = self
            .connections
            .iter()
            .filter(|(_, c)| c.open == (true, true))
            .map(|(number, _)| *number)
            .collect();
        let Some(connection) = pick(&whole, who) else {
            return;
        };
        let connection = self.connections.get_mut(&connection).expect("just seen");
        connection.to_server.truncate(usize::from(what % 7));
        connection.to_primary.truncate(usize::from(what / 7 % 7));
        connection.to_server.push_back(None);
        connection.to_primary.push_back(None);
    }

    pub(super) fn crash_primary(&mut self, who: u16) {
        let alive: Vec<_> = self.hosts.keys().copied().collect();
        let Some(node) = pick(&alive, who) else { return };
        let active = matches!(self.manager.primaries[&node], PrimaryIs::Active(_));
        if active && self.manager.faults() >= self.tolerated {
            return;
        }
        self.hosts.remove(&node);
        self.streams.retain(|_, stream| stream.primary != node);
        for connection in self.connections.values_mut().filter(|c| c.primary == node) {
            connection.open.0 = false;
            connection.to_primary.clear();
            connection.to_server.truncate(usize::from(who / 16 % 4));
            connection.to_server.push_back(None);
        }
        let orders = self.manager.primary_crashed(node);
        self.post(orders);
    }

    /// The manager takes a primary for crashed that is not.
    pub(super) fn suspect_primary(&mut self, who: u16) {
        let alive: Vec<_> = self.hosts.keys().copied().collect();
        let Some(node) = pick(&alive, who) else { return };
        let active = matches!(self.manager.primaries[&node], PrimaryIs::Active(_));
        if active && self.manager.faults() < self.tolerated {
            let orders = self.manager.primary_suspected(node);
            self.post(orders);
        }
    }

    /// A suspected primary notices that the manager let it go.
    pub(super) fn return_primary(&mut self, who: u16) {
        let suspected = self
            .hosts
            .keys()
            .filter(|node| self.manager.primaries[node] == PrimaryIs::Lost);
        let suspected: Vec<_> = suspected.copied().collect();
        let Some(node) = pick(&suspected, who) else { return };
        let orders = self.manager.primary_returned(node);
        self.post(orders);
    }

    pub(super) fn crash_server(&mut self, who: u16) {
        let alive: Vec<_> = self.backups.keys().copied().collect();
        let Some(node) = pick(&alive, who) else { return };
        let active = matches!(self.manager.servers[&node], ServerIs::Active(_));
        if active && self.manager.faults() >= self.tolerated {
            return;
        }
        self.backups.remove(&node);
        self.streams.retain(|_, stream| stream.server != node);
        for connection in self.connections.values_mut().filter(|c| c.server == node) {
            connection.open.1 = false;
            connection.to_server.clear();
            connection.to_primary.truncate(usize::from(who / 16 % 4));
            connection.to_primary.push_back(None);
        }
        let orders = self.manager.server_crashed(node);
        self.post(orders);
    }

    pub(super) fn restart(&mut self, who: u16) {
        let dead = self
            .manager
            .primaries
            .keys()
            .filter(|node| !self.hosts.contains_key(node));
        let dead = dead.chain(
            self.manager
                .servers
                .keys()
                .filter(|node| !self.backups.contains_key(node)),
        );
        let dead: Vec<_> = dead.copied().collect();
        let Some(node) = pick(&dead, who) else { return };
        let orders = if node.0 >= FIRST_SERVER {
            self.start_server(node);
            self.manager.server_entered(node)
        } else {
            self.start_primary(node);
            self.manager.primary_entered(node)
        };
        self.post(orders);
    }

    pub(super) fn restart_everything(&mut self) {
        while self.hosts.len() + self.backups.len()
            < self.manager.primaries.len() + self.manager.servers.len()
        {
            self.restart(0);
        }
        while self
            .hosts
            .keys()
            .any(|node| self.manager.primaries[node] == PrimaryIs::Lost)
        {
            self.return_primary(0);
        }
    }
}
