//! A primary that leaves its cluster on purpose: it serves nobody any more, and takes its part out of the sums. And one
//! whose memory counts no more, because it was discarded: it drops it.
//!
//! ```text
//! Leave -> deltas that zero and cut the regions, as room comes --all stable--> Cleared
//! ```
//!
//! Source: DESIGN, "Adding and removing". Invariant: `Cleared` is said when every server that is waited for has nothing of
//! this primary, and this life sends no operation after it.

use multicast::id::Epoch;
use wire::message::fusion::GroupLife;

use super::{Command, Primary, State};

impl Primary {
    /// Begins to leave, if that is this life's to do. Repeating the order repeats the answer.
    pub(super) fn handle_leave(&mut self, since: Epoch) -> Vec<Command> {
        let State::Living(life) = &mut self.state else {
            tracing::error!(%since, "an order to leave, to a primary that holds nothing, is refused");
            return Vec::new();
        };
        if life.since != since {
            return Vec::new();
        }
        tracing::info!(%since, elements = life.structure().len(), "leaving");
        let group = self.door.group.unwrap_or_default();
        let commands = life.leave(group);
        self.settle(commands)
    }

    /// Obeys an order that is about this life of the group, unless that is over: whoever gives such an order is behind.
    pub(super) fn within(
        &mut self,
        life: GroupLife,
        obey: impl FnOnce(&mut Self) -> Vec<Command>,
    ) -> Vec<Command> {
        let mut commands = match self.holds {
            Some(held) if life.began < held.began => {
                tracing::warn!(began = %life.began, "an order about a life that is over changes nothing");
                return Vec::new();
            }
            Some(held) if life.began == held.began => Vec::new(),
            _ => self.take_up(life),
        };
        commands.extend(obey(self));
        commands
    }

    /// What this process is to hold. What it holds of an earlier life of the group was discarded: it holds nothing.
    fn take_up(&mut self, life: GroupLife) -> Vec<Command> {
        self.door.group = Some(life.group);
        if self.holds.replace(life).is_none() {
            return Vec::new();
        }
        self.is_replacement = false;
        let mut commands = vec![Command::DropResiduals];
        if let State::Living(life) = &mut self.state {
            commands.extend(life.fence("what the primary held was discarded"));
            commands.extend(self.leave_servers());
        }
        self.ports.clear();
        self.state = State::Waiting { refused: None };
        commands
    }
}
