//! What clients ask, and whether they may: a request is judged as a whole before anything of it is sent.
//!
//! ```text
//! Write, ReadOrdered --> the group's Door -----+
//! WriteTogether -------> the TogetherDoor -----+--> rounds of the multicast --> one answer to each
//! Read ----------------------------------------> one active member
//! ```

mod reads;
mod rounds;

use std::collections::BTreeSet;

use multicast::{
    id::{GroupId, NodeNames},
    skeen::sequencer::OrderedBy,
};
use structures::{op::Write, query::Query};
use wire::message::{
    admission::{judge_op, judge_query},
    client::{Refusal, RequestBody, WriteTogether, together::judge_together},
    membership::Role,
};

pub(super) use self::{reads::Reading, rounds::Round};
use super::{
    Caller, Command, Replication,
    door::{Asked, together::AskedTogether},
    refused,
    view::Stage,
};
use crate::limits::{MAX_WAITING_TOGETHER, MAX_WAITING_WRITES};

/// What became of a request that was not refused.
enum Taken {
    /// It waits at the door of a group, or at that of several groups.
    Queued(Option<GroupId>),
    /// It goes on at once.
    Passed(Box<Command>),
    /// It waits for the next membership.
    Changing,
}

impl Replication {
    /// Takes everything in before anything goes: what arrived together shares its rounds.
    pub(super) fn handle_clients(&mut self, asked: Vec<(Caller, RequestBody)>) -> Vec<Command> {
        let mut commands = Vec::new();
        let mut doors = BTreeSet::new();
        let mut changes = false;
        for (caller, body) in asked {
            match self.handle_client(caller, body) {
                Ok(Taken::Queued(door)) => drop(doors.insert(door)),
                Ok(Taken::Passed(command)) => commands.push(*command),
                Ok(Taken::Changing) => changes = true,
                Err(refusal) => commands.push(refused(caller, refusal)),
            }
        }
        if changes {
            commands.extend(self.change_view_if_needed());
        }
        for door in doors {
            commands.extend(match door {
                Some(group) => self.pump_group(group),
                None => self.pump_together(),
            });
        }
        commands
    }

    fn handle_client(&mut self, caller: Caller, body: RequestBody) -> Result<Taken, Refusal> {
        match body {
            RequestBody::Write { group, write } => self.handle_write(caller, group, write),
            RequestBody::WriteTogether(write) => self.handle_write_together(caller, write),
            RequestBody::Read { group, query } => {
                let passed = self.handle_read(caller, group, query)?;
                Ok(Taken::Passed(Box::new(passed)))
            }
            RequestBody::ReadOrdered { group, query } => self.handle_read_ordered(caller, group, query),
            RequestBody::Change(change) => self.handle_change(caller, change).map(|()| Taken::Changing),
            _ => Err(Refusal::NotServedHere {
                role: Role::GroupManager,
            }),
        }
    }

    /// Whether requests get their place in the order here: under a sequencer at the owner of the membership alone.
    fn judge_order(&self) -> Result<(), Refusal> {
        match self.cluster.ordering == OrderedBy::Sequencer && self.stage == Stage::Following {
            true => Err(self.ordered_elsewhere()),
            false => Ok(()),
        }
    }

    /// Where a client has to go whose requests cannot be ordered here.
    pub(super) fn ordered_elsewhere(&self) -> Refusal {
        match self.membership.owner {
            Some(owner) if owner != self.ownership.own() => Refusal::NotOwner { owner: owner.node },
            _ => Refusal::Unavailable {
                reason: "another manager is taking over".to_owned(),
            },
        }
    }

    /// Whether the group takes requests now.
    fn judge_group(&self, group: GroupId) -> Result<(), Refusal> {
        let unavailable = |reason: &str| {
            Err(Refusal::Unavailable {
                reason: reason.to_owned(),
            })
        };
        if self.is_closed(group) {
            let was_there = self.membership.groups.contains_key(&group);
            return Err(match was_there {
                true => Refusal::Closed { group },
                false => Refusal::UnknownGroup { group },
            });
        }
        match self.stage {
            Stage::Following if self.present(group).is_empty() => {
                return unavailable("no data node of the group is in touch with this manager");
            }
            Stage::Gathering { .. } | Stage::Claiming { .. } => {
                return unavailable("the manager has just started");
            }
            _ => {}
        }
        if !self.membership.founded.contains(&group) {
            return unavailable("no data node of the group has entered yet");
        }
        match self.is_lost(group) {
            true => Err(self.state_lost(group)),
            false => Ok(()),
        }
    }

