//! "Here I am": says `Enter` to the manager, again and again, until it calls back.
//!
//! See [`crate::message::entry`]. Several managers are tried in turn.

use std::time::Duration;

use bytes::BytesMut;
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

impl Entry {
    /// This process, as its handshakes name it.
    pub fn identity(&self) -> Identity {
        Identity {
            cluster: self.cluster,
            node: self.enter.node,
            incarnation: self.enter.incarnation,
        }
    }

    /// Says `Enter` until dropped. Each refusal is logged when it is new, and handed to `refusals`.
    pub(super) async fn repeat(self, refusals: mpsc::Sender<EntryRefused>) {
        let mut told = String::new();
        let mut tell = |words: String| {
            if words != told {
                tracing::warn!(reason = %words, "not in yet");
                told = words;
            }
        };
        for attempt in 0.. {
            let (host, port) = &self.managers[attempt as usize % self.managers.len()];
            match self.say(host, *port).await {
                Ok(EnterReply::Accepted) => sleep(CALL_PATIENCE).await,
                Ok(EnterReply::Refused(refused)) => {
                    tell(refused.to_string());
                    // A full or closed channel loses a repetition at most.
                    let _ = refusals.try_send(refused);
                }
                Err(error) => tell(format!("{host}:{port}: {error}")),
            }
            sleep(redial_pause(attempt)).await;
        }
    }

    /// Says `Enter` to one manager.
    async fn say(&self, host: &str, port: u16) -> Result<EnterReply, EntryError> {
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
                Ok((_, stream)) => return Ok(ask(stream, &self.enter).await?),
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
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
