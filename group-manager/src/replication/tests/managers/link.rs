//! The link between a manager and a data node, one message after the other each way.

use std::collections::VecDeque;

use multicast::{id::NodeId, skeen::message::FromMember};
use wire::message::replication::{FromNode, ToNode};

use super::{fault::Fault, world::World};
use crate::coordinator::Event;

#[derive(Default)]
pub(super) struct Link {
    pub(super) to_node: VecDeque<ToNode>,
    pub(super) to_manager: VecDeque<FromNode>,
}

impl World {
    /// A node's word takes its way to one manager, if their link is up.
    pub(super) fn say(&mut self, place: usize, node: NodeId, message: FromNode) {
        let said = match self.variant.fault {
            Some(Fault::NoFlush) => without_what_is_held(message),
            _ => message,
        };
        if let Some(link) = self.links.get_mut(&(place, node)) {
            link.to_manager.push_back(said);
        }
    }

    /// One of the manager's calls is answered, or is in vain.
    pub(super) fn answer_a_call(&mut self, place: usize) {
        if !self.managers[place].is_awake() {
            return;
        }
        let Some((node, incarnation)) = self.managers[place].dials.pop_front() else {
            return;
        };
        let runs = self.nodes.get(&node).is_some_and(|node| node.life == incarnation);
        if !runs {
            let reason = "nobody answers".to_owned();
            self.feed(
                place,
                Event::Lost {
                    node,
                    incarnation,
                    reason,
                },
            );
            return;
        }
        if self.links.remove(&(place, node)).is_some() {
            self.node_loses(node, place);
        }
        self.links.insert((place, node), Link::default());
        self.node_is_called(node, place);
        self.feed(place, Event::Linked { node, incarnation });
    }

    /// The link ends for both; of what was under way each way a tail may be lost.
    pub(super) fn break_link(&mut self, place: usize, node: NodeId) {
        let Some(mut link) = self.links.remove(&(place, node)) else {
            return;
        };
        self.note(|| format!("the link of manager {place} and {node} breaks"));
        let (down, up) = (
            self.below(link.to_node.len() + 1),
            self.below(link.to_manager.len() + 1),
        );
        for message in link.to_node.drain(..down) {
            self.node_hears(node, place, message);
        }
        self.node_loses(node, place);
        self.manager_hears_the_end(place, node, link.to_manager.drain(..up));
    }

    fn manager_hears_the_end(&mut self, place: usize, node: NodeId, last: impl Iterator<Item = FromNode>) {
        let Some(incarnation) = self.nodes.get(&node).map(|node| node.life) else {
            return;
        };
        let manager = &mut self.managers[place];
        manager
            .inbox
            .extend(last.map(|message| Event::FromNode(node, message)));
        let reason = "gone".to_owned();
        manager.inbox.push_back(Event::Lost {
            node,
            incarnation,
            reason,
        });
    }

    /// The places of the managers in touch with the node.
    pub(super) fn linked_to(&self, node: NodeId) -> Vec<usize> {
        let links = self.links.keys();
        links
            .filter(|(_, to)| *to == node)
            .map(|(place, _)| *place)
            .collect()
    }
}

fn without_what_is_held(message: FromNode) -> FromNode {
    match message {
        FromNode::Multicast(FromMember::Sealed {
            epoch,
            clock,
            delivered,
            ..
        }) => FromNode::Multicast(FromMember::Sealed {
            epoch,
            clock,
            delivered,
            held: Vec::new(),
        }),
        message => message,
    }
}
