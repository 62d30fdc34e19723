//! "Here I am": says `Enter` to one manager after the other, again and again, until one accepts and calls back.
//!
//! See [`crate::message::entry`]. A manager that does not own the membership refuses, and the next one is asked.

use std::{collections::BTreeMap, time::Duration};

use bytes::BytesMut;
use multicast::id::Incarnation;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpStream, lookup_host},
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_util::codec::Encoder;

use crate::{
    error::WireError,
    frame::FrameCodec,
    handshake::{self, Hello, Identity, Purpose},
    limits::{DIAL_TIMEOUT, REDIAL_PAUSE},
    link::next_frame,
    message::entry::{Enter, EnterReply, EntryRefused},
    traffic::Traffic,
};

/// How long an accepted process waits for the manager's call before it says `Enter` again.
const CALL_PATIENCE: Duration = Duration::from_secs(2);

/// Why saying `Enter` gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The manager's host has no address.
    #[error("{host} has no address: {reason}")]
    NoAddress {
        /// The host as the cluster file has it.
        host: String,
        /// The resolver's words.
        reason: String,
    },
    /// The connection failed.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// What a process says to get in, and to whom.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The managers' hosts and ports, tried in turn.
    pub managers: Vec<(String, u16)>,
    /// What is said.
    pub enter: Enter,
    /// Of the cluster: [`Identity::cluster`].
    pub cluster: u64,
}

/// What a manager answered.
#[derive(Debug)]
pub(super) struct Answered {
    /// Which life of it.
    pub(super) manager: Incarnation,
    pub(super) reply: EnterReply,
}

impl Entry {
    /// This process, as its handshakes name it.
    pub fn identity(&self) -> Identity {
        Identity {
            cluster: self.cluster,
            node: self.enter.node,
            incarnation: self.enter.incarnation,
        }
    }

    /// Says `Enter` until dropped. What keeps each manager from letting it in is logged when it is new; answers are
    /// handed to `answers`.
    pub(super) async fn repeat(self, answers: mpsc::Sender<Answered>) {
        let mut obstacles = Obstacles::default();
        for attempt in 0.. {
            let place = attempt as usize % self.managers.len();
            let (host, port) = &self.managers[place];
            match self.say(host, *port).await {
                Ok(answered) => {
                    let is_accepted = answered.reply == EnterReply::Accepted;
                    match &answered.reply {
                        // The owner is asked in its turn.
                        EnterReply::Refused(EntryRefused::NotOwner { .. }) if self.managers.len() > 1 => {}
                        EnterReply::Refused(refused) => obstacles.meet(place, refused.to_string()),
                        EnterReply::Accepted => {}
                    }
                    // A full or closed channel loses a repetition at most.
                    let _ = answers.try_send(answered);
                    if is_accepted {
                        sleep(CALL_PATIENCE).await;
                    }
                }
                Err(error) => obstacles.meet(place, format!("{host}:{port}: {error}")),
            }
            sleep(redial_pause(attempt)).await;
        }
    }

    /// Says `Enter` to one manager.
    async fn say(&self, host: &str, port: u16) -> Result<Answered, EntryError> {
        let no_address = |reason: String| EntryError::NoAddress {
            host: host.to_owned(),
            reason,
        };
        let addresses = lookup_host((host, port))
            .await
            .map_err(|error| no_address(error.to_string()))?;
        let mut failure = no_address("the name resolves to nothing".to_owned());
        for address in addresses {
            let hello = Hello {
                identity: self.identity(),
                purpose: Purpose::Entry,
            };
            match handshake::dial(address, &hello).await {
                Ok((manager, stream)) => {
                    let reply = ask(stream, &self.enter).await?;
                    return Ok(Answered { manager, reply });
                }
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }
}

/// What stands in the way at each manager, by its place in the list, as far as it is known.
#[derive(Debug, Default)]
struct Obstacles(BTreeMap<usize, String>);

impl Obstacles {
    /// Logs what stands in the way at this manager, unless it is what stood there before.
    fn meet(&mut self, manager: usize, reason: String) {
        if self.is_news(manager, &reason) {
            tracing::warn!(reason, "not in yet");
            self.0.insert(manager, reason);
        }
    }

    fn is_news(&self, manager: usize, reason: &str) -> bool {
        self.0.get(&manager).is_none_or(|known| known != reason)
    }
}

/// The pause before the attempt after number `attempt` (from 0): doubling, between the limits.
pub fn redial_pause(attempt: u32) -> Duration {
    let (first, longest) = REDIAL_PAUSE;
    first.saturating_mul(1 << attempt.min(16)).min(longest)
}

/// Sends the one frame and awaits the one answer.
async fn ask(mut stream: TcpStream, enter: &Enter) -> Result<EnterReply, WireError> {
    let mut buffer = BytesMut::new();
    FrameCodec::<()>::default().encode(enter, &mut buffer)?;
    stream.write_all(&buffer).await?;
    buffer.clear();
    let mut codec = FrameCodec::<EnterReply>::default();
    let traffic = Traffic::default();
    timeout(
        DIAL_TIMEOUT,
        next_frame(&mut stream, &mut codec, &mut buffer, &traffic),
    )
    .await
    .map_err(|_| WireError::DialTimeout {
        limit_ms: DIAL_TIMEOUT.as_millis(),
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_obstacle_is_news_once_at_each_manager_until_it_is_another_one() {
        let mut obstacles = Obstacles::default();
        let met = [
            (0, "lost"),
            (1, "refused"),
            (0, "lost"),
            (1, "refused"),
            (0, "busy"),
            (0, "lost"),
        ];
        let news = met.map(|(manager, reason)| {
            let is_news = obstacles.is_news(manager, reason);
            obstacles.meet(manager, reason.to_owned());
            is_news
        });
        assert_eq!(news, [true, true, false, false, true, true]);
    }
}
