//! A client connected to a door: questions and answers, by whatever transport.

use std::{collections::VecDeque, net::SocketAddr};

use multicast::id::{Epoch, GroupId};
use structures::{
    op::{Answer, Element, Write},
    query::Query,
};

use super::{
    ClientError,
    shared::Lane,
    transport::{self, OwnConnection, Transport},
};
use crate::{
    WireError,
    message::{
        client::{
            ClientReply, DoorReport, Reads, RecoveryReport, ReplyBody, RequestBody, Sizes, WriteTogether,
        },
        membership::Membership,
        roster::Change,
        scrub::{ScrubWindow, Scrubbed},
    },
};

/// A connected client. Requests may be pipelined with [`Client::submit`] and [`Client::receive`]; the
/// other methods ask one question and wait for its answer.
#[derive(Debug)]
pub struct Client {
    transport: Transport,
    /// Replies to other requests that came while one was awaited.
    early: VecDeque<ClientReply>,
    reads: Reads,
}

impl Client {
    /// Connects to a door of the cluster with this fingerprint.
    ///
    /// # Errors
    /// The handshake's.
    pub async fn connect(door: SocketAddr, cluster: u64) -> Result<Self, WireError> {
        let stream = transport::dial(door, cluster).await?;
        Ok(Self::over(Transport::Own(Box::new(OwnConnection::over(stream)))))
    }

    /// A client over a shared connection.
    pub(super) fn on(lane: Lane) -> Self {
        Self::over(Transport::Shared(lane))
    }

    fn over(transport: Transport) -> Self {
        Self {
            transport,
            early: VecDeque::new(),
            reads: Reads::default(),
        }
    }

    /// Gives the client up because of this error. If it is the connection that failed, no other client is given it
    /// from now on.
    pub fn leave(self, error: &ClientError) {
        if let (Transport::Shared(lane), ClientError::Wire(_)) = (&self.transport, error) {
            lane.retire();
        }
    }

    /// From now on the methods that read do it like this; at first [`Reads::Local`].
    pub fn read_as(&mut self, reads: Reads) {
        self.reads = reads;
    }

    /// Queues a request and returns its number; [`Client::flush`] sends it, and so does [`Client::receive`] once
    /// it has to wait.
    ///
    /// # Errors
    /// `FrameTooLong`, `Unencodable`; over a shared connection `OutboxFull`, `Closed`.
    pub fn submit(&mut self, body: RequestBody) -> Result<u64, WireError> {
        self.transport.submit(body)
    }

    /// Sends what is queued; dropped half way, it goes on where it was.
    ///
    /// # Errors
    /// `Io`.
    pub async fn flush(&mut self) -> Result<(), WireError> {
        self.transport.flush().await
    }

    /// The next reply, in the order of arrival. What is queued leaves in one piece once no reply is there yet.
    ///
    /// # Errors
    /// The connection's end, whatever its kind.
    pub async fn receive(&mut self) -> Result<ClientReply, WireError> {
        match self.early.pop_front() {
            Some(reply) => Ok(reply),
            None => self.transport.receive().await,
        }
    }

    /// The next reply to that request.
    async fn reply_to(&mut self, request: u64) -> Result<ReplyBody, ClientError> {
        self.flush().await?;
        if let Some(place) = self.early.iter().position(|reply| reply.request == request)
            && let Some(reply) = self.early.remove(place)
        {
            return answered(reply.body);
        }
        loop {
            let reply = self.transport.receive().await?;
            if reply.request == request {
                return answered(reply.body);
            }
            self.early.push_back(reply);
        }
    }

    async fn ask(&mut self, body: RequestBody) -> Result<ReplyBody, ClientError> {
        let request = self.submit(body)?;
        self.reply_to(request).await
    }

    /// Sends one write and waits for its answer.
    ///
    /// # Errors
    /// `Wire` (outcome unknown) or `Refused` (nothing changed).
    pub async fn write(&mut self, group: GroupId, write: Write) -> Result<Answer, ClientError> {
        match self.ask(RequestBody::Write { group, write }).await? {
            ReplyBody::Written(answer) => Ok(answer),
            other => Err(unexpected("write", &other)),
        }
    }

    /// Sends operations on several groups and waits for their answers, part by part.
    ///
    /// # Errors
    /// `Wire` (outcome unknown) or `Refused` (nothing changed, but see [`Refusal`](crate::message::client::Refusal)).
    pub async fn write_together(&mut self, write: WriteTogether) -> Result<Vec<Vec<Answer>>, ClientError> {
        match self.ask(RequestBody::WriteTogether(write)).await? {
            ReplyBody::WrittenTogether(answers) => Ok(answers),
            other => Err(unexpected("write of several groups", &other)),
        }
    }

    /// The value of a key, if it is there.
    ///
    /// # Errors
    /// `Wire` or `Refused`.
    pub async fn get(&mut self, group: GroupId, key: &[u8]) -> Result<Option<Vec<u8>>, ClientError> {
        let query = Query::Get { key: key.to_vec() };
        match self.ask(RequestBody::read(self.reads, group, query)).await? {
            ReplyBody::Value(value) => Ok(value.map(serde_bytes::ByteBuf::into_vec)),
            other => Err(unexpected("get", &other)),
        }
    }

