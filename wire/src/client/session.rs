//! Writes to one group that survive crashes: the same sequence number is sent again until it is answered, and
//! the structure applies it once.

use std::time::Duration;

use multicast::id::GroupId;
use structures::op::{Answer, Op};

use super::{ClientError, Directory, Pipeline, connection::unexpected};
use crate::message::client::ReplyBody;

/// One client's session with one group. One write at a time.
#[derive(Debug)]
pub struct Session(Pipeline);

impl Session {
    /// Opens a session with the group.
    ///
    /// # Errors
    /// A refusal that does not pass, or `OutOfPatience` after `patience`, which is also how long each write is
    /// tried.
    pub async fn open(directory: Directory, group: GroupId, patience: Duration) -> Result<Self, ClientError> {
        Pipeline::open(directory, group, 1, patience).await.map(Self)
    }

    /// Writes; retries what may pass (a crash, a view change, a recovery) with the same sequence number.
    ///
    /// # Errors
    /// A refusal that does not pass (nothing changed), or `OutOfPatience` (outcome unknown).
    pub async fn write(&mut self, op: Op) -> Result<Answer, ClientError> {
        // Of a call that was dropped half way nobody wants the answer any more.
        self.0.abandon();
        self.0.write(op);
        let (_, answer) = self.0.next().await.expect("one write is under way");
        match answer? {
            ReplyBody::Written(answer) => Ok(answer),
            other => Err(unexpected("write", &other)),
        }
    }
}

#[cfg(test)]
mod tests;
