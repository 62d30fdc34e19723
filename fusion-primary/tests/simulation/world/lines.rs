//! The lines between the manager and each process.

use group_manager::coordinator::Event;
use multicast::id::{Incarnation, NodeId};
use wire::message::fusion::{FromPrimary, FromServer, ToPrimary, ToServer};

use super::World;
use crate::duplex::{Arrival, Duplex};

#[derive(Debug)]
pub(super) enum ToMember {
    Server(ToServer),
    Primary(ToPrimary),
}

#[derive(Debug)]
pub(super) enum FromMember {
    Server(FromServer),
    Primary(FromPrimary),
}

/// The manager called, one life of a process was called.
#[derive(Debug)]
pub(super) struct Line {
    node: NodeId,
    life: Incarnation,
    pub(super) link: Duplex<ToMember, FromMember>,
}

impl World {
    /// The process takes the manager's call, in the place of that manager's earlier one. Another manager's it
    /// turns away.
    pub(super) fn open_line(&mut self, node: NodeId) {
        let number = self.number();
        let life = self.life(node).copied();
        let (Some(office), Some(life)) = (&mut self.office, life) else {
            return;
        };
        let manager = office.life;
        let replaced = office.lines.insert(node, number);
        let mut line = Line {
            node,
            life: life.incarnation,
            link: Duplex::default(),
        };
        if let Some(older) = replaced.and_then(|older| self.lines.get_mut(&older)) {
            older.link.caller_leaves();
        }
        match life.line {
            Some((_, other)) if other != manager => line.link.callee_leaves(),
            older => {
                if let Some(older) = older.and_then(|(older, _)| self.lines.get_mut(&older)) {
                    older.link.callee_leaves();
                }
                if let Some(life) = self.life_mut(node) {
                    life.line = Some((number, manager));
                }
            }
        }
        self.lines.insert(number, line);
    }

    /// The manager says something, if its line is there.
    pub(super) fn order(&mut self, node: NodeId, message: ToMember) {
        if let Some(line) = self.office_line(node) {
            line.link.down.send(message);
        }
    }

    /// The process says something, if a manager's line is there.
    pub(super) fn speak(&mut self, node: NodeId, message: FromMember) {
        let line = self.life(node).and_then(|life| life.line);
        if let Some(line) = line.and_then(|(number, _)| self.lines.get_mut(&number)) {
            line.link.up.send(message);
        }
    }

    /// One order arrives.
    pub(super) fn deliver_order(&mut self) -> bool {
        let busy = self.lines.iter().filter(|(_, line)| !line.link.down.is_idle());
        let busy: Vec<u64> = busy.map(|(number, _)| *number).collect();
        let Some(number) = self.pick(&busy) else {
            return false;
        };
        let line = self.lines.get_mut(&number).expect("just seen");
        let node = line.node;
        match line.link.down.next().expect("just seen") {
            Arrival::Message(ToMember::Server(order)) => {
                self.server_event(node, fusion_server::backup::Event::Manager(order));
            }
            Arrival::Message(ToMember::Primary(order)) => {
                self.note_recovery(node, &order);
                self.primary_event(node, fusion_primary::primary::Event::Manager(order));
            }
            Arrival::End => {
                line.link.callee_leaves();
                self.manager_lost(node);
            }
        }
        self.tidy_line(number);
        true
    }

    /// One word arrives at the manager.
    pub(super) fn deliver_speech(&mut self) -> bool {
        let busy = self.lines.iter().filter(|(_, line)| !line.link.up.is_idle());
        let busy: Vec<u64> = busy.map(|(number, _)| *number).collect();
        let Some(number) = self.pick(&busy) else {
            return false;
        };
        let line = self.lines.get_mut(&number).expect("just seen");
        let (node, incarnation) = (line.node, line.life);
        match line.link.up.next().expect("just seen") {
            Arrival::Message(FromMember::Server(message)) => self.tell(Event::FromServer(node, message)),
            Arrival::Message(FromMember::Primary(message)) => self.tell(Event::FromPrimary(node, message)),
            Arrival::End => {
                line.link.caller_leaves();
                self.lose_member(node, incarnation, "the line ended");
            }
        }
        self.tidy_line(number);
        true
    }

    /// The manager takes a process for crashed that may live.
    pub(super) fn suspect(&mut self, node: NodeId) {
        let Some(line) = self.office_line(node) else {
            return;
        };
        let incarnation = line.life;
        line.link.caller_leaves();
        self.note("is suspected", node, node, incarnation.0);
        self.lose_member(node, incarnation, "silent for too long");
    }

