//! A primary that leaves its cluster on purpose: it serves nobody any more, and takes its part out of the sums.
//!
//! ```text
//! Leave -> deltas that zero and cut the regions, as room comes --all stable--> Cleared
//! ```
//!
//! Source: DESIGN, "Adding and removing". Invariant: `Cleared` is said when every server that is waited for has nothing of
//! this primary, and this life sends no operation after it.

use multicast::id::Epoch;

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
}