    /// Nobody holds what the group held.
    pub(super) fn gone(&self, group: GroupId) -> Refusal {
        match self.is_closed(group) {
            true => Refusal::Closed { group },
            false => self.state_lost(group),
        }
    }

    /// The group's last holders are gone.
    fn state_lost(&self, group: GroupId) -> Refusal {
        let missing = self.holders(group);
        Refusal::StateLost { group, missing }
    }

    fn handle_write(&mut self, caller: Caller, group: GroupId, write: Write) -> Result<Taken, Refusal> {
        self.judge_order()?;
        self.judge_group(group)?;
        self.judge_reach(group)?;
        judge_op(self.cluster.spec, &write.op)?;
        self.queue(group, Asked::write(caller, write, self.cluster.spec))
    }

    fn handle_read_ordered(
        &mut self,
        caller: Caller,
        group: GroupId,
        query: Query,
    ) -> Result<Taken, Refusal> {
        self.judge_order()?;
        self.judge_group(group)?;
        self.judge_reach(group)?;
        judge_query(self.cluster.spec, &query)?;
        self.queue(group, Asked::read(caller, query, self.cluster.spec))
    }

    fn queue(&mut self, group: GroupId, asked: Asked) -> Result<Taken, Refusal> {
        let Some(state) = self.groups.get_mut(&group) else {
            return Err(Refusal::UnknownGroup { group });
        };
        if !state.door.push(asked) {
            let limit = MAX_WAITING_WRITES;
            return Err(Refusal::Overloaded { limit });
        }
        Ok(Taken::Queued(Some(group)))
    }

    fn handle_write_together(&mut self, caller: Caller, write: WriteTogether) -> Result<Taken, Refusal> {
        self.judge_order()?;
        judge_together(self.cluster.spec, &write)?;
        write.groups().try_for_each(|group| self.judge_group(group))?;
        write.groups().try_for_each(|group| self.judge_reach(group))?;
        let asked = AskedTogether::new(caller, write, self.cluster.spec);
        if !self.together.push(asked) {
            let limit = MAX_WAITING_TOGETHER;
            return Err(Refusal::Overloaded { limit });
        }
        Ok(Taken::Queued(None))
    }

    /// This manager cannot order what waits at its doors any more.
    pub(super) fn send_waiting_elsewhere(&mut self) -> Vec<Command> {
        let refusal = self.ordered_elsewhere();
        let together = self.together.give_up(|_| true).into_iter();
        let mut waiting: Vec<Caller> = together.map(|(caller, _)| caller).collect();
        waiting.extend(self.groups.values_mut().flat_map(|state| state.door.give_up()));
        let refuse = |caller| refused(caller, refusal.clone());
        waiting.into_iter().map(refuse).collect()
    }

    /// Requests that wait for a group that is lost are refused. Said of a view in force and not sooner: whoever only
    /// believed to own the membership knows nothing of who is here.
    pub(super) fn close_lost_doors(&mut self) -> Vec<Command> {
        self.tell_of_lost_groups();
        let groups = self.groups.keys().copied();
        let lost: Vec<GroupId> = groups.filter(|group| self.is_gone(*group)).collect();
        let mut waiting = self.together.give_up(|group| lost.contains(&group));
        for group in lost {
            let callers = self.groups.get_mut(&group).map(|state| state.door.give_up());
            waiting.extend(callers.into_iter().flatten().map(|caller| (caller, group)));
        }
        let refuse = |(caller, group)| refused(caller, self.gone(group));
        waiting.into_iter().map(refuse).collect()
    }

    fn tell_of_lost_groups(&mut self) {
        for group in self.groups.keys().copied().collect::<Vec<_>>() {
            let (is_lost, holders) = (self.is_lost(group), self.holders(group));
            let Some(state) = self.groups.get_mut(&group) else {
                continue;
            };
            let was_closed = std::mem::replace(&mut state.is_closed, is_lost);
            match (was_closed, is_lost) {
                (false, true) => {
                    let missing = NodeNames(&holders);
                    tracing::error!(%group, %missing, "nobody who holds its state is here; the group is closed");
                }
                (true, false) => tracing::info!(%group, "the group is open again"),
                _ => {}
            }
        }
    }
}
