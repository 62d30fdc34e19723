//! A client's way to what it loads: requests in, answers out. A group's door through crashes, or Redis.

use std::{future::Future, io};

use wire::{
    client::{ClientError, Pipeline, Ticket},
    message::client::ReplyBody,
};

use super::Request;
use crate::redis::RedisError;

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The group's door refused, or patience ran out.
    #[error(transparent)]
    Door(#[from] ClientError),
    /// Redis failed.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// The history could not be written.
    #[error("the history: {0}")]
    History(io::Error),
}

/// An answer to the request of that ticket.
pub(crate) type Answer = (Ticket, Result<ReplyBody, LineError>);

/// See the module's documentation.
pub(crate) trait Line: Send {
    /// Whether one more request may be put under way.
    fn has_room(&self) -> bool;

    /// Puts a request under way, for which there is room; [`Line::next`] sends it.
    fn submit(&mut self, request: &Request) -> Ticket;

    /// The next answer, in the order of arrival; none if nothing is under way. Cancel-safe.
    fn next(&mut self) -> impl Future<Output = Option<Answer>> + Send;
}

impl Line for Pipeline {
    fn has_room(&self) -> bool {
        Self::has_room(self)
    }

    fn submit(&mut self, request: &Request) -> Ticket {
        match request {
            Request::Write(op) => self.write(op.clone()),
            Request::Ask(query) => self.ask(query.clone()),
            Request::Together(parts) => self.write_together(parts.clone()),
        }
    }

    async fn next(&mut self) -> Option<Answer> {
        let (ticket, answer) = Self::next(self).await?;
        Some((ticket, answer.map_err(LineError::Door)))
    }
}
