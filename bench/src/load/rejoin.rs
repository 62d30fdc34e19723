//! What a group's writers notice while a backup of it is lost and comes back.
//!
//! One client writes all the time; the phases are before, from the loss until the removal, and from the manager's
//! admission of the next life until that is active. In a closed loop a stall meets only as many updates as are under
//! way, so that the largest and the longest time between two answers tell of it, and no quantile does. At a rate an
//! update counts from its intended start, and those that would have come meanwhile are counted, late as they are.
//!
//! Invariant: in the end what came back holds every element that was answered.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{SystemTime, UNIX_EPOCH},
};

use structures::op::Op;
use tokio::time::{Duration, Instant};
use wire::client::Ticket;

use super::{
    alarm::Alarm,
    error::LoadError,
    lost_copy::{CopyPlan, FilledCluster, check_inserted, element, pipeline},
    pace::{Pace, Starts},
    phase::{Moments, Phase, Update},
};
use crate::cluster::RunningCluster;

/// How long is written before the loss, and after each change.
const AROUND: Duration = Duration::from_secs(1);

/// What happens to which cluster.
#[derive(Clone, Copy, Debug)]
pub struct RejoinPlan {
    /// The cluster.
    pub copy: CopyPlan,
    /// Requests under way, at the most.
    pub pipeline: usize,
    /// When they start.
    pub pace: Pace,
    /// The backup is stopped, as by a machine that hangs, instead of killed.
    pub stopped: bool,
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
        let removed = cluster.reported(report.removed_at_us, "when it was removed")?;
        let entered = cluster.reported(report.entered_at_us, "when it entered")?;
        let active = cluster.reported(report.active_at_us, "when it was active")?;
        Ok(Moments {
            began,
            lost,
            removed,
            entered,
            active,
        })
    };
    let (updates, moments) = tokio::try_join!(writer.write_until(&is_over), events)?;
    cluster.check_contents(plan.copy.elements + writer.next).await?;
    cluster.stop().await;
    Ok(moments.phases(&updates))
}

struct Writer {
    pipeline: wire::client::Pipeline,
    element_bytes: usize,
    starts: Starts,
    began: Instant,
    began_us: u64,
    /// The intended starts of what is under way.
    under_way: HashMap<Ticket, Duration>,
    /// The number of the next element: in the end, of how many were written.
    next: u64,
}

impl Writer {
    async fn open(running: &RunningCluster, plan: RejoinPlan) -> Result<Self, LoadError> {
        Ok(Self {
            pipeline: pipeline(running, plan.pipeline).await?,
            element_bytes: plan.copy.element_bytes,
            starts: Starts::of_client(plan.pace, 0, 1),
            began: Instant::now(),
            began_us: now_us(),
            under_way: HashMap::new(),
            next: 0,
        })
    }

    /// Writes until it is over, and gives the updates in the order of their answers. What was due before and was never
    /// sent counts as if it were answered then: it would have taken longer.
    async fn write_until(&mut self, is_over: &AtomicBool) -> Result<Vec<Update>, LoadError> {
        let mut alarm = Alarm::new().map_err(LoadError::Alarm)?;
        let mut updates = Vec::new();
        let mut is_told = false;
        loop {
            if !is_told && is_over.load(Relaxed) {
                let now = self.began.elapsed();
                let missed = self.starts.missed(now).into_iter();
                updates.extend(missed.map(|intended| self.update(intended, now)));
                is_told = true;
            }
            let due = match is_told {
                false => self.write_what_is_due(),
                true => None,
            };
            let is_idle = self.under_way.is_empty();
            if is_idle && due.is_none() {
                return Ok(updates);
            }
            let rings_at = self.began + due.unwrap_or_default();
            tokio::select! {
                biased;
                Some((ticket, answer)) = self.pipeline.next(), if !is_idle => {
                    check_inserted(answer)?;
                    updates.push(self.answered(ticket));
                }
                rung = alarm.ring_at(rings_at), if due.is_some() => rung.map_err(LoadError::Alarm)?,
            }
        }
    }

    /// Gives the time of the next start, if there is room for it and it lies ahead.
    fn write_what_is_due(&mut self) -> Option<Duration> {
        while self.pipeline.has_room() {
            let now = self.began.elapsed();
            let intended = self.starts.next(now);
            if intended > now {
                return Some(intended);
            }
            let value = element(self.next, self.element_bytes);
            self.next += 1;
            let ticket = self.pipeline.write(Op::PushBack { value });
            self.under_way.insert(ticket, intended);
            self.starts.advance();
        }
        None
    }

    fn answered(&mut self, ticket: Ticket) -> Update {
        let intended = self.under_way.remove(&ticket);
        let intended = intended.expect("each ticket is answered once");
        self.update(intended, self.began.elapsed())
    }

    fn update(&self, intended: Duration, answered: Duration) -> Update {
        Update {
            intended_us: self.since_1970_us(intended),
            answered_us: self.since_1970_us(answered),
        }
    }

    fn since_1970_us(&self, offset: Duration) -> u64 {
        self.began_us + u64::try_from(offset.as_micros()).unwrap_or(u64::MAX / 2)
    }
}

fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
