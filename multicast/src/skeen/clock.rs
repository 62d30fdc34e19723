//! The Lamport clock (Lamport, "Time, Clocks, and the Ordering of Events", CACM 21(7), 1978).

use crate::id::{NodeId, Timestamp};

/// A counter that only rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
        self.counter += 1;
        Timestamp {
            counter: self.counter,
            node,
        }
    }

    /// Takes notice of a counter of somebody else.
    pub fn raise_to(&mut self, counter: u64) {
        self.counter = self.counter.max(counter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
