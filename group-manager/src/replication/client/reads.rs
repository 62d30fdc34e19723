//! Reads that are answered by one active member, from its state up to its stable watermark.

use multicast::id::{GroupId, NodeId};
use structures::query::Query;
use wire::message::{
    admission::judge_query,
    client::{Refusal, ReplyBody},
    replication::ToNode,
};

use super::super::{Caller, Command, Replication, refused};
use crate::limits::MAX_LONG_READS;

/// A read that was passed on to a node.
#[derive(Clone, Copy, Debug)]
pub(in crate::replication) struct Reading {
    caller: Caller,
    node: NodeId,
    /// Whether the answer takes many frames.
    is_long: bool,
}

impl Replication {
    pub(super) fn handle_read(
        &mut self,
        caller: Caller,
        group: GroupId,
        query: Query,
    ) -> Result<Command, Refusal> {
        self.judge_group(group)?;
        judge_query(self.cluster.spec, &query)?;
        let Some(node) = self.present(group).first().copied() else {
            return Err(self.state_lost(group));
        };
        Ok(self.pass_on(caller, node, query))
    }

    /// The second step of a long ordered read, whose place in the order all members have passed that were active in the
    /// view in which it was found to be complete. One that became active since may not have.
    pub(super) fn pass_on_ordered(&mut self, caller: Caller, group: GroupId, query: Query) -> Command {
        let view = self.sender.view();
        let has_passed = |node: &NodeId| view.active(group).any(|active| active == *node);
        match self.present(group).into_iter().find(has_passed) {
            Some(node) => self.pass_on(caller, node, query),
            None => {
                let reason = "the members that could answer are being replaced".to_owned();
                refused(caller, Refusal::Unavailable { reason })
            }
        }
    }

    /// Lets the member answer the query, if it may.
    fn pass_on(&mut self, caller: Caller, node: NodeId, query: Query) -> Command {
        let is_long = query.is_long();
        if is_long && let Err(refusal) = self.judge_long_read(node) {
            return refused(caller, refusal);
        }
        self.next_token += 1;
        let token = self.next_token;
        let reading = Reading {
            caller,
            node,
            is_long,
        };
        self.reads.insert(token, reading);
        Command::ToNode(node, ToNode::Read { token, query })
    }

    /// Long reads share the link with the multicast; so many at once always fit into the node's outbox.
    fn judge_long_read(&self, node: NodeId) -> Result<(), Refusal> {
        let under_way = self
            .reads
            .values()
            .filter(|reading| reading.node == node && reading.is_long);
        match under_way.count() {
            MAX_LONG_READS.. => Err(Refusal::Overloaded {
                limit: MAX_LONG_READS,
            }),
            _ => Ok(()),
        }
    }

    pub(in crate::replication) fn handle_read_reply(
        &mut self,
        node: NodeId,
        token: u64,
        reply: ReplyBody,
    ) -> Vec<Command> {
        let Some(reading) = self
            .reads
            .get(&token)
            .copied()
            .filter(|reading| reading.node == node)
        else {
            return Vec::new();
        };
        if !matches!(reply, ReplyBody::Elements { last: false, .. }) {
            self.reads.remove(&token);
        }
        vec![Command::Reply(reading.caller, reply)]
    }

    /// The node that was asked is gone.
    pub(in crate::replication) fn refuse_reads_at(&mut self, node: NodeId) -> Vec<Command> {
        let orphaned: Vec<u64> = self
            .reads
            .iter()
            .filter(|(_, reading)| reading.node == node)
            .map(|(token, _)| *token)
            .collect();
        let refuse = |token: u64| {
            let reading = self.reads.remove(&token)?;
            let reason = format!("{node} crashed during the read");
            Some(refused(reading.caller, Refusal::Unavailable { reason }))
        };
        orphaned.into_iter().filter_map(refuse).collect()
    }
}
