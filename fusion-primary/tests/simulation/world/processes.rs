//! Processes begin and end; what is the same for primaries and servers.

use std::net::SocketAddr;

use multicast::id::{Incarnation, NodeId};

use super::{Backup, Host, World};

/// One life of a process, and its way to the manager.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) incarnation: Incarnation,
    pub(crate) address: SocketAddr,
    /// The manager's line, and which manager's.
    pub(crate) line: Option<(u64, u64)>,
    /// It lives, but nothing reaches it and nothing comes from it.
    pub(crate) cut_off: bool,
}

impl World {
    /// A new life of a process begins, with nothing.
    pub(super) fn start(&mut self, node: NodeId) {
        self.lives += 1;
        let incarnation = Incarnation(self.lives);
        let life = Life {
            incarnation,
            address: self.shape.address(node, incarnation),
            line: None,
            cut_off: false,
        };
        self.note("starts", node, node, incarnation.0);
        if self.shape.is_primary(node) {
            self.hosts
                .insert(node, Host::new(node, life, &self.shape, self.fault));
        } else {
            self.backups
                .insert(node, Backup::new(node, life, &self.shape, self.fault));
        }
    }

    /// The process dies, with all that it held; of what it sent last, only some arrives.
    pub(crate) fn crash(&mut self, node: NodeId) {
        let Some(life) = self.life(node).copied() else {
            return;
        };
        self.note("crashes", node, node, life.incarnation.0);
        self.sever(node);
        self.hosts.remove(&node);
        if let Some(backup) = self.backups.remove(&node) {
            let primaries = self.groups.keys();
            let applied = primaries.filter_map(|primary| Some((*primary, backup.core.applied(*primary)?)));
            self.graves.insert((node, life.incarnation), applied.collect());
        }
    }

    /// The process lives on, but its connections all break, and it can make no other.
    pub(crate) fn cut_off(&mut self, node: NodeId) {
        self.note("is cut off", node, node, 0);
        if let Some(life) = self.life_mut(node) {
            life.cut_off = true;
        }
        self.lose_streams(node);
        self.sever(node);
        self.lose_line(node);
        self.lose_channels(node);
    }

    /// It is reached again.
    pub(crate) fn reconnect(&mut self, node: NodeId) {
        self.note("is back", node, node, 0);
        if let Some(life) = self.life_mut(node) {
            life.cut_off = false;
        }
    }

    pub(crate) fn life(&self, node: NodeId) -> Option<&Life> {
        match self.hosts.get(&node) {
            Some(host) => Some(&host.life),
            None => self.backups.get(&node).map(|backup| &backup.life),
        }
    }

    pub(super) fn life_mut(&mut self, node: NodeId) -> Option<&mut Life> {
        match self.hosts.get_mut(&node) {
            Some(host) => Some(&mut host.life),
            None => self.backups.get_mut(&node).map(|backup| &mut backup.life),
        }
    }

    /// Whether the process lives and can be reached.
    pub(super) fn is_there(&self, node: NodeId) -> bool {
        self.life(node).is_some_and(|life| !life.cut_off)
    }

    /// Who listens at an address.
    pub(super) fn listener(&self, address: SocketAddr) -> Option<NodeId> {
        let listens = |node: &NodeId| self.life(*node).is_some_and(|life| life.address == address);
        self.shape
            .nodes()
            .find(|node| listens(node) && self.is_there(*node))
    }

    pub(super) fn dead(&self) -> Vec<NodeId> {
        self.shape
            .nodes()
            .filter(|node| self.life(*node).is_none())
            .collect()
    }

    /// Ends all connections of a process as its death does.
    fn sever(&mut self, node: NodeId) {
        self.sever_line(node);
        self.sever_channels(node);
        self.sever_streams(node);
    }
}
