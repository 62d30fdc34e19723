//! Who is drawn: each mechanism (and number of faults) that a run's rows name.

use std::collections::BTreeSet;

use super::figure::Look;
use super::palette::mechanism_look;
use crate::results::{Configuration, Run};

/// One mechanism at one number of faults, over all groups.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Contender {
    pub(super) mechanism: String,
    pub(super) faults: u32,
    /// The mechanism, with f where the run has several.
    pub(super) label: String,
    pub(super) look: Look,
}

impl Contender {
    /// Whether a run's row is of this one.
    pub(super) fn ran(&self, configuration: &Configuration) -> bool {
        self.mechanism == configuration.mechanism && self.faults == configuration.faults
    }
}

/// All of a run, sorted by name and faults.
pub(super) fn contenders(run: &Run) -> Vec<Contender> {
    let found: BTreeSet<_> = configurations(run)
        .into_iter()
        .map(|found| (found.mechanism, found.faults))
        .collect();
    let several_faults = found
        .iter()
        .map(|(_, faults)| faults)
        .collect::<BTreeSet<_>>()
        .len()
        > 1;
    let mechanisms: BTreeSet<_> = found.iter().map(|(mechanism, _)| mechanism.clone()).collect();
    let mechanisms: Vec<_> = mechanisms.into_iter().collect();
    let contender = |(mechanism, faults): (String, u32)| Contender {
        label: if several_faults {
            format!("{mechanism}, f = {faults}")
        } else {
            mechanism.clone()
        },
        look: mechanism_look(&mechanism, &mechanisms),
        mechanism,
        faults,
    };
    found.into_iter().map(contender).collect()
}

/// All configurations that any row of the run names.
pub(super) fn configurations(run: &Run) -> BTreeSet<Configuration> {
    let updates = run.updates.iter().map(|row| &row.configuration);
    let sizes = run.sizes.iter().map(|row| &row.configuration);
    let recoveries = run.recoveries.iter().map(|row| &row.configuration);
    updates.chain(sizes).chain(recoveries).cloned().collect()
}

/// `1 group`, `2 groups`.
pub(super) fn groups_text(groups: u32) -> String {
    if groups == 1 {
        "1 group".to_owned()
    } else {
        format!("{groups} groups")
    }
}
