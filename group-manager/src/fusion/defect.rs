//! Deliberate faults of the manager's core, for a simulation that must catch each of them.

/// What is wrong with it; only tests plant it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A lost primary is cut at the largest applied operation instead of the smallest.
    CutAtTheLargest,
    /// A rebuilt server counts as active when the first primary has caught it up.
    RebuiltByOne,
}

#[cfg(feature = "defects")]
impl super::FusionCoordinator {
    /// The same core with this fault.
    #[must_use]
    pub fn with_defect(mut self, defect: Defect) -> Self {
        self.planted = multicast::planted::Planted::new(defect);
        self
    }
}
