//! Several writes and questions of one client to one group under way at once, through crashes.
//!
//! Whatever a broken connection, a passing refusal or a silent manager leaves unanswered goes again in the same
//! order, to the next manager where there are several, a write under the same sequence number: the structure applies
//! it once. Answers may come in another order.
//!
//! Invariant: from the oldest unanswered write to the newest there are at most [`WINDOW`] sequence numbers, so
//! a retry is never older than the outcomes that the structure remembers.

use std::{collections::BTreeMap, time::Duration};

use multicast::id::{ClientId, GroupId, Seq};
use structures::{
    op::{Op, Write},
    query::Query,
    session::WINDOW,
};
use tokio::time::{Instant, sleep, timeout};

use super::{Client, ClientError, Directory, connection::answered};
use crate::{
    WireError,
    member::redial_pause,
    message::client::{Reads, ReplyBody, RequestBody, WriteTogether},
    process::random_id,
};

/// Most requests of one pipeline that may be unanswered.
pub const MAX_PIPELINE: usize = WINDOW as usize;

/// Names one request of a pipeline; rises with every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// One client's session with one group, with room for several requests.
#[derive(Debug)]
pub struct Pipeline {
    directory: Directory,
    group: GroupId,
    id: ClientId,
    /// The last sequence number used.
    seq: Seq,
    last_ticket: Ticket,
    unanswered: BTreeMap<Ticket, Unanswered>,
    depth: usize,
    patience: Duration,
    reads: Reads,
    client: Option<Client>,
    /// Vain attempts since the last answer, and why the last one was.
    attempt: u32,
    setback: Option<ClientError>,
}

/// A request under way.
#[derive(Debug)]
struct Unanswered {
    body: RequestBody,
    /// Of a write.
    seq: Option<Seq>,
    began: Instant,
    /// Its number on the present connection; none before there is one.
    request: Option<u64>,
}

impl Pipeline {
    /// Opens a session with the group, for up to `depth` requests at once, each of which is tried for
    /// `patience`.
    ///
    /// # Errors
    /// A refusal that does not pass, or `OutOfPatience`.
    ///
    /// # Panics
    /// If `depth` is not 1 to [`MAX_PIPELINE`].
    pub async fn open(
        directory: Directory,
        group: GroupId,
        depth: usize,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        assert!(
            (1..=MAX_PIPELINE).contains(&depth),
            "{depth} requests at once: there may be 1 to {MAX_PIPELINE}"
        );
        let mut pipeline = Self {
            directory,
            group,
            id: ClientId(random_id()),
            seq: Seq(0),
            last_ticket: Ticket(0),
            unanswered: BTreeMap::new(),
            depth,
            patience,
            reads: Reads::default(),
            client: None,
            attempt: 0,
            setback: None,
        };
        pipeline.write(Op::OpenSession);
        match pipeline.next().await {
            Some((_, Err(error))) => Err(error),
            _ => Ok(pipeline),
        }
    }

    /// From now on questions are asked like this; at first [`Reads::Local`].
    pub fn read_as(&mut self, reads: Reads) {
        self.reads = reads;
    }

    /// Requests without an answer.
    pub fn under_way(&self) -> usize {
        self.unanswered.len()
    }

    /// Whether one more request may be put under way.
    pub fn has_room(&self) -> bool {
        self.has_room_for(1)
    }

    /// Whether a write that uses so many sequence numbers may be put under way: one of several groups uses as many as
    /// its longest part has operations.
    pub fn has_room_for(&self, numbers: u64) -> bool {
        let oldest = self.unanswered.values().find_map(|unanswered| unanswered.seq);
        let last = self.seq.0.saturating_add(numbers);
        let within_window = oldest.is_none_or(|oldest| last - oldest.0 < WINDOW);
        self.unanswered.len() < self.depth && within_window
    }

    /// Puts a write under way; [`Pipeline::next`] sends it.
    ///
    /// # Panics
    /// If there is no room.
    pub fn write(&mut self, op: Op) -> Ticket {
        self.assert_room_for(1);
        self.seq = self.seq.next();
        let (client, seq, group) = (self.id, self.seq, self.group);
        let write = Write { client, seq, op };
        self.submit(RequestBody::Write { group, write }, Some(seq))
    }

    /// Puts a write of several groups under way, this one's among them or not: it has one place in the order of all of
    /// them. The client has a session in each other one once [`Op::OpenSession`] was written there, alone, like this.
    ///
    /// # Panics
    /// If there is [no room](Self::has_room_for) for all of its longest part.
    pub fn write_together(&mut self, parts: Vec<(GroupId, Vec<Op>)>) -> Ticket {
        let (client, seq) = (self.id, self.seq.next());
        let write = WriteTogether { client, seq, parts };
        let last = write.last_seq();
        self.assert_room_for(last.0 - self.seq.0);
        self.seq = last;
        self.submit(RequestBody::WriteTogether(write), Some(seq))
    }

