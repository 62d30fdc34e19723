//! The writer of one group: sends writes in order, several before the first is answered, and sends again
//! whatever was not answered when its connection is gone. Or it dies instead, and another one goes on, so that
//! what was not answered may be in the structure or not, for ever.

use std::collections::VecDeque;

use fusion_primary::door::Caller;
use multicast::id::{ClientId, Incarnation, Seq};
use structures::{
    kind::StructureSpec,
    op::{Op, Write},
};

use crate::operations;

/// Writes of one client that may be unanswered.
const MAX_UNANSWERED: usize = 12;

#[derive(Debug)]
pub(crate) struct Client {
    id: ClientId,
    spec: StructureSpec,
    last: Seq,
    unanswered: VecDeque<Write>,
    /// How many of them went over the connection.
    sent: usize,
    /// The number of the connection, and to which life it goes.
    connection: u64,
    server: Option<Incarnation>,
    requests: u64,
}

impl Client {
    pub(crate) fn new(id: u64, spec: StructureSpec) -> Self {
        let mut client = Self {
            id: ClientId(id),
            spec,
            last: Seq(0),
            unanswered: VecDeque::new(),
            sent: 0,
            connection: 1,
            server: None,
            requests: 0,
        };
        client.want(Op::OpenSession);
        client
    }

    /// Another client takes its place, and its unanswered writes are never sent again.
    pub(crate) fn dies(&mut self) {
        let (id, connection, requests) = (self.id.0 + 1, self.connection + 1, self.requests);
        *self = Self {
            connection,
            requests,
            ..Self::new(id, self.spec)
        };
    }

    /// The next write to be sent to this life, and who is to be answered: one that waits, or another one by
    /// this random number if there is room.
    pub(crate) fn next_write(&mut self, life: Incarnation, chance: u32) -> Option<(Caller, Write)> {
        self.connect(life);
        if self.sent == self.unanswered.len() {
            if self.unanswered.len() == MAX_UNANSWERED {
                return None;
            }
            self.want(operations::drawn(self.spec, chance));
        }
        self.next_unsent(life)
    }

    /// The next write that waits to be sent to this life, if there is one.
    pub(crate) fn next_unsent(&mut self, life: Incarnation) -> Option<(Caller, Write)> {
        self.connect(life);
        let write = self.unanswered.get(self.sent)?.clone();
        self.sent += 1;
        Some((self.caller(life), write))
    }

    /// Who is to be answered for the next request to this life.
    pub(crate) fn caller(&mut self, life: Incarnation) -> Caller {
        self.connect(life);
        self.requests += 1;
        Caller {
            connection: self.connection,
            request: self.requests,
        }
    }

    /// A write was answered over this connection; the answer may come too late to be heard.
    pub(crate) fn hear(&mut self, caller: Caller, client: ClientId, seq: Seq) -> Result<(), String> {
        if caller.connection != self.connection || client != self.id {
            return Ok(());
        }
        match self.unanswered.pop_front() {
            Some(write) if write.seq == seq => {
                self.sent -= 1;
                Ok(())
            }
            other => Err(format!(
                "{client} hears of {seq}, and waits for {:?}",
                other.map(|write| write.seq)
            )),
        }
    }

    /// The connection is gone, or a write was refused: everything unanswered is to be sent again.
    pub(crate) fn reset(&mut self) {
        self.connection += 1;
        self.sent = 0;
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Whether something waits to be sent to this life.
    pub(crate) fn has_unsent(&self, life: Incarnation) -> bool {
        !self.unanswered.is_empty() && (self.server != Some(life) || self.sent < self.unanswered.len())
    }

    fn connect(&mut self, life: Incarnation) {
        if self.server.replace(life) != Some(life) {
            self.reset();
        }
    }

    fn want(&mut self, op: Op) {
        self.last = self.last.next();
        self.unanswered.push_back(Write {
            client: self.id,
            seq: self.last,
            op,
        });
    }
}
