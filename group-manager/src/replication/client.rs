//! What clients ask: writes through the multicast, reads at one active node.

use std::collections::BTreeMap;

use bytes::BytesMut;
use multicast::id::{GroupId, MessageId, NodeId};
use structures::{op::Write, query::Query};
use wire::message::{
    admission::{judge_op, judge_query},
    client::{Refusal, ReplyBody, RequestBody},
    membership::Role,
    replication::{Answers, ToNode},
};

use super::{Caller, Command, Micros, Replication, refused, view::Stage};
use crate::limits::{MAX_LONG_READS, MAX_WAITING_WRITES};

/// A read that was passed on to a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    caller: Caller,
    node: NodeId,
    /// Whether the answer takes many frames.
    is_long: bool,
}

impl Replication {
    pub(super) fn handle_client(&mut self, caller: Caller, body: RequestBody) -> Vec<Command> {
        let refusal = match &body {
            RequestBody::Write { group, .. } | RequestBody::Read { group, .. } => self.closed(*group),
            _ => None,
        };
        match (refusal, body) {
            (Some(refusal), _) => vec![refused(caller, refusal)],
            (None, RequestBody::Write { group, write }) => self.handle_write(caller, group, write),
            (None, RequestBody::Read { group, query }) => self.handle_read(caller, group, query),
            _ => {
                let role = Role::GroupManager;
                vec![refused(caller, Refusal::NotServedHere { role })]
            }
        }
    }

    /// Why the group takes no requests now, if so.
    fn closed(&self, group: GroupId) -> Option<Refusal> {
        let unavailable = |reason: &str| {
            Some(Refusal::Unavailable {
                reason: reason.to_owned(),
            })
        };
        if !self.cluster.has_group(group) {
            return Some(Refusal::UnknownGroup { group });
        }
        match self.stage {
            Stage::Superseded => return unavailable("another manager owns the view"),
            Stage::Gathering { .. } => return unavailable("the manager has just started"),
            _ => {}
        }
        if !self.membership.founded.contains(&group) {
            return unavailable("no data node of the group has entered yet");
        }
        self.is_lost(group).then(|| Refusal::StateLost {
            group,
            missing: self.holders(group),
        })
    }

    fn handle_write(&mut self, caller: Caller, group: GroupId, write: Write) -> Vec<Command> {
        if let Err(refusal) = judge_op(self.cluster.spec, &write.op) {
            return vec![refused(caller, refusal)];
        }
        let Some(state) = self.groups.get_mut(&group) else {
            return Vec::new();
        };
        if !state.door.push(caller, write) {
            return vec![refused(
                caller,
                Refusal::Overloaded {
                    limit: MAX_WAITING_WRITES,
                },
            )];
        }
        self.pump_group(group)
    }

    /// Sends what may go now at the group's door, and lets a drained entry begin its transfer.
    pub(super) fn pump(&mut self, now: Micros, group: GroupId) -> Vec<Command> {
        let mut commands = self.pump_group(group);
        commands.extend(self.start_drained_transfers(now));
        commands
    }

    fn pump_group(&mut self, group: GroupId) -> Vec<Command> {
        let members = self.present(group).len();
        // A view change that is given up for the next one could still abandon what waits for it.
        let is_given_up = self.sender.is_sealing() && self.stage != Stage::Sealing;
        if members < 1 + self.cluster.min_backups || !self.sender.reaches(group) || is_given_up {
            return Vec::new();
        }
        let mut commands = Vec::new();
        while let Some((callers, writes)) = self.groups.get_mut(&group).and_then(|g| g.door.next_batch()) {
            let mut payload = BytesMut::new();
            if let Err(error) = wire::codec::encode(&writes, &mut payload) {
                tracing::error!(%error, "a batch could not be encoded");
                commands.extend(self.refuse_batch(group, callers));
                continue;
            }
            let (id, sent) = self.sender.multicast(vec![group], payload.freeze());
            self.callers.insert(id, (group, callers));
            // A fresh message to a group that is reached is only proposed; completing it is a later event.
            commands.extend(sent.into_iter().filter_map(|command| match command {
                multicast::skeen::sender::SenderCommand::Send { to, message } => {
                    Some(Command::ToNode(to, ToNode::Multicast(message)))
                }
                _ => None,
            }));
        }
        commands
    }

