//! A [`Pipeline`] that writes down what it does.

use std::{collections::BTreeMap, io, time::Duration};

use multicast::id::GroupId;
use structures::{op::Op, query::Query};
use wire::{
    client::{ClientError, Directory, Pipeline, Ticket},
    message::client::{Reads, ReplyBody},
};

use super::{
    operation::{Asked, Part},
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

    /// Whether a write that uses so many sequence numbers may be put under way: see [`Pipeline::has_room_for`].
    pub fn has_room_for(&self, numbers: u64) -> bool {
        self.pipeline.has_room_for(numbers)
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

    /// Puts a write of several groups under way: see [`Pipeline::write_together`].
    ///
    /// # Panics
    /// If there is no room.
    pub fn put_together(&mut self, parts: Vec<(GroupId, Vec<Op>)>) -> Ticket {
        let asked = parts.iter().flat_map(|(group, ops)| {
            let part = |op: &Op| Part {
                group: *group,
                asked: Asked::Write(op.clone()),
            };
            ops.iter().map(part)
        });
        let call = self.record.call_together(asked.collect());
        let ticket = self.pipeline.write_together(parts);
        self.calls.insert(ticket, call);
        ticket
    }

    /// Opens a session with another group as well, for writes of both, when nothing else is under way.
    ///
    /// # Errors
    /// As for the first.
    pub async fn open_beside(&mut self, group: GroupId) -> Result<(), ClientError> {
        self.pipeline.write_together(vec![(group, vec![Op::OpenSession])]);
        match self.pipeline.next().await {
            Some((_, Err(error))) => Err(error),
            _ => Ok(()),
        }
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
