//! A set of steps, small where they were taken nearly in the order of their calls, that shares what it has in common
//! with the one that it was made from.

use std::hash::{Hash, Hasher};

use imbl::OrdSet;

use crate::history::object::Step;

#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// All certain steps before this number are in the set.
    all_before: usize,
    /// The other certain ones, and the uncertain ones.
    others: OrdSet<usize>,
    /// The sum of a number drawn for each member.
    sum: u64,
}

impl Taken {
    pub(super) fn none() -> Self {
        Self {
            all_before: 0,
            others: OrdSet::new(),
            sum: 0,
        }
    }

    /// The set with one step more.
    pub(super) fn with(&self, number: usize, steps: &[Step]) -> Self {
        let mut set = self.clone();
        set.sum = set.sum.wrapping_add(mixed(number as u64));
        set.others.insert(number);
        while let Some(step) = steps.get(set.all_before) {
            if step.is_certain() && set.others.remove(&set.all_before).is_none() {
                break;
            }
            set.all_before += 1;
        }
        set
    }
}

impl PartialEq for Taken {
    fn eq(&self, other: &Self) -> bool {
        self.sum == other.sum && self.all_before == other.all_before && self.others == other.others
    }
}

impl Eq for Taken {}

impl Hash for Taken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sum.hash(state);
    }
}

/// The finisher of SplitMix64: neighbours differ in every bit.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
