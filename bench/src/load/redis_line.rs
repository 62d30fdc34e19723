//! A client's pushes to a list of Redis, each waited for until the replica has it. That is the nearest that Redis has
//! to a reply after every copy applied the write: `WAIT` answers when the replica has acknowledged all that its
//! connection wrote before.
//!
//! ```text
//! RPUSH group-0 ELEMENT   -> :length of the list
//! WAIT 1 PATIENCE         -> :replicas that have it, 0 if none had in time
//! ```

use std::{collections::VecDeque, net::SocketAddr};

use multicast::id::GroupId;
use structures::op::Outcome;
use wire::{client::Ticket, message::client::ReplyBody};

use crate::{
    experiment::PATIENCE,
    redis::{Connection, RedisError, list, resp::Answer, unexpected},
    work::{Answer as LineAnswer, Line, LineError, Request},
};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct RedisLine {
    connection: Connection,
    list: String,
    pipeline: usize,
    last_ticket: Ticket,
    /// Pushes that were not answered, or whose `WAIT` was not.
    under_way: VecDeque<Ticket>,
    /// Whether the oldest one's push was answered.
    pushed: bool,
    patience_ms: String,
}

impl RedisLine {
    /// # Errors
    /// `Io`.
    pub(super) async fn open(
        address: SocketAddr,
        group: GroupId,
        pipeline: usize,
    ) -> Result<Self, RedisError> {
        Ok(Self {
            connection: Connection::open(address).await?,
            list: list(group),
            pipeline,
            last_ticket: Ticket(0),
            under_way: VecDeque::new(),
            pushed: false,
            patience_ms: PATIENCE.as_millis().to_string(),
        })
    }

    /// Waits for both answers of the oldest push; what it has seen of them it remembers.
    async fn receive(&mut self) -> Result<(), RedisError> {
        if !self.pushed {
            match self.connection.receive().await? {
                Answer::Integer(1..) => self.pushed = true,
                answer => return Err(unexpected(&[b"RPUSH"], answer)),
            }
        }
        match self.connection.receive().await? {
            Answer::Integer(1..) => Ok(()),
            answer => Err(unexpected(&[b"WAIT"], answer)),
        }
    }
}

impl Line for RedisLine {
    fn has_room(&self) -> bool {
        self.under_way.len() < self.pipeline
    }

    /// # Panics
    /// If it is no insert: the plan lets nothing else come here.
    fn submit(&mut self, request: &Request) -> Ticket {
        let Request::Write(op) = request else {
            unreachable!("Redis is asked for inserts alone, not {request:?}");
        };
        let element = [op.key().unwrap_or_default(), op.value().unwrap_or_default()].concat();
        self.connection
            .submit(&[b"RPUSH", self.list.as_bytes(), &element]);
        self.connection
            .submit(&[b"WAIT", b"1", self.patience_ms.as_bytes()]);
        self.last_ticket.0 += 1;
        self.under_way.push_back(self.last_ticket);
        self.last_ticket
    }

    async fn next(&mut self) -> Option<LineAnswer> {
        let ticket = *self.under_way.front()?;
        let received = self.receive().await;
        self.under_way.pop_front();
        self.pushed = false;
        let answer = received.map(|()| ReplyBody::Written(Outcome::Inserted.into()));
        Some((ticket, answer.map_err(LineError::Redis)))
    }
}
