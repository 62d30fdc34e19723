//! The multicast's rounds: what a batch is made of, and who is answered when it is complete.
//!
//! Invariant: every message under way has its [`Round`] here, and every request of it is answered exactly once.

use std::collections::BTreeMap;

use bytes::BytesMut;
use multicast::{
    id::{GroupId, MessageId},
    skeen::sender::SenderCommand,
};
use structures::op::Answer;
use wire::message::{
    client::{Refusal, ReplyBody},
    replication::{Answers, Batch, Entry, EntryAnswer, Parts, ToNode},
};

use super::super::{
    Caller, Command, Micros, Replication,
    door::{Waiter, together::AskedTogether},
    refused,
    view::Stage,
};

/// Who waits for a message.
#[derive(Debug)]
pub(in crate::replication) enum Round {
    /// Requests of one group, by entry.
    Single { group: GroupId, waiters: Vec<Waiter> },
    /// Writes of several groups.
    Together {
        groups: Vec<GroupId>,
        writes: Vec<TogetherUnderWay>,
    },
}

/// One write of several groups.
#[derive(Debug)]
pub(in crate::replication) struct TogetherUnderWay {
    caller: Caller,
    /// How many operations it has on each group, in the order of its parts.
    counts: Vec<(GroupId, usize)>,
}

impl Round {
    pub(in crate::replication) fn groups(&self) -> &[GroupId] {
        match self {
            Self::Single { group, .. } => std::slice::from_ref(group),
            Self::Together { groups, .. } => groups,
        }
    }

    fn callers(&self) -> Vec<Caller> {
        match self {
            Self::Single { waiters, .. } => waiters.iter().map(Waiter::caller).collect(),
            Self::Together { writes, .. } => writes.iter().map(|write| write.caller).collect(),
        }
    }
}

impl Replication {
    /// Sends what may go now at the group's door, and lets a drained entry begin its transfer.
    pub(in crate::replication) fn pump(&mut self, now: Micros, group: GroupId) -> Vec<Command> {
        let mut commands = self.pump_group(group);
        commands.extend(self.pump_together());
        commands.extend(self.start_drained_transfers(now));
        commands
    }

    pub(super) fn pump_group(&mut self, group: GroupId) -> Vec<Command> {
        let mut commands = Vec::new();
        if !self.may_send(group) {
            return commands;
        }
        while let Some((waiters, entries)) = self.groups.get_mut(&group).and_then(|g| g.door.next_batch()) {
            let round = Round::Single { group, waiters };
            commands.extend(self.send(round, &vec![(group, entries)]));
        }
        commands
    }

    pub(super) fn pump_together(&mut self) -> Vec<Command> {
        let is_open = |group: &GroupId| {
            let is_frozen = self.groups.get(group).is_some_and(|state| state.door.frozen);
            !is_frozen && self.may_send(*group)
        };
        let open: Vec<GroupId> = self.groups.keys().copied().filter(is_open).collect();
        let mut commands = Vec::new();
        while let Some((groups, batch)) = self.together.next_batch(|group| open.contains(&group)) {
            let (writes, parts) = gather(&groups, batch);
            commands.extend(self.send(Round::Together { groups, writes }, &parts));
        }
        commands
    }

    /// Whether the group has enough members, and a message to it a way that begins here.
    fn may_send(&self, group: GroupId) -> bool {
        // A view change that is given up for the next one could still abandon what waits for it.
        let is_given_up = self.sender.is_sealing() && self.stage != Stage::Sealing;
        let members = self.present(group).len();
        members > self.cluster.min_backups
            && self.sender.may_send()
            && self.sender.reaches(group)
            && !is_given_up
    }

    fn send(&mut self, round: Round, parts: &Parts) -> Vec<Command> {
        let mut payload = BytesMut::new();
        if let Err(error) = wire::codec::encode(parts, &mut payload) {
            tracing::error!(%error, "a batch could not be encoded");
            self.round_ended(&round);
            let reason = "the request could not be passed on".to_owned();
            return refuse_all(&round, &Refusal::Unavailable { reason });
        }
        let payload = payload.freeze();
        let (id, sent) = self.sender.multicast(round.groups().to_vec(), payload.clone());
        self.rounds.insert(id, (round, payload));
        // A fresh message to a group that is reached is only proposed; completing it is a later event.
        let proposed = sent.into_iter().filter_map(to_node);
        proposed.collect()
    }

    /// Rule 3: every active member delivered it, so the clients may know.
    pub(in crate::replication) fn handle_completed(
        &mut self,
        id: MessageId,
        mut results: BTreeMap<GroupId, Answers>,
    ) -> Vec<Command> {
        let Some((round, _)) = self.rounds.remove(&id) else {
            return Vec::new();
        };
        self.round_ended(&round);
        match round {
            Round::Single { group, waiters } => {
                let answers = results.remove(&group).unwrap_or_default();
                let mut commands = self.answer_single(group, waiters, answers);
                commands.extend(self.pump_group(group));
                commands
            }
            Round::Together { groups, writes } => {
                let mut commands = self.answer_together(&groups, &writes, results);
                commands.extend(self.pump_together());
                commands
            }
        }
    }

