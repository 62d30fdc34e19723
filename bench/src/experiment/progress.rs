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
        let bar = ProgressBar::new(plan.steps());
        let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} steps  {msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar }
    }

    pub(super) fn loading(&self, trial: &Trial, group: GroupId, taken: u64) {
        self.say(trial, &format!("{group} from {taken}"));
    }

    pub(super) fn crashing(&self, trial: &Trial, seats: &[Seat], taken: u64) {
        let name = |Seat { role, section, .. }: &Seat| format!("{role} {section}");
        let names: Vec<String> = seats.iter().map(name).collect();
        self.say(trial, &format!("crashing {} at {taken}", names.join(", ")));
    }

    fn say(&self, trial: &Trial, what: &str) {
        let Trial {
            mechanism, groups, ..
        } = trial;
        self.bar
            .set_message(format!("{mechanism}, {groups} groups: {what}"));
    }

    pub(super) fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }

    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
