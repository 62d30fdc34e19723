//! What clients and operators ask of the manager.

use multicast::id::{ClientId, GroupId, NodeId, Seq};
use structures::op::{Op, Write};
use wire::message::{
    client::{RequestBody, WriteTogether},
    membership::Role,
    roster::{Change, NewMember},
};

use super::{World, address, name_of};
use crate::coordinator::{Caller, Command, Event};

impl World {
    /// An operator asks the manager: `add node group`, `remove node` or `discard node`.
    pub(in super::super) fn change(&mut self, word: &str, numbers: &[u64]) -> Vec<Command> {
        let node = NodeId(numbers[0] as u32);
        let discard = word == "discard";
        let change = match numbers.get(1) {
            Some(group) => {
                let group = GroupId(*group as u16);
                self.cluster.nodes.insert(node, group);
                Change::Add(NewMember {
                    node,
                    role: Role::DataNode,
                    group: Some(name_of(group)),
                    listens: vec![address(node)],
                })
            }
            None => Change::Remove {
                node,
                discard,
                tolerating: None,
            },
        };
        self.ask(RequestBody::Change(change))
    }

    /// A client's request; one client, numbered by request.
    pub(in super::super) fn ask(&mut self, body: RequestBody) -> Vec<Command> {
        self.ask_together([body])
    }

    /// The same for requests that arrive together.
    pub(in super::super) fn ask_together(
        &mut self,
        bodies: impl IntoIterator<Item = RequestBody>,
    ) -> Vec<Command> {
        let mut asked = Vec::new();
        for body in bodies {
            self.requests += 1;
            let caller = Caller {
                connection: 1,
                request: self.requests,
            };
            asked.push((caller, body));
        }
        self.feed(Event::Clients(asked))
    }

    /// A write of client 1, whose sequence number is that of the request.
    pub(in super::super) fn write(&mut self, group: GroupId, op: Op) -> Vec<Command> {
        let write = Write {
            client: ClientId(1),
            seq: Seq(self.requests + 1),
            op,
        };
        self.ask(RequestBody::Write { group, write })
    }

    /// A write of client 1 to several groups.
    pub(in super::super) fn write_together(&mut self, parts: Vec<(GroupId, Vec<Op>)>) -> Vec<Command> {
        let write = WriteTogether {
            client: ClientId(1),
            seq: Seq(self.requests + 1),
            parts,
        };
        self.ask(RequestBody::WriteTogether(write))
    }

    /// The number of the last request.
    pub(in super::super) fn last_request(&self) -> u64 {
        self.requests
    }
}
