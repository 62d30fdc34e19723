//! What a group's writers notice while a backup of it is lost and comes back.
//!
//! One client keeps requests under way all the time. Each is counted in the phase in which it was sent: before, from
//! the loss until the removal, from the manager's admission of the next life until that is active. The longest time
//! between two answers of a phase is for how long nobody's write was answered.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hdrhistogram::Histogram;
use structures::op::Op;
use wire::client::Ticket;

use super::{
    error::LoadError,
    lost_copy::{CopyPlan, FilledCluster, at_door, element, pipeline},
};
use crate::{cluster::RunningCluster, experiment::empty_histogram};

/// How long is written before the loss, and after each change.
const AROUND: Duration = Duration::from_secs(1);

/// What happens to which cluster.
#[derive(Clone, Copy, Debug)]
pub struct RejoinPlan {
    /// The cluster.
    pub copy: CopyPlan,
    /// Requests under way.
    pub pipeline: usize,
    /// The backup is stopped, as by a machine that hangs, instead of killed.
    pub stopped: bool,
}

/// What the writer noticed in one phase.
#[derive(Debug)]
pub struct Phase {
    /// Which one.
    pub name: &'static str,
    /// How long it was.
    pub length: Duration,
    /// Times of the updates that were sent in it, nanoseconds.
    pub update_ns: Histogram<u64>,
    /// The longest time without an answer.
    pub longest_gap: Duration,
}

/// Loses a backup under writes, brings it back under writes, and tells what they noticed: three phases.
///
/// # Errors
/// If the cluster does not do what it should, or a write fails.
pub async fn rejoin(plan: RejoinPlan) -> Result<Vec<Phase>, LoadError> {
    let mut cluster = FilledCluster::launch(plan.copy).await?;
    let is_over = AtomicBool::new(false);
    let mut writer = Writer::open(cluster.running(), plan).await?;
    let events = async {
        let began = now_us();
        tokio::time::sleep(AROUND).await;
        let lost = now_us();
        cluster.lose(plan.stopped).await?;
        tokio::time::sleep(AROUND).await;
        cluster.bring_back().await?;
        tokio::time::sleep(AROUND).await;
        is_over.store(true, Relaxed);
        let report = cluster.report().await?;
        let [removed, entered, active] =
            [report.removed_at_us, report.entered_at_us, report.active_at_us].map(Option::unwrap_or_default);
        Ok([
            ("before", began, lost),
            ("loss", lost, removed.max(lost)),
            ("rejoin", entered, active),
        ])
    };
    let (updates, phases) = tokio::try_join!(writer.write_until(&is_over), events)?;
    cluster.stop().await;
    Ok(phases
        .map(|(name, from, to)| Phase::of(name, from..to, &updates))
        .into())
}

/// When an update was sent and answered, microseconds since 1970: the clock of the manager's reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Update {
    sent_us: u64,
    answered_us: u64,
}

struct Writer {
    pipeline: wire::client::Pipeline,
    element_bytes: usize,
}

impl Writer {
    async fn open(running: &RunningCluster, plan: RejoinPlan) -> Result<Self, LoadError> {
        Ok(Self {
            pipeline: pipeline(running, plan.pipeline).await?,
            element_bytes: plan.copy.element_bytes,
        })
    }

    /// Writes, and gives the updates in the order of their answers.
    async fn write_until(&mut self, is_over: &AtomicBool) -> Result<Vec<Update>, LoadError> {
        let mut updates = Vec::new();
        let mut sent: HashMap<Ticket, u64> = HashMap::new();
        let mut numbers = 0..;
        loop {
            while self.pipeline.has_room() && !is_over.load(Relaxed) {
                let value = element(numbers.next().unwrap_or_default(), self.element_bytes);
                sent.insert(self.pipeline.write(Op::PushBack { value }), now_us());
            }
            let Some((ticket, answer)) = self.pipeline.next().await else {
                return Ok(updates);
            };
            answer.map_err(at_door)?;
            let sent_us = sent.remove(&ticket).unwrap_or_default();
            let answered_us = now_us();
            updates.push(Update { sent_us, answered_us });
        }
    }
}

impl Phase {
    fn of(name: &'static str, during: std::ops::Range<u64>, updates: &[Update]) -> Self {
        let mut update_ns = empty_histogram();
        for update in updates.iter().filter(|update| during.contains(&update.sent_us)) {
            update_ns.saturating_record(update.answered_us.saturating_sub(update.sent_us) * 1000);
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
fn longest_gap(during: std::ops::Range<u64>, updates: &[Update]) -> Duration {
    let overlapping = updates.windows(2).filter(|pair| {
        let [before, after] = [pair[0].answered_us, pair[1].answered_us];
        before < during.end && after > during.start
    });
    let gaps = overlapping.map(|pair| pair[1].answered_us.saturating_sub(pair[0].answered_us));
    Duration::from_micros(gaps.max().unwrap_or_default())
}

fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(sent_us: u64, answered_us: u64) -> Update {
        Update { sent_us, answered_us }
    }

    #[test]
    fn an_update_belongs_to_the_phase_in_which_it_was_sent() {
        let updates = [update(9, 12), update(10, 40), update(19, 90), update(20, 91)];
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
    fn a_gap_counts_for_every_phase_that_it_touches() {
        let updates = [update(0, 5), update(0, 30), update(0, 31), update(0, 33)];
        let gap = |during| longest_gap(during, &updates).as_micros();
        assert_eq!(gap(10..20), 25, "it lies within the gap");
        assert_eq!(gap(0..6), 25);
        assert_eq!(gap(30..40), 2);
        assert_eq!(gap(40..50), 0, "no answer any more");
    }
}
