//! One client: takes steps of the workload, keeps as many requests under way as it may, and holds every answer
//! against the only right one.

use std::{collections::BTreeMap, time::Instant};

use multicast::id::GroupId;
use wire::{
    client::{ClientError, Pipeline, Ticket},
    message::client::ReplyBody,
};

use super::{
    contents::{Contents, Planned, Request},
    draws::Draws,
    workload::Step,
};

/// Why a client could not go on.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
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
        source: ClientError,
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

/// A client of one group; it lives as long as the experiment's cluster.
#[derive(Debug)]
pub(super) struct Writer {
    group: GroupId,
    pipeline: Pipeline,
    contents: Contents,
    /// Which steps come; which elements they are about depends on what is under way.
    steps: Draws,
    picks: Draws,
}

/// One request that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) step: Step,
    pub(super) asked: Instant,
    pub(super) answered: Instant,
}

impl Writer {
    pub(super) fn new(group: GroupId, pipeline: Pipeline, contents: Contents, mut draws: Draws) -> Self {
        Self {
            group,
            pipeline,
            contents,
            steps: Draws::new(draws.number()),
            picks: Draws::new(draws.number()),
        }
    }

    /// What it put into the group. Right while it does not run.
    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Takes steps until there is none, with at most `depth` requests under way, and waits for all answers.
    ///
    /// # Errors
    /// [`WriterError`]; what was under way may have taken effect then.
    pub(super) async fn run(
        &mut self,
        depth: usize,
        mut next_step: impl FnMut(&mut Draws) -> Option<Step>,
        mut answered: impl FnMut(Answered),
    ) -> Result<(), WriterError> {
        let mut under_way: BTreeMap<Ticket, (Planned, Instant)> = BTreeMap::new();
        // A step that has to wait until something that is under way is answered.
        let mut put_off = None;
        loop {
            while under_way.len() < depth && self.pipeline.has_room() {
                let Some(step) = put_off.take().or_else(|| next_step(&mut self.steps)) else {
                    break;
                };
                let Some(planned) = self.contents.plan(step, &mut self.picks) else {
                    put_off = Some(step);
                    break;
                };
                let asked = Instant::now();
                under_way.insert(self.ask(&planned.request), (planned, asked));
            }
            let Some((ticket, answer)) = self.pipeline.next().await else {
                return Ok(());
            };
            let now = Instant::now();
            // A pipeline answers what was asked.
            let Some((planned, asked)) = under_way.remove(&ticket) else {
                continue;
            };
            self.contents.settle(&planned);
            self.judge(&planned, answer)?;
            answered(Answered {
                step: planned.step,
                asked,
                answered: now,
            });
        }
    }

    fn ask(&mut self, request: &Request) -> Ticket {
        match request {
            Request::Write(op) => self.pipeline.write(op.clone()),
            Request::Ask(query) => self.pipeline.ask(query.clone()),
        }
    }

    fn judge(&self, planned: &Planned, answer: Result<ReplyBody, ClientError>) -> Result<(), WriterError> {
        let (group, step, number) = (self.group, planned.step, planned.number);
        let found = answer.map_err(|source| WriterError::Request {
            group,
            step,
            number,
            source,
        })?;
        if found == planned.expected {
            return Ok(());
        }
        Err(WriterError::Answer {
            group,
            step,
            number,
            found: shortened(&found),
            expected: shortened(&planned.expected),
        })
    }
}

/// An answer in few words, however long the value in it.
pub(crate) fn shortened(answer: &ReplyBody) -> String {
    const LONGEST: usize = 80;
    let words = format!("{answer:?}");
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &words[..end]),
        None => words,
    }
}
