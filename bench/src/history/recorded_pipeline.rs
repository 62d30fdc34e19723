//! A [`Pipeline`] that writes down what it does.

use std::{collections::BTreeMap, io, time::Duration};

use multicast::id::GroupId;
use structures::{op::Op, query::Query};
use wire::{
    client::{ClientError, Directory, Pipeline, Ticket},
    message::client::{Reads, ReplyBody},
};

use super::{
    operation::Asked,
    record::{CallNumber, ClientRecord},
};

/// One client's session with one group, recorded but for its opening.
#[derive(Debug)]
pub struct RecordedPipeline {
    pipeline: Pipeline,
    group: GroupId,
    record: ClientRecord,
    calls: BTreeMap<Ticket, CallNumber>,
}

impl RecordedPipeline {
    /// Opens a session: see [`Pipeline::open`].
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// As there.
    pub async fn open(
        directory: Directory,
        group: GroupId,
        depth: usize,
        patience: Duration,
        record: ClientRecord,
    ) -> Result<Self, ClientError> {
        Ok(Self {
            pipeline: Pipeline::open(directory, group, depth, patience).await?,
            group,
            record,
            calls: BTreeMap::new(),
        })
    }

    /// Whether one more request may be put under way.
    pub fn has_room(&self) -> bool {
        self.pipeline.has_room()
    }

    /// From now on questions are asked like this; at first [`Reads::Local`].
    pub fn read_as(&mut self, reads: Reads) {
        self.pipeline.read_as(reads);
        self.record.read_as(reads);
    }

    /// Puts an operation or a question under way: see [`Pipeline::write`] and [`Pipeline::ask`].
    ///
    /// # Panics
    /// If there is no room, or the answer may be long.
    pub fn put(&mut self, asked: Asked) -> Ticket {
        let call = self.record.call(self.group, asked.clone());
        let ticket = match asked {
            Asked::Write(op) => self.write(op),
            Asked::Read(query) => self.ask(query),
        };
        self.calls.insert(ticket, call);
        ticket
    }

    /// The next answer: see [`Pipeline::next`].
    ///
    /// # Errors
    /// Of the history's file; the answer's own is within it.
    pub async fn next(&mut self) -> io::Result<Option<(Ticket, Result<ReplyBody, ClientError>)>> {
        let Some((ticket, answer, written)) = self.next_and_record().await else {
            return Ok(None);
        };
        written.map(|()| Some((ticket, answer)))
    }

    /// The same; whether it was written down comes beside the answer.
    pub(crate) async fn next_and_record(
        &mut self,
    ) -> Option<(Ticket, Result<ReplyBody, ClientError>, io::Result<()>)> {
        let (ticket, answer) = self.pipeline.next().await?;
        let written = match self.calls.remove(&ticket) {
            Some(call) => self.record.answered(call, &answer),
            None => Ok(()),
        };
        Some((ticket, answer, written))
    }

    fn write(&mut self, op: Op) -> Ticket {
        self.pipeline.write(op)
    }

    fn ask(&mut self, query: Query) -> Ticket {
        self.pipeline.ask(query)
    }
}