    /// Puts a question under way whose answer is one frame: not one that [is long](Query::is_long).
    ///
    /// # Panics
    /// If there is no room, or the query is a long one.
    pub fn ask(&mut self, query: Query) -> Ticket {
        self.assert_room_for(1);
        assert!(!query.is_long(), "the answer may take several frames: {query:?}");
        let body = RequestBody::read(self.reads, self.group, query);
        self.submit(body, None)
    }

    /// Waits for no answer any more. What is under way may take effect, or not.
    pub fn abandon(&mut self) {
        self.unanswered.clear();
    }

    fn assert_room_for(&self, numbers: u64) {
        let under_way = self.under_way();
        assert!(
            self.has_room_for(numbers),
            "no room for {numbers} numbers beside {under_way} requests"
        );
    }

    fn submit(&mut self, body: RequestBody, seq: Option<Seq>) -> Ticket {
        self.last_ticket.0 += 1;
        let mut unanswered = Unanswered {
            body,
            seq,
            began: Instant::now(),
            request: None,
        };
        if let Some(client) = &mut self.client {
            match client.submit(unanswered.body.clone()) {
                Ok(request) => unanswered.request = Some(request),
                Err(error) => self.set_back(error.into()),
            }
        }
        self.unanswered.insert(self.last_ticket, unanswered);
        self.last_ticket
    }

    /// The next answer, in the order of arrival; none if nothing is under way.
    ///
    /// An error belongs to the request of that ticket alone: a refusal that does not pass (nothing changed), or
    /// `OutOfPatience` (outcome unknown).
    pub async fn next(&mut self) -> Option<(Ticket, Result<ReplyBody, ClientError>)> {
        loop {
            let (ticket, oldest) = self.unanswered.first_key_value()?;
            let (ticket, began) = (*ticket, oldest.began);
            let left = self.patience.saturating_sub(began.elapsed());
            // A door that takes a request and never answers is a broken connection like any other.
            let limit = self.directory.silence().map_or(left, |silence| silence.min(left));
            let limit_ms = limit.as_millis();
            let silent = |_| Err(WireError::DialTimeout { limit_ms }.into());
            let error = match timeout(limit, self.receive()).await.unwrap_or_else(silent) {
                Ok(answer) => return Some(answer),
                Err(error) if !error.is_passing() => return self.give_up(ticket, error),
                Err(error) => error,
            };
            if began.elapsed() >= self.patience {
                let patience_ms = self.patience.as_millis();
                // The last attempt had next to no time; the one before it says more.
                let last = Box::new(self.setback.take().unwrap_or(error));
                self.leave(&last);
                return self.give_up(ticket, ClientError::OutOfPatience { patience_ms, last });
            }
            self.set_back(error);
            sleep(redial_pause(self.attempt)).await;
            self.attempt += 1;
        }
    }

    fn give_up(
        &mut self,
        ticket: Ticket,
        error: ClientError,
    ) -> Option<(Ticket, Result<ReplyBody, ClientError>)> {
        self.unanswered.remove(&ticket);
        Some((ticket, Err(error)))
    }

    /// The connection is of no use any more; what is unanswered goes over the next one, to the next manager.
    fn set_back(&mut self, error: ClientError) {
        self.leave(&error);
        self.setback = Some(error);
        self.directory.turn_away();
    }

    fn leave(&mut self, error: &ClientError) {
        if let Some(client) = self.client.take() {
            client.leave(error);
        }
    }

    /// The next answer over a connection on which everything unanswered was sent.
    ///
    /// # Errors
    /// What keeps all of it from being answered now.
    async fn receive(&mut self) -> Result<(Ticket, Result<ReplyBody, ClientError>), ClientError> {
        loop {
            let reply = match &mut self.client {
                Some(client) => client.receive().await?,
                None => {
                    self.connect().await?;
                    continue;
                }
            };
            let asked = Some(reply.request);
            let mut unanswered = self.unanswered.iter();
            // Another one answers what was given up.
            let Some((ticket, _)) = unanswered.find(|(_, one)| one.request == asked) else {
                continue;
            };
            let ticket = *ticket;
            let answer = match answered(reply.body) {
                Err(error) if error.is_passing() => return Err(error),
                answer => answer,
            };
            self.unanswered.remove(&ticket);
            (self.attempt, self.setback) = (0, None);
            return Ok((ticket, answer));
        }
    }

    /// Connects to the group's door and sends what is unanswered, oldest first.
    async fn connect(&mut self) -> Result<(), ClientError> {
        let mut client = self.directory.connect_session(self.group).await?;
        for unanswered in self.unanswered.values_mut() {
            match client.submit(unanswered.body.clone()) {
                Ok(request) => unanswered.request = Some(request),
                Err(error) => {
                    let error = error.into();
                    client.leave(&error);
                    return Err(error);
                }
            }
        }
        self.client = Some(client);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