    /// The manager notices at once that a process is gone.
    pub(crate) fn notice(&mut self, node: NodeId) {
        self.suspect(node);
    }

    /// The process takes the manager for crashed.
    pub(super) fn give_manager_up(&mut self, node: NodeId) {
        self.note("suspects the manager", node, node, 0);
        self.leave_manager(node);
        self.manager_lost(node);
    }

    /// The process closes the manager's line, to knock again.
    pub(super) fn leave_manager(&mut self, node: NodeId) {
        let line = self.life_mut(node).and_then(|life| life.line.take());
        if let Some(line) = line.and_then(|(number, _)| self.lines.get_mut(&number)) {
            line.link.callee_leaves();
        }
    }

    /// The manager closes its line to a process.
    pub(super) fn drop_line(&mut self, node: NodeId) {
        if let Some(line) = self.office_line(node) {
            line.link.caller_leaves();
        }
        if let Some(office) = &mut self.office {
            office.lines.remove(&node);
        }
    }

    /// The manager dies.
    pub(super) fn leave_lines(&mut self) {
        let numbers: Vec<u64> = self.lines.keys().copied().collect();
        for number in numbers {
            let kept = self.kept();
            let line = self.lines.get_mut(&number).expect("just seen");
            line.link.caller_dies(kept);
        }
    }

    /// Both ends lose the line.
    pub(super) fn break_line(&mut self, node: NodeId) {
        let (down, up) = (self.kept(), self.kept());
        let line = self.life(node).and_then(|life| life.line);
        if let Some(line) = line.and_then(|(number, _)| self.lines.get_mut(&number)) {
            line.link.breaks(down, up);
            self.note("line breaks", node, node, 0);
        }
    }

    pub(super) fn sever_line(&mut self, node: NodeId) {
        let kept = self.kept();
        let lines = self.lines.values_mut().filter(|line| line.node == node);
        lines.for_each(|line| line.link.callee_dies(kept));
    }

    pub(super) fn lose_line(&mut self, node: NodeId) {
        if self.life(node).is_some_and(|life| life.line.is_some()) {
            self.manager_lost(node);
        }
    }

    /// Whether the line to a life is there at both ends and nothing is wrong with it.
    pub(crate) fn is_linked(&self, node: NodeId) -> bool {
        let line = self.life(node).and_then(|life| life.line);
        let known = self
            .office
            .as_ref()
            .and_then(|office| office.lines.get(&node).copied());
        let number = line
            .map(|(number, _)| number)
            .filter(|number| known == Some(*number));
        number.is_some_and(|number| self.lines.get(&number).is_some_and(|line| line.link.is_whole()))
    }

    /// Whether anything is under way over a line.
    pub(super) fn lines_are_idle(&self) -> bool {
        self.lines
            .values()
            .all(|line| line.link.down.is_idle() && line.link.up.is_idle())
    }

    /// Everyone shows that they live.
    pub(super) fn beat(&mut self, node: NodeId) {
        match self.shape.is_primary(node) {
            true => {
                self.order(node, ToMember::Primary(ToPrimary::Heartbeat));
                self.speak(node, FromMember::Primary(FromPrimary::Heartbeat));
            }
            false => {
                self.order(node, ToMember::Server(ToServer::Heartbeat));
                self.speak(node, FromMember::Server(FromServer::Heartbeat));
            }
        }
    }

    fn office_line(&mut self, node: NodeId) -> Option<&mut Line> {
        let number = *self.office.as_ref()?.lines.get(&node)?;
        self.lines.get_mut(&number)
    }

    fn lose_member(&mut self, node: NodeId, incarnation: Incarnation, reason: &str) {
        if let Some(office) = &mut self.office {
            office.lines.remove(&node);
        }
        self.note("is lost", node, node, incarnation.0);
        let reason = reason.to_owned();
        self.tell(Event::Lost {
            node,
            incarnation,
            reason,
        });
    }

    fn manager_lost(&mut self, node: NodeId) {
        if let Some(life) = self.life_mut(node) {
            life.line = None;
        }
        self.note("loses the manager", node, node, 0);
        if self.shape.is_primary(node) {
            self.primary_event(node, fusion_primary::primary::Event::ManagerLost);
        }
    }

    fn tidy_line(&mut self, number: u64) {
        if self.lines.get(&number).is_some_and(|line| line.link.is_over()) {
            self.lines.remove(&number);
        }
    }
}
