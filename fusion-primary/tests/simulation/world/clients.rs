//! What clients ask a primary, and how they learn that it does not answer.

use fusion_primary::{door::Caller, primary::Event};
use multicast::id::NodeId;
use rand::Rng;
use structures::{op::Write, query::Query};
use wire::message::client::{RequestBody, query_replies};

use super::{Asked, World};
use crate::operations;

impl World {
    /// A client asks something of a group.
    pub(super) fn ask(&mut self) -> bool {
        let asking: Vec<NodeId> = self.groups.keys().copied().collect();
        let node = self.pick(&asking).expect("a world has groups");
        let chance: u32 = self.dice.random();
        match self.dice.random_range(0..6) {
            0 => {
                let query = operations::query(chance);
                self.read(node, query)
            }
            _ => self.write(node, chance),
        }
    }

    fn write(&mut self, node: NodeId, chance: u32) -> bool {
        let Some(life) = self.served(node) else {
            return false;
        };
        let group = self.groups.get_mut(&node).expect("a primary has a group");
        let Some((caller, write)) = group.client.next_write(life, chance) else {
            return false;
        };
        self.send_write(node, caller, write);
        true
    }

    /// A client sends again what it has not sent over this connection.
    pub(super) fn send_again(&mut self) -> bool {
        let waits = |(node, group): &(&NodeId, &crate::group::Group)| {
            let life = self.served(**node);
            life.is_some_and(|life| group.client.has_unsent(life))
        };
        let waiting: Vec<NodeId> = self.groups.iter().filter(waits).map(|(node, _)| *node).collect();
        let Some(node) = self.pick(&waiting) else {
            return false;
        };
        let life = self.served(node).expect("just seen");
        let group = self.groups.get_mut(&node).expect("just seen");
        if let Some((caller, write)) = group.client.next_unsent(life) {
            self.send_write(node, caller, write);
        }
        true
    }

    /// One more write of a group, whatever waits already.
    pub(crate) fn write_once_more(&mut self, node: NodeId) {
        let chance = self.dice.random();
        self.write(node, chance);
    }

    fn send_write(&mut self, node: NodeId, caller: Caller, write: Write) {
        let group = self.shape.group(node);
        let Some(host) = self.hosts.get_mut(&node) else {
            return;
        };
        host.asked.insert(caller, Asked::Write(write.client, write.seq));
        host.unapplied.push_back(write.clone());
        self.note("write", node, node, write.seq.0);
        let body = RequestBody::Write { group, write };
        self.primary_event(node, Event::Client { caller, body });
    }

    /// Only what the holder shows can be foretold.
    fn read(&mut self, node: NodeId, query: Query) -> bool {
        let Some(life) = self.served(node) else {
            return false;
        };
        let group = self.groups.get_mut(&node).expect("a primary has a group");
        if group.holder != Some(life) {
            return false;
        }
        let asked = Asked::Read {
            expected: query_replies(group.reference(), &query).into(),
            number: group.last(),
            recoveries: group.recoveries(),
        };
        let caller = group.client.caller(life);
        self.note("read", node, node, caller.request);
        let host = self.hosts.get_mut(&node).expect("it serves");
        host.asked.insert(caller, asked);
        let body = RequestBody::Read {
            group: self.shape.group(node),
            query,
        };
        self.primary_event(node, Event::Client { caller, body });
        true
    }

    /// The primary closes a client's connection.
    pub(super) fn hang_up(&mut self, node: NodeId, caller: Caller) {
        if let Some(host) = self.hosts.get_mut(&node) {
            host.asked.remove(&caller);
        }
        if let Some(group) = self.groups.get_mut(&node) {
            group.client.reset();
        }
    }

    /// A client's connection breaks, or the client dies.
    pub(super) fn break_client(&mut self) {
        let nodes: Vec<NodeId> = self.groups.keys().copied().collect();
        let node = self.pick(&nodes).expect("a world has groups");
        let dies = self.dice.random();
        let what = if dies { "client dies" } else { "client reconnects" };
        self.note(what, node, node, 0);
        let client = &mut self.groups.get_mut(&node).expect("just seen").client;
        match dies {
            true => client.dies(),
            false => client.reset(),
        }
    }

    /// The life behind a group's door, if clients reach it.
    fn served(&self, node: NodeId) -> Option<multicast::id::Incarnation> {
        let life = self.hosts.get(&node)?.life;
        (!life.cut_off).then_some(life.incarnation)
    }
}
