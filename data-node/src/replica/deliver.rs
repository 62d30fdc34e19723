//! Applying what the member delivers, in order: at once, or from the backlog of a node that has just got its state.

use multicast::{
    id::{GroupId, Timestamp},
    skeen::member::MemberCommand,
};
use structures::Structure;
use wire::message::{
    client::query_reply,
    replication::{Answers, Batch, Entry, EntryAnswer, Parts},
};

use super::{Command, Held, Replica, joining::bytes_of, outflow::Outflow, tell};

/// Batches that one turn of catching up applies, so that votes are not kept waiting.
const BATCHES_PER_TURN: usize = 8;

impl Held {
    /// Carries the member's commands out. Behind a backlog, deliveries wait; their senders do not.
    pub(super) fn carry_out(
        &mut self,
        group: GroupId,
        commands: Vec<MemberCommand<Batch, Answers>>,
    ) -> Vec<Command> {
        let mut out = Vec::with_capacity(commands.len());
        for command in commands {
            match command {
                MemberCommand::Deliver {
                    timestamp, payload, ..
                } if self.backlog.is_empty() => out.extend(self.apply(group, timestamp, &payload)),
                MemberCommand::Deliver {
                    timestamp, payload, ..
                } => {
                    self.backlog.push_back((timestamp, payload));
                    out.extend(self.member.put_off(timestamp).and_then(tell));
                }
                said => out.extend(tell(said)),
            }
        }
        out
    }

    /// Deliveries become the backlog; the rest is carried out. That they are held was said when they became final.
    pub(super) fn put_off(&mut self, commands: Vec<MemberCommand<Batch, Answers>>) -> Vec<Command> {
        let mut out = Vec::new();
        for command in commands {
            match command {
                MemberCommand::Deliver {
                    timestamp, payload, ..
                } => {
                    self.backlog.push_back((timestamp, payload));
                    self.member.put_off(timestamp);
                }
                said => out.extend(tell(said)),
            }
        }
        out
    }

    /// Applies the group's part of a batch, and reports it.
    fn apply(&mut self, group: GroupId, timestamp: Timestamp, payload: &Batch) -> Vec<Command> {
        let Some(structure) = self.structure.as_mut() else {
            return Vec::new(); // a member without a state delivers nothing
        };
        let answers = apply(structure, group, payload, self.outflow.as_mut());
        let said = self.member.delivered_with(timestamp, answers);
        said.into_iter().filter_map(tell).collect()
    }
}

impl Replica {
    /// Whether there is a backlog, or its end to be told: [`Replica::catch_up`] is to be called.
    pub fn is_catching_up(&self) -> bool {
        let held = self.held.as_ref();
        held.is_some_and(|held| !held.backlog.is_empty() || held.caught_up.is_some())
    }

    /// Applies some of what was held while the state was on its way.
    pub fn catch_up(&mut self) -> Vec<Command> {
        let (Some(held), Some(group)) = (self.held.as_mut(), self.group) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for _ in 0..BATCHES_PER_TURN {
            let Some((timestamp, payload)) = held.backlog.pop_front() else {
                break;
            };
            self.held_bytes = self.held_bytes.saturating_sub(bytes_of(&payload));
            out.extend(held.apply(group, timestamp, &payload));
        }
        if held.backlog.is_empty() {
            out.extend(held.caught_up.take().map(Command::ToEveryManager));
        }
        out
    }
}

/// Every replica gives the same answers, also for what is no batch at all.
fn apply(
    structure: &mut Structure,
    group: GroupId,
    payload: &Batch,
    outflow: Option<&mut Outflow>,
) -> Answers {
    match wire::codec::decode::<Parts>(payload) {
        Ok(parts) => {
            let entries = parts.into_iter().filter(|(of, _)| *of == group);
            let entries = entries.flat_map(|(_, entries)| entries);
            let mut outflow = outflow;
            entries
                .map(|entry| answer(structure, &entry, outflow.as_deref_mut()))
                .collect()
        }
        Err(error) => {
            tracing::error!(%error, "a delivered batch is unreadable; it has no effect at any replica");
            Answers::new()
        }
    }
}

fn answer(structure: &mut Structure, entry: &Entry, outflow: Option<&mut Outflow>) -> EntryAnswer {
    match entry {
        Entry::Write(write) => {
            let (answer, delta) = structure.apply(write);
            if let Some(outflow) = outflow {
                outflow.note(&delta);
            }
            EntryAnswer::Written(answer)
        }
        Entry::Read(query) => EntryAnswer::Found(Box::new(query_reply(structure, query))),
    }
}