    fn answer_single(&mut self, group: GroupId, waiters: Vec<Waiter>, answers: Answers) -> Vec<Command> {
        let mut answers = answers.into_iter();
        let mut commands = Vec::with_capacity(waiters.len());
        for waiter in waiters {
            match (waiter, answers.next()) {
                (Waiter::Reply(caller), Some(EntryAnswer::Written(answer))) => {
                    commands.push(Command::Reply(caller, ReplyBody::Written(answer)));
                }
                (Waiter::Reply(caller), Some(EntryAnswer::Found(reply))) => {
                    commands.push(Command::Reply(caller, *reply));
                }
                (Waiter::ThenRead(caller, query), Some(_)) => {
                    commands.push(self.pass_on_ordered(caller, group, *query));
                }
                // Never in a sound cluster; a client is not left waiting if a member's batch was unreadable.
                (waiter, None) => commands.push(refused(waiter.caller(), no_outcome())),
            }
        }
        commands
    }

    fn answer_together(
        &self,
        groups: &[GroupId],
        writes: &[TogetherUnderWay],
        results: BTreeMap<GroupId, Answers>,
    ) -> Vec<Command> {
        let lost = groups
            .iter()
            .find(|group| !results.contains_key(group) && self.is_gone(**group));
        let mut answers: BTreeMap<GroupId, _> = results
            .into_iter()
            .map(|(group, answers)| (group, answers.into_iter()))
            .collect();
        let mut reply = |write: &TogetherUnderWay| {
            let part = |(group, count): &(GroupId, usize)| {
                let of_group = answers.get_mut(group)?;
                let part: Vec<Answer> = of_group.take(*count).filter_map(written).collect();
                (part.len() == *count).then_some(part)
            };
            let parts: Option<Vec<Vec<Answer>>> = write.counts.iter().map(part).collect();
            match (parts, lost) {
                (Some(parts), _) => Command::Reply(write.caller, ReplyBody::WrittenTogether(parts)),
                (None, Some(group)) => refused(write.caller, self.gone(*group)),
                (None, None) => refused(write.caller, no_outcome()),
            }
        };
        writes.iter().map(&mut reply).collect()
    }

    /// The groups lost their last members while the message was under way.
    pub(in crate::replication) fn handle_abandoned(&mut self, id: MessageId) -> Vec<Command> {
        let Some((round, _)) = self.rounds.remove(&id) else {
            return Vec::new();
        };
        self.round_ended(&round);
        let lost = round.groups().iter().find(|group| self.is_gone(**group));
        let group = lost.or(round.groups().first()).copied().unwrap_or_default();
        refuse_all(&round, &self.gone(group))
    }

    /// Nothing will come of the message here any more.
    pub(in crate::replication) fn give_round_up(&mut self, id: MessageId, refusal: &Refusal) -> Vec<Command> {
        let Some((round, _)) = self.rounds.remove(&id) else {
            return Vec::new();
        };
        self.round_ended(&round);
        refuse_all(&round, refusal)
    }

    fn round_ended(&mut self, round: &Round) {
        match round {
            Round::Single { group, .. } => {
                if let Some(state) = self.groups.get_mut(group) {
                    state.door.round_ended();
                }
            }
            Round::Together { groups, .. } => self.together.round_ended(groups),
        }
    }
}

/// What each group carries out for these writes, and how its answers are to be dealt out again.
fn gather(groups: &[GroupId], batch: Vec<AskedTogether>) -> (Vec<TogetherUnderWay>, Parts) {
    let mut entries: BTreeMap<GroupId, Vec<Entry>> = groups.iter().map(|group| (*group, vec![])).collect();
    let mut under_way = Vec::with_capacity(batch.len());
    for AskedTogether { caller, write, .. } in batch {
        let mut counts = Vec::with_capacity(write.parts.len());
        for (group, writes) in write.into_writes() {
            counts.push((group, writes.len()));
            entries
                .entry(group)
                .or_default()
                .extend(writes.into_iter().map(Entry::Write));
        }
        under_way.push(TogetherUnderWay { caller, counts });
    }
    (under_way, entries.into_iter().collect())
}

fn to_node(command: SenderCommand<Batch, Answers>) -> Option<Command> {
    match command {
        SenderCommand::Send { to, message } => Some(Command::ToNode(to, ToNode::Multicast(message))),
        _ => None,
    }
}

fn written(answer: EntryAnswer) -> Option<Answer> {
    match answer {
        EntryAnswer::Written(answer) => Some(answer),
        EntryAnswer::Found(_) => None,
    }
}

fn refuse_all(round: &Round, refusal: &Refusal) -> Vec<Command> {
    let callers = round.callers().into_iter();
    callers.map(|caller| refused(caller, refusal.clone())).collect()
}

fn no_outcome() -> Refusal {
    let reason = "the data nodes gave no outcome for this request".to_owned();
    Refusal::Unavailable { reason }
}
