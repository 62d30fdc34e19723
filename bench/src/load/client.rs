//! One client under load: starts requests when they are due, as many at once as it may, holds every answer against
//! the only right one, and tells when each was due, sent and answered.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use structures::kind::StructureKind;
use tokio::time::Instant;
use wire::{
    client::Ticket,
    message::client::{Reads, ReplyBody},
};

use super::{
    alarm::Alarm,
    error::LoadError,
    line::{Answer, Line},
    pace::Starts,
    tally::{Moments, Span, Tally},
};
use crate::experiment::{Contents, Draws, ElementSource, Planned, Step, Workload, shortened};
use multicast::id::GroupId;

/// What all clients do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    pub(super) structure: StructureKind,
    pub(super) workload: Workload,
    pub(super) reads: Reads,
    pub(super) source: ElementSource,
    /// Clients of each group.
    pub(super) clients: u32,
    /// Requests that each may have under way.
    pub(super) pipeline: usize,
}

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
    line: L,
    contents: Contents,
    workload: Workload,
    pipeline: usize,
    /// Which steps come; which elements they are about depends on what is under way.
    steps: Draws,
    picks: Draws,
    /// A step that has to wait until something that is under way is answered.
    put_off: Option<Step>,
    under_way: BTreeMap<Ticket, UnderWay>,
}

#[derive(Debug)]
struct UnderWay {
    planned: Planned,
    intended: Duration,
    sent: Duration,
}

impl<L: Line> LoadClient<L> {
    /// Client `number` of its group.
    pub(super) fn new(line: L, work: Work, group: GroupId, number: u32) -> Self {
        let mut draws = Draws::new(work.source.seed ^ u64::from(group.0) << 32 ^ u64::from(number));
        Self {
            line,
            contents: Contents::new(work.structure, work.source, group, (number, work.clients)),
            workload: work.workload,
            pipeline: work.pipeline,
            steps: Draws::new(draws.number()),
            picks: Draws::new(draws.number()),
            put_off: None,
            under_way: BTreeMap::new(),
        }
    }

    /// Elements that it put in and did not take out.
    pub(super) fn elements(&self) -> u64 {
        self.contents.len() as u64
    }

    /// Starts what is due until the slice ends, and waits for all answers.
    ///
    /// # Errors
    /// The first request that fails or is answered wrongly.
    pub(super) async fn run(&mut self, slice: &Slice, mut starts: Starts) -> Result<(), LoadError> {
        let mut alarm = Alarm::new().map_err(LoadError::Alarm)?;
        loop {
            let due = self.start_what_is_due(slice, &mut starts);
            if self.under_way.is_empty() && due.is_none() {
                break;
            }
            let rings_at = slice.began + due.unwrap_or_default();
            tokio::select! {
                biased;
                Some(answer) = self.line.next(), if !self.under_way.is_empty() => self.take(answer, slice)?,
                rung = alarm.ring_at(rings_at), if due.is_some() => rung.map_err(LoadError::Alarm)?,
            }
        }
        let missed = starts.missed(slice.span.end());
        slice.count(|tally| missed.into_iter().for_each(|intended| tally.never_sent(intended)));
        Ok(())
    }

    /// Gives the time of the next start, if there is room for it and it lies ahead.
    fn start_what_is_due(&mut self, slice: &Slice, starts: &mut Starts) -> Option<Duration> {
        while self.under_way.len() < self.pipeline && self.line.has_room() {
            let now = slice.began.elapsed();
            let intended = starts.next(now);
            if now.max(intended) >= slice.span.end() {
                return None;
            }
            if intended > now {
                return Some(intended);
            }
            let step = self.put_off.take();
            let step = step.unwrap_or_else(|| self.workload.draw(&mut self.steps));
            let Some(planned) = self.contents.plan(step, &mut self.picks) else {
                self.put_off = Some(step);
                return None;
            };
            starts.advance();
            let ticket = self.line.submit(&planned.request);
            let under_way = UnderWay {
                planned,
                intended,
                sent: now,
            };
            self.under_way.insert(ticket, under_way);
        }
        None
    }

    fn take(&mut self, (ticket, answer): Answer, slice: &Slice) -> Result<(), LoadError> {
        let answered = slice.began.elapsed();
        // A line answers what was asked.
        let Some(UnderWay {
            planned,
            intended,
            sent,
        }) = self.under_way.remove(&ticket)
        else {
            return Ok(());
        };
        self.contents.settle(&planned);
        let (step, number) = (planned.step, planned.number);
        let found = answer.map_err(|source| LoadError::Request { step, number, source })?;
        if found != planned.expected {
            return Err(wrong(&planned, &found));
        }
        slice.count(|tally| {
            tally.answered(Moments {
                intended,
                sent,
                answered,
            });
        });
        Ok(())
    }
}

fn wrong(planned: &Planned, found: &ReplyBody) -> LoadError {
    LoadError::Answer {
        step: planned.step,
        number: planned.number,
        found: shortened(found),
        expected: shortened(&planned.expected),
    }
}
