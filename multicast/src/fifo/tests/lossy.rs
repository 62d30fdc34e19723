//! Lossy channels against the obvious: a list that is copied.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::{
    super::{FifoOutput::*, *},
    A, B,
};
use crate::id::{NodeId, Seq};

/// A receiver with its log and its two channels, either of which a reconnect empties.
#[derive(Default)]
struct Node {
    receiver: FifoReceiver,
    log: Vec<u32>,
    incoming: VecDeque<(Seq, Seq, u32)>,
    replies: VecDeque<Reception>,
}

/// Receivers behind channels that lose everything on a reconnect and sometimes one message.
struct Net {
    sender: FifoSender<u32>,
    sent: Vec<u32>,
    stable: Seq,
    nodes: BTreeMap<NodeId, Node>,
}

impl Net {
    fn new() -> Self {
        let mut net = Self {
            sender: FifoSender::new(Seq(0)),
            sent: vec![],
            stable: Seq(0),
            nodes: BTreeMap::new(),
        };
        for node in [A, B] {
            net.sender.add_receiver(node, Seq(0), true);
            net.nodes.insert(node, Node::default());
            net.reconnect(node);
        }
        net
    }

    fn take(&mut self, outputs: Vec<FifoOutput<u32>>) {
        for output in outputs {
            match output {
                Send {
                    to,
                    seq,
                    stable,
                    message,
                } => {
                    self.node(to).incoming.push_back((seq, stable, message));
                }
                Stable(stable) => {
                    assert!(stable > self.stable, "stable never falls");
                    self.stable = stable;
                }
            }
        }
    }

    fn node(&mut self, node: NodeId) -> &mut Node {
        self.nodes.get_mut(&node).expect("one of the two")
    }

    fn reconnect(&mut self, id: NodeId) {
        self.sender.handle_closed(id);
        let node = self.node(id);
        node.incoming.clear();
        node.replies.clear();
        let applied = node.receiver.applied();
        let outputs = self
            .sender
            .handle_opened(id, applied)
            .expect("it only has what was sent");
        self.take(outputs);
    }

    fn receive(&mut self, id: NodeId) {
        let node = self.node(id);
        let Some((seq, stable, message)) = node.incoming.pop_front() else {
            return;
        };
        assert!(stable < seq, "only unstable messages are sent");
        match node.receiver.judge(seq) {
            Reception::Next => {
                node.log.push(message);
                let applied = node.receiver.applied_next();
                node.replies.push_back(Reception::Repeated { applied });
            }
            other => node.replies.push_back(other),
        }
    }

    fn reply(&mut self, id: NodeId) {
        let Some(reply) = self.node(id).replies.pop_front() else {
            return;
        };
        let outputs = match reply {
            Reception::Repeated { applied } => self.sender.handle_ack(id, applied),
            Reception::Gap { expected } => self.sender.handle_gap(id, expected),
            Reception::Next => unreachable!("never sent as a reply"),
        };
        self.take(outputs.expect("receivers tell the truth"));
    }

    fn step(&mut self, step: u8, id: NodeId) {
        match step {
            0..=2 if self.sender.has_room() => {
                let message = self.sent.len() as u32;
                self.sent.push(message);
                let outputs = self.sender.multicast(message, 4);
                self.take(outputs);
            }
            3..=5 => self.receive(id),
            6 | 7 => self.reply(id),
            8 => self.reconnect(id),
            _ => drop(self.node(id).incoming.pop_front()),
        }
    }

    fn check(&self) {
        for (id, node) in &self.nodes {
            assert_eq!(
                node.log[..],
                self.sent[..node.log.len()],
                "{id} has a prefix of what was sent"
            );
            assert!(
                node.log.len() as u64 >= self.stable.0,
                "{id} has everything that is stable"
            );
        }
    }
}

proptest! {
    #[test]
    fn every_receiver_has_a_prefix_that_holds_everything_stable(
        steps in proptest::collection::vec((0..10u8, any::<bool>()), 0..400),
    ) {
        let mut net = Net::new();
        for (step, first) in steps {
            net.step(step, if first { A } else { B });
            net.check();
        }
        for id in [A, B] {
            net.reconnect(id);
            while !(net.node(id).incoming.is_empty() && net.node(id).replies.is_empty()) {
                net.receive(id);
                net.reply(id);
            }
        }
        let whole = net.sent.clone();
        prop_assert_eq!(net.stable, Seq(whole.len() as u64));
        prop_assert_eq!(&net.nodes[&A].log, &whole);
        prop_assert_eq!(&net.nodes[&B].log, &whole);
    }
}
