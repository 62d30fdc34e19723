//! The receiving end of a FIFO multicast: which number is next.
//!
//! Invariant: `applied` moves by one step up, after the owner has applied that message; or back, by an undo.

use crate::id::Seq;

/// What to do with a message that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// It is the next one: apply it, call [`FifoReceiver::applied_next`], acknowledge.
    Next,
    /// It was applied before: acknowledge again.
    Repeated {
        /// The last applied message.
        applied: Seq,
    },
    /// One before it is missing: refuse it.
    Gap {
        /// The next number that will be accepted.
        expected: Seq,
    },
}

/// Where one receiver stands with one sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FifoReceiver {
    applied: Seq,
}

impl FifoReceiver {
    /// A receiver that has everything up to `applied`.
    pub fn new(applied: Seq) -> Self {
        Self { applied }
    }

    /// The last message applied.
    pub fn applied(&self) -> Seq {
        self.applied
    }

    /// Judges a message by its number; changes nothing.
    pub fn judge(&self, seq: Seq) -> Reception {
        if seq <= self.applied {
            Reception::Repeated {
                applied: self.applied,
            }
        } else if seq == self.applied.next() {
            Reception::Next
        } else {
            Reception::Gap {
                expected: self.applied.next(),
            }
        }
    }

    /// Notes that the next message was applied; returns its number.
    pub fn applied_next(&mut self) -> Seq {
        self.applied = self.applied.next();
        self.applied
    }

    /// Notes that the last message applied was undone.
    ///
    /// # Panics
    /// If none was applied.
    pub fn undone_last(&mut self) {
        assert!(self.applied > Seq(0), "only what was applied is undone");
        self.applied = Seq(self.applied.0 - 1);
    }
}
