//! A session with one group over any line: writes that are applied once, reads that wait until they can be
//! answered.
//!
//! Invariant: a write is sent again under its own number (client, seq) only, so the structure applies it once;
//! a new client number is taken only when the structure has said that it applied nothing.

use std::{future::Future, time::Duration};

use multicast::id::{ClientId, Seq};
use structures::{
    kind::StructureSpec,
    op::{Answer, Op, Outcome, Write},
    query::{Found, Query},
};
use tokio::time::{Instant, sleep, timeout};
use wire::{
    WireError,
    client::ClientError,
    member::redial_pause,
    message::{
        admission::{judge_op, judge_query},
        client::Refusal,
    },
    process::random_id,
};

use crate::{
    Error,
    line::{Line, LineError},
};

/// See the module's documentation. One request at a time.
#[derive(Debug)]
pub(crate) struct Session<L> {
    line: L,
    spec: StructureSpec,
    id: ClientId,
    /// The last sequence number used.
    seq: Seq,
    patience: Duration,
}

impl<L> Session<L> {
    pub(crate) fn line(&self) -> &L {
        &self.line
    }
}

impl<L: Line> Session<L> {
    /// Opens a session with the structure at the other end of the line.
    pub(crate) async fn open(line: L, spec: StructureSpec, patience: Duration) -> Result<Self, Error> {
        let mut session = Self {
            line,
            spec,
            id: ClientId(random_id()),
            seq: Seq(0),
            patience,
        };
        session.reopen().await?;
        Ok(session)
    }

    /// A session of its own with the same structure.
    pub(crate) async fn another(&self) -> Result<Self, Error> {
        Self::open(self.line.another(), self.spec, self.patience).await
    }

    pub(crate) async fn close(self) {
        self.line.close().await;
    }

    /// Writes once, whatever crashes; the answer is about the elements, all others are errors.
    pub(crate) async fn write(&mut self, op: Op) -> Result<Answer, Error> {
        judge_op(self.spec, &op)?;
        let mut ended = self.persist(op).await?;
        if let Ended::Unapplied(op) = ended {
            self.reopen().await?;
            ended = self.persist(op).await?;
        }
        let Ended::Answered(answer) = ended else {
            return Err(Error::SessionEvicted);
        };
        use Outcome::*;
        match answer.outcome {
            Inserted | Updated | Deleted | Removed | AbsentKey | AbsentPlace => Ok(answer),
            Unsupported => Err(Error::Refused(Refusal::Unsupported { kind: self.spec.kind })),
            outcome => Err(Error::of(outcome)),
        }
    }

    /// Reads.
    pub(crate) async fn read(&mut self, query: Query) -> Result<Found, Error> {
        judge_query(self.spec, &query)?;
        let mut attempts = Attempts::new(self.patience);
        loop {
            if let Some(found) = attempts.settle(self.line.read(&query)).await? {
                return Ok(found);
            }
        }
    }

    /// Begins anew under a fresh client number.
    async fn reopen(&mut self) -> Result<(), Error> {
        self.id = ClientId(random_id());
        self.seq = Seq(0);
        match self.persist(Op::OpenSession).await? {
            Ended::Answered(answer) if answer.outcome == Outcome::SessionOpened => Ok(()),
            Ended::Answered(answer) => Err(Error::of(answer.outcome)),
            Ended::Unapplied(_) => Err(Error::SessionEvicted),
        }
    }

    async fn persist(&mut self, op: Op) -> Result<Ended, Error> {
        self.seq = self.seq.next();
        let write = Write {
            client: self.id,
            seq: self.seq,
            op,
        };
        let mut attempts = Attempts::new(self.patience);
        loop {
            let Some(answer) = attempts.settle(self.line.write(&write)).await? else {
                continue;
            };
            let is_first = attempts.failed == 0;
            return Ok(match answer.outcome {
                Outcome::NoSession if is_first => Ended::Unapplied(write.op),
                _ => Ended::Answered(answer),
            });
        }
    }
}

/// How the attempts at a write ended.
enum Ended {
    Answered(Answer),
    /// The session was evicted before the first attempt.
    Unapplied(Op),
}

/// The attempts at one request, with pauses between them.
pub(crate) struct Attempts {
    began: Instant,
    patience: Duration,
    failed: u32,
    /// The last attempt may have had next to no time; the one before it says more.
    before: Option<ClientError>,
}

impl Attempts {
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            began: Instant::now(),
            patience,
            failed: 0,
            before: None,
        }
    }

    /// Makes an attempt: a result, or none if another attempt is to be made now.
    pub(crate) async fn settle<T>(
        &mut self,
        attempt: impl Future<Output = Result<T, LineError>>,
    ) -> Result<Option<T>, Error> {
        let left = self.patience.saturating_sub(self.began.elapsed());
        // A door that never answers is a broken connection like any other.
        let limit_ms = left.as_millis();
        let silent = |_| Err(ClientError::from(WireError::DialTimeout { limit_ms }).into());
        match timeout(left, attempt).await.unwrap_or_else(silent) {
            Ok(result) => Ok(Some(result)),
            Err(LineError::HostStopped) => Err(Error::HostStopped),
            Err(LineError::Client(error)) if error.is_passing() => self.pause(error).await,
            Err(LineError::Client(ClientError::Refused(refusal))) => Err(refusal.into()),
            Err(LineError::Client(error)) => Err(Error::unexpected(&error)),
        }
    }

    async fn pause<T>(&mut self, error: ClientError) -> Result<Option<T>, Error> {
        if self.began.elapsed() >= self.patience {
            return Err(Error::OutOfPatience {
                patience_ms: self.patience.as_millis(),
                last: self.before.take().unwrap_or(error),
            });
        }
        self.before = Some(error);
        sleep(redial_pause(self.failed)).await;
        self.failed += 1;
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
