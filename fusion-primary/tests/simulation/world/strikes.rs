//! What goes wrong: crashes, false suspicions, breaks of connections, a manager that dies or is held up.

use multicast::id::NodeId;
use rand::Rng;
use wire::message::fusion::ToServer;

use super::World;

impl World {
    /// Something goes wrong; unless the world is wild, no more than can be made good.
    pub(super) fn strike(&mut self, is_wild: bool) {
        match self.dice.random_range(0..20) {
            0..=6 => self.strike_process(is_wild),
            7..=9 => self.strike_line(is_wild),
            10..=13 => self.break_channel(),
            14 | 15 => self.break_stream(),
            16 => self.break_client(),
            17 | 18 => self.reconnect_all(),
            _ if self.dice.random_ratio(1, 2) => self.strike_manager(),
            _ => {}
        }
    }

    /// A process crashes, or is cut off for a while.
    pub(super) fn strike_process(&mut self, is_wild: bool) {
        let nodes: Vec<NodeId> = self.shape.nodes().collect();
        let node = self.pick(&nodes).expect("a world has nodes");
        if self.may_lose(node, is_wild) {
            match self.dice.random_ratio(1, 4) && self.life(node).is_some() {
                true => self.cut_off(node),
                false => self.crash(node),
            }
        }
    }

    /// The manager and a process lose each other. A primary comes back with its memory; a server is given up.
    fn strike_line(&mut self, is_wild: bool) {
        let nodes: Vec<NodeId> = self.shape.nodes().collect();
        let node = self.pick(&nodes).expect("a world has nodes");
        if self.shape.is_primary(node) || self.may_lose(node, is_wild) {
            match self.dice.random_range(0..3) {
                0 => self.break_line(node),
                1 => self.suspect(node),
                _ => self.give_manager_up(node),
            }
        }
    }

    fn may_lose(&mut self, node: NodeId, is_wild: bool) -> bool {
        let can = self.can_do_without(node);
        if !can && is_wild {
            self.in_excess = true;
        }
        can || is_wild
    }

    /// The manager is replaced, after a while or at once; or it is held up, and everyone hangs up on it.
    fn strike_manager(&mut self) {
        let is_stored = self.dice.random();
        match self.dice.random_range(0..3) {
            0 => self.dismiss_manager(is_stored),
            1 => {
                self.dismiss_manager(is_stored);
                self.appoint_manager();
            }
            _ => self.hold_manager_up(),
        }
    }

    /// Before the manager runs again, everyone takes it for crashed.
    fn hold_manager_up(&mut self) {
        let nodes: Vec<NodeId> = self.shape.nodes().collect();
        // Those whose link is ending anyway are not forgiven.
        if !nodes.iter().all(|node| self.is_linked(*node)) {
            return;
        }
        self.note("manager is held up", NodeId(0), NodeId(0), 0);
        if let Some(office) = &mut self.office {
            office.held_up = true;
        }
        nodes.into_iter().for_each(|node| self.give_manager_up(node));
    }

    pub(crate) fn reconnect_all(&mut self) {
        let cut_off = |node: &NodeId| self.life(*node).is_some_and(|life| life.cut_off);
        let nodes: Vec<NodeId> = self.shape.nodes().filter(cut_off).collect();
        nodes.into_iter().for_each(|node| self.reconnect(node));
    }

    /// Steps of a recovery or a rebuild call for a strike while they last.
    pub(super) fn call_for_strike(&mut self, order: &ToServer) {
        let is_step = matches!(
            order,
            ToServer::Fence { .. }
                | ToServer::Cut { .. }
                | ToServer::Residual { .. }
                | ToServer::Rebuild { .. }
                | ToServer::Abandon { .. }
                | ToServer::Admit { .. }
        );
        if is_step && self.ambush.is_none() && self.dice.random_ratio(1, 6) {
            self.ambush = Some(self.dice.random_range(0..30));
        }
    }
}
