//! Messages that one sender numbers itself: proposed and final in one step, so that a member has nothing to offer.
//!
//! Invariant: what an active member delivers of them has no gaps. Skeen's algorithm needs no such care: a message of
//! which a member missed the first phase has no final timestamp yet. Here a broken link can lose one and bring the
//! next.

use super::Member;
use crate::id::Timestamp;

impl<P: Clone, R: Clone> Member<P, R> {
    /// Whether everything that was ordered for this group up to here, in this epoch, has come.
    pub(super) fn knows_up_to(&self, timestamp: Timestamp) -> bool {
        #[cfg(test)]
        if self.defect == super::Defect::TakesGaps {
            return true;
        }
        let waiting = self.queue.last().map(|(timestamp, _)| *timestamp);
        timestamp <= waiting.map_or(self.delivered, |waiting| waiting.max(self.delivered))
    }
}
