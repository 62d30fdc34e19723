//! Processes at the door: reads one `Enter`, hands it in, writes the answer, closes.

use std::{collections::HashMap, net::SocketAddr};

use bytes::BytesMut;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::codec::Encoder;
use wire::{
    Peer, Traffic, WireError,
    frame::FrameCodec,
    limits::HANDSHAKE_TIMEOUT,
    link::next_frame,
    message::entry::{Enter, EnterReply},
};

use crate::{coordinator::EntryTicket, inbox::Inbox};

/// The longest `Enter` frame; real ones have about 40 bytes.
const MAX_ENTER_BYTES: usize = 4096;

/// Who waits for an answer.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    waiting: HashMap<EntryTicket, oneshot::Sender<EnterReply>>,
    next: u64,
}

impl Entries {
    /// Serves one caller in a task of its own; [`Inbox::Entry`] follows.
    pub(crate) fn serve(peer: Peer, stream: TcpStream, inbox: mpsc::Sender<Inbox>) {
        tokio::spawn(async move {
            if let Err(error) = serve(peer, stream, inbox).await {
                tracing::warn!(caller = %peer.address, %error, "an entry came to nothing");
            }
        });
    }

    /// Notes who is to be answered.
    pub(crate) fn admit(&mut self, answer: oneshot::Sender<EnterReply>) -> EntryTicket {
        self.next += 1;
        let ticket = EntryTicket(self.next);
        self.waiting.insert(ticket, answer);
        ticket
    }

    /// Answers.
    pub(crate) fn answer(&mut self, ticket: EntryTicket, reply: EnterReply) {
        if let Some(answer) = self.waiting.remove(&ticket) {
            // A caller that did not wait for its answer will call again.
            drop(answer.send(reply));
        }
    }
}

async fn serve(peer: Peer, mut stream: TcpStream, inbox: mpsc::Sender<Inbox>) -> Result<(), WireError> {
    let mut codec = FrameCodec::<Enter>::with_limit(MAX_ENTER_BYTES);
    let mut buffer = BytesMut::new();
    let traffic = Traffic::default();
    let silent = |_| WireError::HandshakeSilent {
        limit_ms: HANDSHAKE_TIMEOUT.as_millis(),
    };
    let frame = next_frame(&mut stream, &mut codec, &mut buffer, &traffic);
    let mut enter = timeout(HANDSHAKE_TIMEOUT, frame).await.map_err(silent)??;
    enter.addresses.peers = reachable(enter.addresses.peers, peer.address);
    enter.addresses.clients = reachable(enter.addresses.clients, peer.address);
    let (answer, answered) = oneshot::channel();
    let handed_in = inbox.send(Inbox::Entry(enter, answer)).await.is_ok();
    let (true, Ok(reply)) = (handed_in, answered.await) else {
        return Err(WireError::Closed);
    };
    buffer.clear();
    codec.encode(&reply, &mut buffer)?;
    stream.write_all(&buffer).await?;
    Ok(())
}

/// An unspecified host stands for the host that the caller calls from.
fn reachable(listens: SocketAddr, calls_from: SocketAddr) -> SocketAddr {
    if listens.ip().is_unspecified() {
        SocketAddr::new(calls_from.ip(), listens.port())
    } else {
        listens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unspecified_host_stands_for_the_one_that_calls() {
        let from: SocketAddr = "10.1.2.3:999".parse().expect("an address");
        let any: SocketAddr = "0.0.0.0:4000".parse().expect("an address");
        let own: SocketAddr = "10.9.9.9:4000".parse().expect("an address");
        assert_eq!(reachable(any, from).to_string(), "10.1.2.3:4000");
        assert_eq!(reachable(own, from), own);
    }
}
