//! What a writer noticed, phase by phase: before a backup was lost, until it was removed, while it came back.
//!
//! An update counts in every phase in which it was under way; before the loss only if it was answered before, since what
//! the loss stalled is nothing that is usual. Pure: times are microseconds since 1970, the clock of the manager's reports.

use std::{ops::Range, time::Duration};

use hdrhistogram::Histogram;

use crate::experiment::empty_histogram;

/// What the writer noticed in one phase.
#[derive(Debug)]
pub struct Phase {
    /// Which one.
    pub name: &'static str,
    /// How long it was.
    pub length: Duration,
    /// Times of the updates that were under way in it, from their intended starts, nanoseconds.
    pub update_ns: Histogram<u64>,
    /// The longest time without an answer.
    pub longest_gap: Duration,
}

/// What happened when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub(super) began: u64,
    pub(super) lost: u64,
    pub(super) removed: u64,
    pub(super) entered: u64,
    pub(super) active: u64,
}

impl Moments {
    /// The three phases of these updates, which are in the order of their answers.
    pub(super) fn phases(self, updates: &[Update]) -> Vec<Phase> {
        let usual = updates.partition_point(|update| update.answered_us < self.lost);
        vec![
            Phase::of("before", self.began..self.lost, &updates[..usual]),
            Phase::of("loss", self.lost..self.removed.max(self.lost), updates),
            Phase::of("rejoin", self.entered..self.active, updates),
        ]
    }
}

/// When an update was to start and was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Update {
    pub(super) intended_us: u64,
    pub(super) answered_us: u64,
}

impl Update {
    fn was_under_way(&self, during: &Range<u64>) -> bool {
        self.intended_us < during.end && self.answered_us >= during.start
    }
}

impl Phase {
    fn of(name: &'static str, during: Range<u64>, updates: &[Update]) -> Self {
        let mut update_ns = empty_histogram();
        for update in updates.iter().filter(|update| update.was_under_way(&during)) {
            update_ns.saturating_record(update.answered_us.saturating_sub(update.intended_us) * 1000);
        }
        Self {
            name,
            length: Duration::from_micros(during.end.saturating_sub(during.start)),
            update_ns,
            longest_gap: longest_gap(during, updates),
        }
    }
}

/// The longest time between two answers that overlaps the phase.
fn longest_gap(during: Range<u64>, updates: &[Update]) -> Duration {
    let overlapping = updates.windows(2).filter(|pair| {
        let [before, after] = [pair[0].answered_us, pair[1].answered_us];
        before < during.end && after > during.start
    });
    let gaps = overlapping.map(|pair| pair[1].answered_us.saturating_sub(pair[0].answered_us));
    Duration::from_micros(gaps.max().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(intended_us: u64, answered_us: u64) -> Update {
        Update {
            intended_us,
            answered_us,
        }
    }

    #[test]
    fn an_update_belongs_to_every_phase_in_which_it_was_under_way() {
        let of = |during, updates: &[Update]| Phase::of("loss", during, updates).update_ns.len();
        let stalled = [update(9, 90)];
        assert_eq!(
            [of(0..10, &stalled), of(10..20, &stalled), of(20..90, &stalled)],
            [1; 3]
        );
        assert_eq!(of(0..9, &stalled), 0, "it starts when that is over");
        assert_eq!(of(90..95, &stalled), 1, "it is answered when that begins");
        assert_eq!(of(91..95, &stalled), 0);
        let updates = [update(5, 9), update(10, 40), update(19, 90), update(20, 91)];
        let phase = Phase::of("rejoin", 10..20, &updates);
        assert_eq!(phase.update_ns.len(), 2);
        let within = |ns: u64, us: u64| ns.abs_diff(us * 1000) <= us;
        assert!(
            within(phase.update_ns.min(), 30) && within(phase.update_ns.max(), 71),
            "{phase:?}"
        );
        assert_eq!(phase.length, Duration::from_micros(10));
    }

    #[test]
    fn what_the_loss_stalled_is_not_counted_before_it() {
        let updates = [
            update(1, 3),
            update(2, 9),
            update(4, 12),
            update(11, 30),
            update(40, 45),
        ];
        let moments = Moments {
            began: 0,
            lost: 10,
            removed: 20,
            entered: 30,
            active: 40,
        };
        let phases = moments.phases(&updates);
        let counted = |phase: &Phase| (phase.name, phase.update_ns.len(), phase.longest_gap.as_micros());
        assert_eq!(
            phases.iter().map(counted).collect::<Vec<_>>(),
            [("before", 2, 6), ("loss", 2, 18), ("rejoin", 1, 15)]
        );
    }

    #[test]
    fn a_gap_counts_for_every_phase_that_it_touches() {
        let updates = [update(0, 5), update(0, 30), update(0, 31), update(0, 33)];
        let gap = |during| longest_gap(during, &updates).as_micros();
        assert_eq!(gap(10..20), 25, "it lies within the gap");
        assert_eq!(gap(0..6), 25);
        assert_eq!(gap(30..40), 2);
        assert_eq!(gap(40..50), 0, "no answer any more");
    }
}
