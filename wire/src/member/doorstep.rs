//! Accepts connections and takes each through its handshake, several at a time.
//!
//! Invariant: a caller that is silent or talks nonsense costs one of [`MAX_HANDSHAKES`] places for at most the
//! handshake's time limit, and nothing else.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::sleep,
};

use crate::handshake::{self, Identity, Peer, Purpose};

/// Handshakes that may be under way at once; further callers wait in the listener's backlog.
pub const MAX_HANDSHAKES: usize = 256;

/// Finished handshakes that may wait for the process to look at them.
const WAITING_CALLERS: usize = 64;
/// Pause after an accept that failed, which means that the process is out of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// The callers of a listening process, past their handshakes.
#[derive(Debug)]
pub struct Doorstep {
    callers: mpsc::Receiver<(Peer, TcpStream)>,
}

impl Doorstep {
    /// Starts accepting; stops when dropped.
    pub fn open(listener: TcpListener, identity: Identity, serves: &'static [Purpose]) -> Self {
        let (past, callers) = mpsc::channel(WAITING_CALLERS);
        tokio::spawn(accept(
            listener,
            Handshakes {
                identity,
                serves,
                past,
            },
        ));
        Self { callers }
    }

    /// The next caller. Cancel-safe.
    pub async fn next(&mut self) -> (Peer, TcpStream) {
        match self.callers.recv().await {
            Some(caller) => caller,
            // The accepting task ends only with this receiver.
            None => std::future::pending().await,
        }
    }
}

#[derive(Clone)]
struct Handshakes {
    identity: Identity,
    serves: &'static [Purpose],
    past: mpsc::Sender<(Peer, TcpStream)>,
}

impl Handshakes {
    async fn run(self, stream: TcpStream, _place: OwnedSemaphorePermit) {
        match handshake::accept(stream, &self.identity, self.serves).await {
            // An error here means that the process is stopping.
            Ok(caller) => drop(self.past.send(caller).await),
            Err(error) => tracing::warn!(%error, "a caller was turned away"),
        }
    }
}

async fn accept(listener: TcpListener, handshakes: Handshakes) {
    let places = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    loop {
        let place = Arc::clone(&places)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = handshakes.past.closed() => return,
        };
        match accepted {
            Ok((stream, _)) => drop(tokio::spawn(handshakes.clone().run(stream, place))),
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
