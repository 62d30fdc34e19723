//! The Lamport clock (Lamport, "Time, Clocks, and the Ordering of Events", CACM 21(7), 1978).
//!
//! Invariant: a counter that somebody else names moves the clock to [`MAX_COUNTER`] at most, so that it never
//! comes to an end and never begins anew.

use crate::id::{NodeId, Timestamp};

/// Largest counter that anybody is believed. No run gets there by ticks; a message that names a larger one
/// is refused as a whole by members and senders, since an order behind it could not be continued.
pub const MAX_COUNTER: u64 = 1 << 62;

/// A counter that only rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LamportClock {
    counter: u64,
}

impl LamportClock {
    /// A clock that goes on from this counter.
    pub fn at(counter: u64) -> Self {
        Self { counter }
    }

    /// The last counter given out or heard of.
    pub fn counter(self) -> u64 {
        self.counter
    }

    /// The next timestamp of this node: larger than all it gave out or heard of.
    pub fn tick(&mut self, node: NodeId) -> Timestamp {
        self.counter = self.counter.saturating_add(1);
        Timestamp {
            counter: self.counter,
            node,
        }
    }

    /// Takes notice of a counter of somebody else; one above [`MAX_COUNTER`] is ignored.
    pub fn raise_to(&mut self, counter: u64) {
        if counter <= MAX_COUNTER {
            self.counter = self.counter.max(counter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_believed_up_to_the_largest_and_ignored_above_it() {
        let mut clock = LamportClock::at(5);
        for counter in [MAX_COUNTER + 1, u64::MAX] {
            clock.raise_to(counter);
            assert_eq!(clock, LamportClock::at(5));
        }
        clock.raise_to(MAX_COUNTER);
        assert_eq!(clock.tick(NodeId(3)).counter, MAX_COUNTER + 1);
    }

    #[test]
    fn a_clock_at_its_end_stays_there_and_does_not_begin_anew() {
        let mut clock = LamportClock::at(u64::MAX);
        assert_eq!(clock.tick(NodeId(3)).counter, u64::MAX);
    }

    #[test]
    fn a_tick_is_above_everything_given_out_and_heard() {
        let mut clock = LamportClock::default();
        assert_eq!(
            clock.tick(NodeId(3)),
            Timestamp {
                counter: 1,
                node: NodeId(3)
            }
        );
        clock.raise_to(10);
        clock.raise_to(4);
        assert_eq!(
            clock.tick(NodeId(3)),
            Timestamp {
                counter: 11,
                node: NodeId(3)
            }
        );
    }
}
