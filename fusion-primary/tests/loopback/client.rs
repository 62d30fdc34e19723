//! A client that keeps what it was told is there.

use multicast::id::{ClientId, GroupId, Seq};
use structures::{
    Structure,
    op::{Element, Op, Outcome, Write},
    query::Query,
};
use wire::{
    Purpose,
    message::client::{ClientReply, ClientRequest, ReplyBody, RequestBody},
};

use crate::cluster::{LIMITS, Line, Running};

/// A client of one group that keeps what it was told is there.
pub(crate) struct Client {
    pub(crate) line: Line,
    pub(crate) group: GroupId,
    pub(crate) written: Vec<Element>,
    requests: u64,
    /// The structure after the writes that were answered.
    pub(crate) reference: Structure,
}

impl Client {
    pub(crate) async fn open(primary: &Running, group: u16) -> Self {
        let line = Line::dial(primary.address, Purpose::Client).await;
        let mut client = Self {
            line,
            group: GroupId(group),
            written: Vec::new(),
            requests: 0,
            reference: Structure::new(LIMITS),
        };
        assert_eq!(client.write(Op::OpenSession).await, Outcome::SessionOpened);
        client
    }

    pub(crate) async fn reopen(mut self, primary: &Running) -> Self {
        self.line = Line::dial(primary.address, Purpose::Client).await;
        self
    }

    pub(crate) async fn ask(&mut self, body: RequestBody) -> ReplyBody {
        self.requests += 1;
        self.line
            .say(&ClientRequest {
                request: self.requests,
                body,
            })
            .await;
        let reply: ClientReply = self.line.hear().await;
        assert_eq!(reply.request, self.requests);
        reply.body
    }

    pub(crate) async fn write(&mut self, op: Op) -> Outcome {
        let write = Write {
            client: ClientId(1),
            seq: Seq(self.requests + 1),
            op,
        };
        self.reference.apply(&write);
        match self
            .ask(RequestBody::Write {
                group: self.group,
                write,
            })
            .await
        {
            ReplyBody::Written(answer) => answer.outcome,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn insert(&mut self, count: usize) {
        for _ in 0..count {
            let number = self.written.len();
            let key = format!("k{number}").into_bytes();
            let value = vec![(number % 251) as u8; 1500 + number];
            let op = Op::Insert {
                key: key.clone(),
                value: value.clone(),
            };
            assert_eq!(self.write(op).await, Outcome::Inserted);
            self.written.push(Element { key, value });
        }
    }

    /// Everything that was acknowledged is there, in order, and nothing else.
    pub(crate) async fn read_back(&mut self) {
        self.requests += 1;
        let body = RequestBody::Read {
            group: self.group,
            query: Query::All,
        };
        self.line
            .say(&ClientRequest {
                request: self.requests,
                body,
            })
            .await;
        let mut found = Vec::new();
        loop {
            let reply: ClientReply = self.line.hear().await;
            let ReplyBody::Elements { elements, last } = reply.body else {
                panic!("{reply:?}")
            };
            found.extend(elements);
            if last {
                break;
            }
        }
        assert!(
            found == self.written,
            "{} of {} elements",
            found.len(),
            self.written.len()
        );
    }
}
