//! A client that writes to several groups at once, one write after another, each until it is answered.

use std::time::Duration;

use bench::history::{Asked, ClientRecord, Part};
use multicast::id::{ClientId, GroupId, Seq};
use structures::op::Op;
use tokio::time::{Instant, sleep, timeout};
use wire::{
    client::{Client, ClientError, Directory},
    member::redial_pause,
    message::client::{ReplyBody, WriteTogether},
    process::random_id,
};

/// Operations on several groups, to take effect at one moment.
pub type Parts = Vec<(GroupId, Vec<Op>)>;

/// Its session with all groups.
pub struct TogetherClient {
    directory: Directory,
    patience: Duration,
    client: Option<Client>,
    id: ClientId,
    next: Seq,
    record: ClientRecord,
}

impl TogetherClient {
    /// Opens a session with each of the groups; each write is tried for that long.
    pub async fn open(
        directory: Directory,
        groups: &[GroupId],
        patience: Duration,
        record: ClientRecord,
    ) -> Result<Self, ClientError> {
        let mut client = Self {
            directory,
            patience,
            client: None,
            id: ClientId(random_id()),
            next: Seq(1),
            record,
        };
        let opening = groups.iter().map(|group| (*group, vec![Op::OpenSession]));
        client.persist(opening.collect()).await?;
        Ok(client)
    }

    /// Writes; the answers are in the history, and whether there are any is told.
    pub async fn write(&mut self, parts: Parts) -> bool {
        let asked = parts.iter().flat_map(|(group, ops)| {
            let part = |op: &Op| Part {
                group: *group,
                asked: Asked::Write(op.clone()),
            };
            ops.iter().map(part)
        });
        let call = self.record.call_together(asked.collect());
        let answer = self.persist(parts).await;
        self.record
            .answered(call, &answer)
            .expect("the history is written");
        answer.is_ok()
    }

    /// Sends the same until it is answered, to the next manager where one does not.
    async fn persist(&mut self, parts: Parts) -> Result<ReplyBody, ClientError> {
        let operations = parts.iter().map(|(_, ops)| ops.len() as u64).max();
        let (client, seq) = (self.id, self.next);
        self.next = Seq(seq.0 + operations.unwrap_or(0));
        let write = WriteTogether { client, seq, parts };
        let began = Instant::now();
        for attempt in 0.. {
            match self.attempt(&write).await {
                Err(error) if error.is_passing() && began.elapsed() < self.patience => {
                    self.client = None;
                    self.directory.turn_away();
                    sleep(redial_pause(attempt)).await;
                }
                ended => return ended,
            }
        }
        unreachable!("it is tried until it ends")
    }

    async fn attempt(&mut self, write: &WriteTogether) -> Result<ReplyBody, ClientError> {
        let limit = self.directory.silence().unwrap_or(self.patience);
        let attempt = async {
            let client = match &mut self.client {
                Some(client) => client,
                none => none.insert(self.directory.manager().await?),
            };
            client.write_together(write.clone()).await
        };
        let silent = |_| {
            let reason = "it is silent".to_owned();
            Err(ClientError::NoDoor { reason })
        };
        let answers = timeout(limit, attempt).await.unwrap_or_else(silent)?;
        Ok(ReplyBody::WrittenTogether(answers))
    }
}
