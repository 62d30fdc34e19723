//! A client's way to a group's door; what passes there is written down if the load is to be checked.
//!
//! Without a history it is a pipeline and nothing else.

use std::time::Duration;

use multicast::id::GroupId;
use structures::op::Op;
use wire::{
    client::{ClientError, Directory, Pipeline, Ticket},
    message::client::Reads,
};

use crate::{
    history::{Asked, RecordedPipeline, Recorder},
    work::{Answer, Line, LineError, Request},
};

/// See the module's documentation.
#[derive(Debug)]
pub(super) enum Door {
    /// As it is.
    Plain(Pipeline),
    /// With a history.
    Recorded(RecordedPipeline),
}

impl Door {
    /// Opens a session: see [`Pipeline::open`].
    ///
    /// # Errors
    /// As there.
    pub(super) async fn open(
        directory: Directory,
        group: GroupId,
        depth: usize,
        patience: Duration,
        history: Option<&Recorder>,
    ) -> Result<Self, ClientError> {
        match history {
            None => Pipeline::open(directory, group, depth, patience)
                .await
                .map(Self::Plain),
            Some(history) => RecordedPipeline::open(directory, group, depth, patience, history.client())
                .await
                .map(Self::Recorded),
        }
    }

    /// Opens a session with another group as well, for writes of both.
    ///
    /// # Errors
    /// As for the first.
    pub(super) async fn open_beside(&mut self, group: GroupId) -> Result<(), ClientError> {
        let pipeline = match self {
            Self::Plain(pipeline) => pipeline,
            Self::Recorded(pipeline) => return pipeline.open_beside(group).await,
        };
        pipeline.write_together(vec![(group, vec![Op::OpenSession])]);
        match pipeline.next().await {
            Some((_, Err(error))) => Err(error),
            _ => Ok(()),
        }
    }

    /// From now on questions are asked like this.
    pub(super) fn read_as(&mut self, reads: Reads) {
        match self {
            Self::Plain(pipeline) => pipeline.read_as(reads),
            Self::Recorded(pipeline) => pipeline.read_as(reads),
        }
    }
}

impl Line for Door {
    fn has_room(&self) -> bool {
        match self {
            Self::Plain(pipeline) => pipeline.has_room(),
            Self::Recorded(pipeline) => pipeline.has_room(),
        }
    }

    fn submit(&mut self, request: &Request) -> Ticket {
        match (self, request) {
            (Self::Plain(pipeline), request) => pipeline.submit(request),
            (Self::Recorded(pipeline), Request::Write(op)) => pipeline.put(Asked::Write(op.clone())),
            (Self::Recorded(pipeline), Request::Ask(query)) => pipeline.put(Asked::Read(query.clone())),
            (Self::Recorded(pipeline), Request::Together(parts)) => pipeline.put_together(parts.clone()),
        }
    }

    async fn next(&mut self) -> Option<Answer> {
        match self {
            Self::Plain(pipeline) => Line::next(pipeline).await,
            Self::Recorded(pipeline) => {
                let (ticket, answer, written) = pipeline.next_and_record().await?;
                let answer = answer.map_err(LineError::Door);
                Some((
                    ticket,
                    answer.and_then(|body| written.map(|()| body).map_err(LineError::History)),
                ))
            }
        }
    }
}
