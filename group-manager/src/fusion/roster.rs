//! Fused servers and primaries that an operator adds to the running cluster, and removes from it.
//!
//! ```text
//! Change(Add)    -> the next membership has it as absent  --Stored--> Changed; it enters, is rebuilt or founds its group
//! Change(Remove) -> the next membership is without it     --Stored--> Changed, View without it, Unlink
//!  of a primary that serves: the next membership says that it is to leave --Stored--> Changed, Leave
//!                                              -> Cleared -> the next membership is without it
//!  with the word to discard: what nobody else has is gone, and the fused servers are rebuilt from whom there is
//! ```
//!
//! `add` and `remove` judge; this file answers. Invariants: a member keeps its row or column for as long as it belongs to
//! the cluster, and no two have one; f is the number of servers; nothing that a crash of f processes would leave goes,
//! unless it is discarded in so many words; a column is given up when it is zero in every sum that counts.

mod add;
mod remove;

use wire::message::{membership::Member, roster::Change};

use super::*;
use crate::coordinator::Caller;

impl FusionCoordinator {
    /// Takes a change in; the next membership judges it.
    pub(super) fn handle_change(&mut self, caller: Caller, change: Change) -> Vec<Command> {
        let taken = self.roster.ask(caller, change).err();
        let refuse = |refusal| Command::Reply(caller, ReplyBody::Refused(refusal));
        taken.into_iter().map(refuse).collect()
    }

    /// The next membership with the changes that may be made; refusals of the others.
    pub(super) fn apply_changes(&mut self, next: &mut Option<Membership>) -> Vec<Command> {
        let mut refusals = vec![];
        if !self.roster.is_asked() {
            return refusals;
        }
        let mut changed = next.clone().unwrap_or_else(|| Membership {
            epoch: self.membership.epoch.next(),
            ..self.membership.clone()
        });
        for (caller, change) in self.roster.take_asked() {
            let applied = match change {
                Change::Add(new) => add::add(&mut changed, &new).map_err(Refusal::from),
                Change::Remove {
                    node,
                    discard,
                    tolerating,
                } => {
                    let consent = remove::Consent { discard, tolerating };
                    self.remove(&mut changed, node, consent)
                }
            };
            match applied {
                Ok(()) => self.roster.accept(caller),
                Err(refused) => refusals.push(Command::Reply(caller, ReplyBody::Refused(refused))),
            }
        }
        if self.roster.is_storing() {
            *next = Some(changed);
        }
        refusals
    }

    /// Whoever belongs to the cluster no more hears so when it calls again, and so does a life whose data was discarded.
    pub(super) fn let_go_of_those_that_left(&mut self, before: &Membership) -> Vec<Command> {
        let left = before
            .members
            .iter()
            .filter(|(node, member)| !self.goes_on(**node, member, before));
        let left: Vec<NodeId> = left.map(|(node, _)| *node).collect();
        let mut commands = vec![];
        for node in &left {
            tracing::info!(%node, "it has left the cluster");
            self.lives.forget(*node);
            self.servers.remove(node);
            self.forget_primary(*node);
            self.recoveries.circumstances_changed();
            commands.push(Command::Unlink(*node));
        }
        commands
    }

    /// Whether the member of before is the same one now.
    fn goes_on(&self, node: NodeId, member: &Member, before: &Membership) -> bool {
        let Some(after) = self.membership.members.get(&node) else {
            return false;
        };
        let place = |member: &Member| (member.role, member.group, member.column);
        if place(member) != place(after) {
            return false; // removed, and its id given to another one
        }
        match member.role {
            // Removed and added again within one membership, its life counts no more.
            Role::FusionServer => member.incarnation == Incarnation(0) || after.incarnation != Incarnation(0),
            _ => self.membership.discarded.get(&node) == before.discarded.get(&node),
        }
    }

    fn forget_primary(&mut self, node: NodeId) {
        self.primaries.remove(&node);
        for lives in [&mut self.holders, &mut self.hollow, &mut self.summoned] {
            lives.remove(&node);
        }
        self.installed_at.remove(&node);
    }

    /// This manager owns the cluster no more: another one is to be asked.
    pub(super) fn give_up_changes(&mut self) -> Vec<Command> {
        self.roster.give_up()
    }
}
