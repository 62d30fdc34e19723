//! Deliberate faults of a primary, for a simulation that must catch each of them.

/// What is wrong with it; only tests plant it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A write is answered when the first server has applied it.
    AcknowledgeAtTheFirst,
}

#[cfg(feature = "defects")]
impl crate::primary::Primary {
    /// The same primary with this fault.
    #[must_use]
    pub fn with_defect(mut self, defect: Defect) -> Self {
        self.planted = multicast::planted::Planted::new(defect);
        self
    }
}