    fn refuse_batch(&mut self, group: GroupId, callers: Vec<Caller>) -> Vec<Command> {
        if let Some(state) = self.groups.get_mut(&group) {
            state.door.round_ended();
        }
        let reason = "the write could not be passed on".to_owned();
        let refusal = Refusal::Unavailable { reason };
        callers
            .into_iter()
            .map(|caller| refused(caller, refusal.clone()))
            .collect()
    }

    /// Rule 3: every active member delivered it, so the clients may know.
    pub(super) fn handle_completed(
        &mut self,
        id: MessageId,
        results: &BTreeMap<GroupId, Answers>,
    ) -> Vec<Command> {
        let Some((group, callers)) = self.callers.remove(&id) else {
            return Vec::new();
        };
        let outcomes = results.get(&group).map(Vec::as_slice).unwrap_or_default();
        let mut commands: Vec<Command> = callers
            .iter()
            .zip(outcomes)
            .map(|(caller, answer)| Command::Reply(*caller, ReplyBody::Written(answer.clone())))
            .collect();
        // Never short in a sound cluster; a client is not left waiting if a member's batch was unreadable.
        let unanswered = callers.iter().skip(outcomes.len());
        commands.extend(unanswered.map(|caller| {
            let reason = "the data nodes gave no outcome for this write".to_owned();
            refused(*caller, Refusal::Unavailable { reason })
        }));
        if let Some(state) = self.groups.get_mut(&group) {
            state.door.round_ended();
        }
        commands.extend(self.pump_group(group));
        commands
    }

    /// The group lost its last member while the message was under way.
    pub(super) fn handle_abandoned(&mut self, id: MessageId) -> Vec<Command> {
        let Some((group, callers)) = self.callers.remove(&id) else {
            return Vec::new();
        };
        if let Some(state) = self.groups.get_mut(&group) {
            state.door.round_ended();
        }
        let missing = self.holders(group);
        let lost = |caller| {
            refused(
                caller,
                Refusal::StateLost {
                    group,
                    missing: missing.clone(),
                },
            )
        };
        callers.into_iter().map(lost).collect()
    }

    /// Writes that wait at the door of a group that is lost are refused.
    pub(super) fn close_lost_doors(&mut self) -> Vec<Command> {
        let lost: Vec<GroupId> = self
            .groups
            .keys()
            .copied()
            .filter(|group| self.is_lost(*group))
            .collect();
        let mut commands = Vec::new();
        for group in lost {
            let missing = self.holders(group);
            let waiting = self
                .groups
                .get_mut(&group)
                .map(|state| state.door.give_up())
                .unwrap_or_default();
            commands.extend(waiting.into_iter().map(|caller| {
                refused(
                    caller,
                    Refusal::StateLost {
                        group,
                        missing: missing.clone(),
                    },
                )
            }));
        }
        commands
    }

    fn handle_read(&mut self, caller: Caller, group: GroupId, query: Query) -> Vec<Command> {
        let Some(node) = self.present(group).first().copied() else {
            let missing = self.holders(group);
            return vec![refused(caller, Refusal::StateLost { group, missing })];
        };
        let is_long = query.is_long();
        let judged = judge_query(self.cluster.spec, &query).and_then(|()| match is_long {
            true => self.judge_long_read(node),
            false => Ok(()),
        });
        if let Err(refusal) = judged {
            return vec![refused(caller, refusal)];
        }
        self.next_token += 1;
        let token = self.next_token;
        self.reads.insert(
            token,
            Reading {
                caller,
                node,
                is_long,
            },
        );
        vec![Command::ToNode(node, ToNode::Read { token, query })]
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

    pub(super) fn handle_read_reply(&mut self, node: NodeId, token: u64, reply: ReplyBody) -> Vec<Command> {
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
    pub(super) fn refuse_reads_at(&mut self, node: NodeId) -> Vec<Command> {
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
