//! Writes to one group that survive crashes: the same sequence number is sent again until it is answered, and
//! the structure applies it once.

use std::time::Duration;

use multicast::id::{ClientId, GroupId, Seq};
use structures::op::{Answer, Op, Write};
use tokio::time::{Instant, sleep, timeout};

use super::{Client, ClientError, Directory};
use crate::{WireError, member::redial_pause, process::random_id};

/// One client's session with one group. One write at a time.
#[derive(Debug)]
pub struct Session {
    directory: Directory,
    group: GroupId,
    id: ClientId,
    /// The last sequence number used.
    seq: Seq,
    client: Option<Client>,
    patience: Duration,
}

impl Session {
    /// Opens a session with the group.
    ///
    /// # Errors
    /// A refusal that does not pass, or `OutOfPatience` after `patience`, which is also how long each write is
    /// tried.
    pub async fn open(directory: Directory, group: GroupId, patience: Duration) -> Result<Self, ClientError> {
        let id = ClientId(random_id());
        let mut session = Self {
            directory,
            group,
            id,
            seq: Seq(0),
            client: None,
            patience,
        };
        session.write(Op::OpenSession).await?;
        Ok(session)
    }

    /// Writes; retries what may pass (a crash, a view change, a recovery) with the same sequence number.
    ///
    /// # Errors
    /// A refusal that does not pass (nothing changed), or `OutOfPatience` (outcome unknown).
    pub async fn write(&mut self, op: Op) -> Result<Answer, ClientError> {
        self.seq = self.seq.next();
        let write = Write {
            client: self.id,
            seq: self.seq,
            op,
        };
        let began = Instant::now();
        let mut attempt = 0;
        let mut before = None;
        loop {
            let left = self.patience.saturating_sub(began.elapsed());
            // A door that takes a write and never answers is a broken connection like any other.
            let limit_ms = left.as_millis();
            let silent = |_| Err(WireError::DialTimeout { limit_ms }.into());
            match timeout(left, self.try_write(&write)).await.unwrap_or_else(silent) {
                Err(error) if !error.is_passing() => return Err(error),
                Err(error) if began.elapsed() >= self.patience => {
                    let patience_ms = self.patience.as_millis();
                    // The last attempt had next to no time; the one before it says more.
                    let last = Box::new(before.unwrap_or(error));
                    return Err(ClientError::OutOfPatience { patience_ms, last });
                }
                Err(error) => {
                    before = Some(error);
                    self.client = None;
                    sleep(redial_pause(attempt)).await;
                    attempt += 1;
                }
                Ok(answer) => return Ok(answer),
            }
        }
    }

    async fn try_write(&mut self, write: &Write) -> Result<Answer, ClientError> {
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(self.directory.door(self.group).await?),
        };
        client.write(self.group, write.clone()).await
    }
}

#[cfg(test)]
mod tests;
