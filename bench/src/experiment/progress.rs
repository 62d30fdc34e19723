//! Progress bars on standard error, where it is a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use multicast::id::GroupId;

use super::{ExperimentPlan, Trial};
use crate::cluster::Seat;

/// The bar of a whole experiment; it hides itself where nobody would see it.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn start(plan: &ExperimentPlan) -> Self {
        let bar = ProgressBar::new(plan.inserts());
        let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} inserts  {msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar }
    }

    pub(super) fn inserting(&self, trial: &Trial, group: GroupId, per_group: u64) {
        let Trial {
            mechanism, groups, ..
        } = trial;
        self.bar
            .set_message(format!("{mechanism}, {groups} groups: {group} from {per_group}"));
    }

    pub(super) fn crashing(&self, trial: &Trial, seat: Seat, per_group: u64) {
        let Trial {
            mechanism, groups, ..
        } = trial;
        let Seat { role, section, .. } = seat;
        self.bar.set_message(format!(
            "{mechanism}, {groups} groups: crashing {role} {section} at {per_group}"
        ));
    }

    pub(super) fn advance(&self, inserts: u64) {
        self.bar.inc(inserts);
    }

    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
