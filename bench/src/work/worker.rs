//! One client: plans its steps, keeps requests under way, and holds every answer against the only right one.

use std::collections::BTreeMap;

use multicast::id::GroupId;
use structures::kind::StructureKind;
use wire::{
    client::Ticket,
    message::client::{Reads, ReplyBody},
};

use super::{
    Contents, Draws, ElementSource,
    beside::{Beside, Together},
    contents::Planned,
    line::{Answer, Line, LineError},
    workload::{Step, Workload},
};

/// What all clients do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// What the groups protect.
    pub(crate) structure: StructureKind,
    pub(crate) workload: Workload,
    pub(crate) reads: Reads,
    pub(crate) source: ElementSource,
    /// Clients of each group.
    pub(crate) clients: u32,
    /// Requests that each may have under way.
    pub(crate) pipeline: usize,
    /// Inserts into two groups at once, if there are any.
    pub(crate) together: Option<Together>,
}

/// Why a client could not go on.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// It was refused, or ran out of patience.
    #[error("{step} of element {number} in {group}: {source}")]
    Request {
        /// The group.
        group: GroupId,
        /// What was to be done.
        step: Step,
        /// With which element.
        number: u32,
        /// Why.
        source: LineError,
    },
    /// It was answered something else than what is right.
    #[error("{step} of element {number} in {group} was answered {found} instead of {expected}")]
    Answer {
        /// The group.
        group: GroupId,
        /// What was done.
        step: Step,
        /// With which element.
        number: u32,
        /// The answer.
        found: String,
        /// The right one.
        expected: String,
    },
}

/// A client of one group; it lives as long as what it works on. `When` is what its driver notes of a request's start.
#[derive(Debug)]
pub(crate) struct Worker<L, When> {
    group: GroupId,
    line: L,
    contents: Contents,
    beside: Option<Beside>,
    /// Which steps come; which elements they are about depends on what is under way.
    steps: Draws,
    picks: Draws,
    /// A step that has to wait until something that is under way is answered.
    put_off: Option<Step>,
    under_way: BTreeMap<Ticket, (Planned, When)>,
}

impl<L: Line, When> Worker<L, When> {
    /// Client `number` of its group.
    pub(crate) fn new(line: L, work: Work, group: GroupId, number: u32) -> Self {
        let mut draws = Draws::new(work.source.seed ^ u64::from(group.0) << 32 ^ u64::from(number));
        let clients = work.clients * if work.together.is_some() { 2 } else { 1 };
        Self {
            group,
            line,
            contents: Contents::new(work.structure, work.source, group, (number, clients)),
            beside: Beside::of(work, group, number),
            steps: Draws::new(draws.number()),
            picks: Draws::new(draws.number()),
            put_off: None,
            under_way: BTreeMap::new(),
        }
    }

    /// What it put into the group. Right while nothing is under way.
    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Elements that it put into this group and did not take out.
    pub(crate) fn elements_in(&self, group: GroupId) -> u64 {
        let beside = self.beside.as_ref().filter(|beside| beside.group() == group);
        let beside = beside.map_or(0, |beside| beside.contents().len());
        let own = if group == self.group {
            self.contents.len()
        } else {
            0
        };
        (own + beside) as u64
    }

    /// Whether nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether one more request may go under way, of `depth` at the most.
    pub(crate) fn has_room(&self, depth: usize) -> bool {
        self.under_way.len() < depth && self.line.has_room()
    }

    /// Puts the next step under way, for which there is room: the one that was put off, or else the one that is given.
    /// False if there is none, or if it has to be put off.
    pub(crate) fn start(
        &mut self,
        next_step: impl FnOnce(&mut Draws) -> Option<Step>,
        when: impl FnOnce() -> When,
    ) -> bool {
        let Some(step) = self.put_off.take().or_else(|| next_step(&mut self.steps)) else {
            return false;
        };
        let Some(planned) = self.contents.plan(step, &mut self.picks) else {
            self.put_off = Some(step);
            return false;
        };
        let planned = match &mut self.beside {
            Some(beside) => beside.join(planned, &mut self.picks),
            None => planned,
        };
        let when = when();
        let ticket = self.line.submit(&planned.request);
        self.under_way.insert(ticket, (planned, when));
        true
    }

    /// The next answer, which is to be [settled](Worker::settle); none if nothing is under way. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Answer> {
        self.line.next().await
    }

    /// Judges an answer: which step it is of, and what was noted when that started. None if nothing like it was
    /// asked, which no line answers.
    ///
    /// # Errors
    /// [`WorkError`]; what was under way may have taken effect then.
    pub(crate) fn settle(&mut self, (ticket, answer): Answer) -> Result<Option<(Step, When)>, WorkError> {
        let Some((planned, when)) = self.under_way.remove(&ticket) else {
            return Ok(None);
        };
        self.contents.settle(&planned);
        self.judge(&planned, answer)?;
        Ok(Some((planned.step, when)))
    }

    fn judge(&self, planned: &Planned, answer: Result<ReplyBody, LineError>) -> Result<(), WorkError> {
        let (group, step, number) = (self.group, planned.step, planned.number);
        let found = answer.map_err(|source| WorkError::Request {
            group,
            step,
            number,
            source,
        })?;
        if found == planned.expected {
            return Ok(());
        }
        Err(WorkError::Answer {
            group,
            step,
            number,
            found: shortened(&found),
            expected: shortened(&planned.expected),
        })
    }
}

/// An answer in few words, however long the value in it.
fn shortened(answer: &ReplyBody) -> String {
    const LONGEST: usize = 80;
    let words = format!("{answer:?}");
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &words[..end]),
        None => words,
    }
}
