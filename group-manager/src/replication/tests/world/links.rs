//! The manager's links to the nodes: they come up, and end for both sides.

use data_node::replica;
use multicast::id::{Incarnation, NodeId};
use wire::message::replication::FromNode;

use super::World;
use crate::coordinator::{Command, Event};

impl World {
    /// The manager's call is answered.
    pub(in super::super) fn link(&mut self, node: NodeId, life: Incarnation) -> Vec<Command> {
        let own = Incarnation(100 * self.managers);
        self.dialled.retain(|dialled| *dialled != (node, life));
        match self
            .processes
            .get_mut(&node)
            .filter(|process| process.life == life)
        {
            Some(process) => {
                process.linked = true;
                let said = process.replica.handle_manager_called(own);
                process.outbox.extend(said.into_iter().filter_map(to_manager));
            }
            None => return self.lose(node, life),
        }
        self.feed(Event::Linked {
            node,
            incarnation: life,
        })
    }

    /// The link ends, and with it what was on its way.
    pub(in super::super) fn lose(&mut self, node: NodeId, life: Incarnation) -> Vec<Command> {
        if self
            .processes
            .get(&node)
            .is_some_and(|process| process.life == life)
        {
            self.cut(node);
        }
        self.feed(Event::Lost {
            node,
            incarnation: life,
            reason: "gone".to_owned(),
        })
    }

    pub(in super::super) fn cut(&mut self, node: NodeId) {
        let Some(process) = self.processes.get_mut(&node) else {
            return;
        };
        process.linked = false;
        process.inbox.clear();
        process.outbox.clear();
        process.replica.handle_manager_lost();
    }
}

fn to_manager(command: replica::Command) -> Option<FromNode> {
    match command {
        replica::Command::ToManager { message, .. } => Some(message),
        _ => None,
    }
}