    /// The element that [`Query::At`] or [`Query::Last`] names, if there is one.
    ///
    /// # Errors
    /// `Wire` or `Refused`.
    pub async fn element(&mut self, group: GroupId, query: Query) -> Result<Option<Element>, ClientError> {
        match self.ask(RequestBody::read(self.reads, group, query)).await? {
            ReplyBody::Element(element) => Ok(element),
            other => Err(unexpected("question for an element", &other)),
        }
    }

    /// The number of elements.
    ///
    /// # Errors
    /// `Wire` or `Refused`.
    pub async fn len(&mut self, group: GroupId) -> Result<u64, ClientError> {
        let query = Query::Len;
        match self.ask(RequestBody::read(self.reads, group, query)).await? {
            ReplyBody::Len(count) => Ok(count),
            other => Err(unexpected("question for the number of elements", &other)),
        }
    }

    /// All elements in the structure's order, as of one moment.
    ///
    /// # Errors
    /// `Wire` or `Refused`.
    pub async fn read_all(&mut self, group: GroupId) -> Result<Vec<Element>, ClientError> {
        self.elements(group, Query::All).await
    }

    /// The elements that [`Query::All`], [`Query::Range`] or [`Query::FromKey`] names, as of one moment.
    ///
    /// # Errors
    /// `Wire` or `Refused`.
    pub async fn elements(&mut self, group: GroupId, query: Query) -> Result<Vec<Element>, ClientError> {
        let request = self.submit(RequestBody::read(self.reads, group, query))?;
        let mut all = Vec::new();
        loop {
            match self.reply_to(request).await? {
                ReplyBody::Elements { elements, last } => {
                    all.extend(elements);
                    if last {
                        return Ok(all);
                    }
                }
                other => return Err(unexpected("read of elements", &other)),
            }
        }
    }

    /// What the process at this door holds.
    ///
    /// # Errors
    /// `Wire` or `Refused`.
    pub async fn sizes(&mut self) -> Result<Sizes, ClientError> {
        match self.ask(RequestBody::Sizes).await? {
            ReplyBody::Sizes(sizes) => Ok(sizes),
            other => Err(unexpected("question for sizes", &other)),
        }
    }

    /// The membership (managers only).
    ///
    /// # Errors
    /// `Wire` or `Refused`.
    pub async fn members(&mut self) -> Result<Membership, ClientError> {
        match self.ask(RequestBody::Members).await? {
            ReplyBody::Members(members) => Ok(*members),
            other => Err(unexpected("question for members", &other)),
        }
    }

    /// Changes who belongs to the cluster; the epoch of the stored membership that contains it (managers only).
    ///
    /// # Errors
    /// `Wire` (outcome unknown: ask for the members) or `Refused` (nothing changed).
    pub async fn change(&mut self, change: Change) -> Result<Epoch, ClientError> {
        match self.ask(RequestBody::Change(change)).await? {
            ReplyBody::Changed { epoch } => Ok(epoch),
            other => Err(unexpected("change of members", &other)),
        }
    }

    /// The door's latencies and traffic since the last reset.
    ///
    /// # Errors
    /// `Wire` or `Refused`.
    pub async fn door_report(&mut self, reset: bool) -> Result<DoorReport, ClientError> {
        match self.ask(RequestBody::DoorReport { reset }).await? {
            ReplyBody::DoorReport(report) => Ok(report),
            other => Err(unexpected("question for the door's report", &other)),
        }
    }

    /// The crashes that the manager has seen, from this number on.
    ///
    /// # Errors
    /// `Wire` or `Refused`.
    pub async fn recoveries(&mut self, from: u64) -> Result<Vec<RecoveryReport>, ClientError> {
        match self.ask(RequestBody::Recoveries { from }).await? {
            ReplyBody::Recoveries(reports) => Ok(reports),
            other => Err(unexpected("question for recoveries", &other)),
        }
    }

    /// How a fused server's bytes compare with the primaries' over a window (fused servers only).
    ///
    /// # Errors
    /// `Wire` or `Refused`.
    pub async fn scrub(&mut self, window: ScrubWindow) -> Result<Scrubbed, ClientError> {
        match self.ask(RequestBody::Scrub(window)).await? {
            ReplyBody::Scrubbed(scrubbed) => Ok(scrubbed),
            other => Err(unexpected("scrub", &other)),
        }
    }
}

pub(super) fn answered(body: ReplyBody) -> Result<ReplyBody, ClientError> {
    match body {
        ReplyBody::Refused(refusal) => Err(refusal.into()),
        body => Ok(body),
    }
}

pub(super) fn unexpected(asked: &'static str, found: &ReplyBody) -> ClientError {
    ClientError::Unexpected {
        asked,
        found: format!("{found:?}").chars().take(80).collect(),
    }
}
