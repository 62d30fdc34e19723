//! The end of a life on purpose: no client is served any more, and the structure goes, piece by piece, from the servers too.
//!
//! Invariant: `Cleared` is said when everything is taken off, and that is stable; nothing is sent after it.

use multicast::id::GroupId;
use wire::message::{
    client::{Refusal, ReplyBody},
    fusion::FromPrimary,
};

use super::Life;
use crate::primary::Command;

/// How far a life that leaves is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// There may be bytes of it left, or servers that have not said that they took the last ones off.
    Clearing,
    /// There are none, and the manager was told.
    Cleared,
}

impl Life {
    /// Whether it serves nobody any more, because it is to leave.
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    /// The same as a life that serves nobody from its first moment: it holds what may be the rest of a structure.
    pub fn begun_leaving(self) -> Self {
        Self {
            leaving: Some(Leaving::Clearing),
            ..self
        }
    }

    /// Ends the service for good: what waits is refused; whoever's write is under way is still answered.
    pub fn leave(&mut self, group: GroupId) -> Vec<Command> {
        self.leaving = Some(Leaving::Clearing);
        let closed = |(caller, _)| Command::Reply {
            caller,
            body: ReplyBody::Refused(Refusal::Closed { group }),
        };
        self.waiting.drain(..).map(closed).collect()
    }

    /// Takes off what there is room and budget for; says so, once nothing of the structure is left anywhere.
    pub fn clear(&mut self, budget: u64) -> Vec<Command> {
        let mut commands = Vec::new();
        if self.leaving != Some(Leaving::Clearing) {
            return commands;
        }
        while self.may_commit(budget)
            && let Some(delta) = self.structure.take_off()
        {
            let outputs = self.multicast(delta);
            commands.extend(self.carry_out(outputs));
        }
        if self.structure.arena().is_empty() && self.sender.stable() == self.sender.last() {
            let since = self.since;
            self.leaving = Some(Leaving::Cleared);
            commands.push(Command::ToManager(FromPrimary::Cleared { since }));
        }
        commands
    }
}
