//! Faults that are planted into the managers' surroundings, each of which a claim must catch.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A manager goes on with a membership that the store did not take.
    IgnoresConflicts,
    /// Sealed members report nothing that they hold: a takeover without a flush.
    NoFlush,
    /// A manager that loses the ownership answers what it has under way as if it were complete.
    AnswersWhatItLost,
}
