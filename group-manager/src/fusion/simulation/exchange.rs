//! What primaries and fused servers do among themselves: the data plane, in numbers of operations.

use multicast::id::{Epoch, NodeId};
use rand::{Rng, seq::IteratorRandom};
use wire::message::fusion::FromPrimary;

use super::world::{Process, Speech, World};

impl World {
    /// A primary applies a write, if it serves and few of its writes are unacknowledged.
    pub(super) fn write(&mut self, node: NodeId) {
        const MAX_UNACKNOWLEDGED: u64 = 6;
        let acknowledged = self.acknowledged.get(&node).copied().unwrap_or(0);
        if let Some(Process::Primary(primary)) = self.processes.get_mut(&node)
            && let Some(memory) = primary.memory.as_mut().filter(|_| primary.serving)
            && *memory < acknowledged + MAX_UNACKNOWLEDGED
        {
            *memory += 1;
        }
    }

    /// A primary sends to a server of its view, or counts acknowledgements, or installs what it was sent.
    pub(super) fn exchange(&mut self, node: NodeId) {
        match self.dice.random_range(0..5) {
            0 => self.acknowledge(node),
            1 => self.install(node),
            2 => self.beat(node),
            _ => self.send_deltas(node),
        }
    }

    /// The primary takes itself out of service: a server says that its life is over.
    fn leave(&mut self, node: NodeId) {
        if let Some(Process::Primary(primary)) = self.processes.get_mut(&node) {
            primary.serving = false;
        }
        self.break_line(node);
    }

    fn send_deltas(&mut self, node: NodeId) {
        let Process::Primary(primary) = &self.processes[&node] else {
            return;
        };
        let (Some(memory), true) = (primary.memory, primary.serving) else {
            return;
        };
        let since = primary.since;
        let Some(seat) = primary.view.iter().choose(&mut self.dice).cloned() else {
            return;
        };
        let required = primary.requires(&seat);
        let Some(Process::Server(server)) = self.processes.get_mut(&seat.node) else {
            return;
        };
        if server.life != seat.incarnation || server.rebuild != seat.rebuild {
            return;
        }
        let Some(copy) = server.copies.get_mut(&node) else {
            return;
        };
        if since < copy.fence {
            return self.leave(node);
        }
        if since != copy.since {
            return;
        }
        if required {
            assert!(copy.held, "a server that must acknowledge holds nothing");
            assert!(
                copy.applied <= memory,
                "{node} lacks operations that were applied"
            );
            copy.applied = self.dice.random_range(copy.applied..=memory);
        } else if !copy.broken && (!copy.held || copy.applied == 0) {
            (copy.held, copy.applied) = (true, memory);
            self.caught_up(node, seat.node, seat.rebuild);
        }
    }

    fn caught_up(&mut self, node: NodeId, server: NodeId, rebuild: Epoch) {
        if let Some(Process::Primary(primary)) = self.processes.get_mut(&node) {
            primary.imaged.insert((server, rebuild));
        }
        self.say(node, Speech::Primary(FromPrimary::CaughtUp { server, rebuild }));
    }

    /// The output rule: what every required server applied is acknowledged.
    fn acknowledge(&mut self, node: NodeId) {
        let Process::Primary(primary) = &self.processes[&node] else {
            return;
        };
        let (Some(memory), true) = (primary.memory, primary.serving) else {
            return;
        };
        let mut smallest = memory;
        for seat in primary.view.iter().filter(|seat| primary.requires(seat)) {
            let Process::Server(server) = &self.processes[&seat.node] else {
                return;
            };
            let same = server.life == seat.incarnation && server.rebuild == seat.rebuild;
            let Some(copy) = server
                .copies
                .get(&node)
                .filter(|copy| same && copy.since == primary.since)
            else {
                return;
            };
            smallest = smallest.min(copy.applied);
        }
        let acknowledged = self.acknowledged.entry(node).or_default();
        *acknowledged = smallest.max(*acknowledged);
    }

    /// A replacement that has all residuals installs them.
    fn install(&mut self, node: NodeId) {
        let Process::Primary(primary) = &self.processes[&node] else {
            return;
        };
        let Some((recovery, losses, rows)) = primary.recover.clone() else {
            return;
        };
        for row in rows {
            let Process::Server(server) = &self.processes[&row] else {
                return;
            };
            match &server.residual {
                Some((number, sums)) if *number == recovery => assert_eq!(*sums, losses, "two cuts"),
                _ => return,
            }
        }
        let loss = losses
            .iter()
            .find(|loss| loss.primary == node)
            .expect("a replacement is one of the losses");
        let acknowledged = self.acknowledged.get(&node).copied().unwrap_or(0);
        assert!(
            loss.cut.0 >= acknowledged,
            "an acknowledged operation of {node} is above the cut"
        );
        if let Some(Process::Primary(primary)) = self.processes.get_mut(&node) {
            primary.memory = Some(loss.cut.0);
            primary.installed = Some(recovery);
            primary.recover = None;
        }
        let installed = FromPrimary::Installed {
            recovery,
            transfer_us: 1,
            decode_us: 1,
            install_us: 1,
        };
        self.say(node, Speech::Primary(installed));
    }

    /// A primary shows that it lives.
    fn beat(&mut self, node: NodeId) {
        if matches!(self.processes[&node], Process::Primary(_)) {
            self.say(node, Speech::Primary(FromPrimary::Heartbeat));
        }
    }
}
