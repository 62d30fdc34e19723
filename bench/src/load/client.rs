//! One client under load: starts requests when they are due, as many at once as it may, and tells when each was due,
//! sent and answered.

use std::{sync::Mutex, time::Duration};

use multicast::id::GroupId;
use tokio::time::Instant;

use super::{
    alarm::Alarm,
    error::LoadError,
    pace::Starts,
    tally::{Moments, Span, Tally},
};
use crate::work::{Answer, Line, Work, Worker, Workload};

/// A slice under way.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) began: Instant,
    pub(super) span: Span,
    /// The clients are polled by one task, and none holds it while it waits; so the lock is never waited for.
    pub(super) tally: Mutex<Tally>,
}

impl Slice {
    pub(super) fn begin(span: Span) -> Self {
        Self {
            began: Instant::now(),
            span,
            tally: Mutex::new(Tally::new(span)),
        }
    }

    fn count(&self, record: impl FnOnce(&mut Tally)) {
        // A client that panicked ends the run anyway.
        record(&mut self.tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    }
}

/// A client of one group; it lives as long as what it loads.
#[derive(Debug)]
pub(super) struct LoadClient<L> {
    worker: Worker<L, Start>,
    workload: Workload,
    pipeline: usize,
}

/// When a request was due, and when it was sent.
#[derive(Clone, Copy, Debug)]
struct Start {
    intended: Duration,
    sent: Duration,
}

impl<L: Line> LoadClient<L> {
    /// Client `number` of its group.
    pub(super) fn new(line: L, work: Work, group: GroupId, number: u32) -> Self {
        let source = work.source.of_client(number);
        let work = Work { source, ..work };
        Self {
            worker: Worker::new(line, work, group, number),
            workload: work.workload,
            pipeline: work.pipeline,
        }
    }

    /// Elements that it put into the group and did not take out.
    pub(super) fn elements_in(&self, group: GroupId) -> u64 {
        self.worker.elements_in(group)
    }

    /// Starts what is due until the slice ends, and waits for all answers.
    ///
    /// # Errors
    /// The first request that fails or is answered wrongly.
    pub(super) async fn run(&mut self, slice: &Slice, mut starts: Starts) -> Result<(), LoadError> {
        let mut alarm = Alarm::new().map_err(LoadError::Alarm)?;
        loop {
            let due = self.start_what_is_due(slice, &mut starts);
            let is_idle = self.worker.is_idle();
            if is_idle && due.is_none() {
                break;
            }
            let rings_at = slice.began + due.unwrap_or_default();
            tokio::select! {
                biased;
                Some(answer) = self.worker.next(), if !is_idle => self.take(answer, slice)?,
                rung = alarm.ring_at(rings_at), if due.is_some() => rung.map_err(LoadError::Alarm)?,
            }
        }
        let missed = starts.missed(slice.span.end());
        slice.count(|tally| missed.into_iter().for_each(|intended| tally.never_sent(intended)));
        Ok(())
    }

    /// Gives the time of the next start, if there is room for it and it lies ahead.
    fn start_what_is_due(&mut self, slice: &Slice, starts: &mut Starts) -> Option<Duration> {
        while self.worker.has_room(self.pipeline) {
            let now = slice.began.elapsed();
            let intended = starts.next(now);
            if now.max(intended) >= slice.span.end() {
                return None;
            }
            if intended > now {
                return Some(intended);
            }
            let start = Start { intended, sent: now };
            let workload = self.workload;
            if !self.worker.start(|steps| Some(workload.draw(steps)), || start) {
                return None;
            }
            starts.advance();
        }
        None
    }

    fn take(&mut self, answer: Answer, slice: &Slice) -> Result<(), LoadError> {
        let answered = slice.began.elapsed();
        if let Some((_, Start { intended, sent })) = self.worker.settle(answer)? {
            slice.count(|tally| {
                tally.answered(Moments {
                    intended,
                    sent,
                    answered,
                });
            });
        }
        Ok(())
    }
}
