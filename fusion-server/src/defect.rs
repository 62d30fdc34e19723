//! Deliberate faults of a fused server, for a simulation that must catch each of them.

use multicast::planted::Planted;
use structures::delta::Range;

/// What is wrong with it; only tests plant it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A later change goes to a block of a residual although its primary was taken out there.
    NoBlockMark,
    /// Of an operation's coded ranges only the first is applied.
    TornOperation,
    /// Of an operation's coded ranges only the first is undone.
    TornUndo,
}

/// An operation's ranges, or the first of them if it is torn.
pub(crate) fn torn(planted: Planted<Defect>, defect: Defect, ranges: &[Range]) -> &[Range] {
    match planted.is(defect) {
        true => &ranges[..ranges.len().min(1)],
        false => ranges,
    }
}

#[cfg(feature = "defects")]
impl crate::backup::FusedBackup {
    /// The same server with this fault.
    #[must_use]
    pub fn with_defect(mut self, defect: Defect) -> Self {
        self.coded.planted = Planted::new(defect);
        self
    }
}
