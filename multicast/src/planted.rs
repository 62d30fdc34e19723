//! A deliberate fault of a protocol core, planted by tests that must catch it.
//!
//! Without the feature `defects`, which nothing but tests turns on, there is nothing to plant: a [`Planted`] takes no
//! memory, and what asks for a fault is compiled to nothing.

#[cfg(not(feature = "defects"))]
use std::marker::PhantomData;

/// Which of a core's defects it has, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planted<Defect> {
    #[cfg(feature = "defects")]
    defect: Option<Defect>,
    #[cfg(not(feature = "defects"))]
    defect: PhantomData<Defect>,
}

impl<Defect> Default for Planted<Defect> {
    /// A sound core.
    fn default() -> Self {
        Self {
            defect: Default::default(),
        }
    }
}

impl<Defect: PartialEq> Planted<Defect> {
    /// A core with this defect.
    #[cfg(feature = "defects")]
    pub fn new(defect: Defect) -> Self {
        Self { defect: Some(defect) }
    }

    /// Whether it is this defect that the core has.
    #[cfg(feature = "defects")]
    pub fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// Whether it is this defect that the core has: never.
    #[cfg(not(feature = "defects"))]
    pub fn is(&self, _: Defect) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_is_sound_unless_a_defect_is_planted() {
        assert!(!Planted::default().is(1));
        #[cfg(feature = "defects")]
        assert_eq!((Planted::new(1).is(1), Planted::new(1).is(2)), (true, false));
        #[cfg(not(feature = "defects"))]
        assert_eq!(size_of::<Planted<u64>>(), 0);
    }
}
