//! The links to the other managers of the cluster: one for each pair, watched for silence.
//!
//! ```text
//! a manager with a larger section number --calls--> one with a smaller    heartbeats both ways
//! ```
//!
//! A manager's life is its name here. That a link is down is a suspicion and no more; what it means is the core's
//! to decide. Whoever was called is called again when the link is over, until this process ends.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use multicast::id::{Epoch, Incarnation};
use tokio::{
    net::{TcpStream, lookup_host},
    sync::{mpsc, oneshot},
    task::AbortHandle,
    time::{Instant, sleep},
};
use wire::{
    Hello, Identity, Link, LinkEvent, Purpose, Traffic, WireError, handshake, member::redial_pause,
    message::fellow::ManagerBeat,
};

use crate::{
    coordinator::Event,
    detector::{Attention, Detector, Expectations},
    inbox::Inbox,
};

/// One other manager in touch.
#[derive(Debug)]
struct Fellow {
    /// The number of the link; events carry their link's.
    number: u64,
    link: Link<ManagerBeat>,
    detector: Detector,
    /// Dropped with the link, so that whoever called it calls again.
    _over: Option<oneshot::Sender<()>>,
}

/// All links to other managers. See the module's words.
#[derive(Debug)]
pub(crate) struct Fellows {
    own: Incarnation,
    links: BTreeMap<Incarnation, Fellow>,
    links_so_far: u64,
    expected: Expectations,
    /// The moment that the detectors count from.
    began: Instant,
    attention: Attention,
    inbox: mpsc::Sender<Inbox>,
    callers: Vec<AbortHandle>,
}

impl Drop for Fellows {
    fn drop(&mut self) {
        self.callers.iter().for_each(AbortHandle::abort);
    }
}

impl Fellows {
    /// Starts calling the managers that listen there.
    pub(crate) fn call(
        identity: Identity,
        places: &[(String, u16)],
        expected: Expectations,
        inbox: mpsc::Sender<Inbox>,
    ) -> Self {
        let hello = Hello {
            identity,
            purpose: Purpose::Fellow,
        };
        let call = |place: &(String, u16)| {
            tokio::spawn(keep_calling(place.clone(), hello, inbox.clone())).abort_handle()
        };
        Self {
            own: identity.incarnation,
            callers: places.iter().map(call).collect(),
            links: BTreeMap::new(),
            links_so_far: 0,
            expected,
            began: Instant::now(),
            attention: Attention::new(expected, Duration::ZERO),
            inbox,
        }
    }

    /// Takes a stream past its handshake; an earlier link to the same life is replaced.
    pub(crate) fn link(
        &mut self,
        life: Incarnation,
        stream: TcpStream,
        over: Option<oneshot::Sender<()>>,
    ) -> Option<Event> {
        if life == self.own {
            return None;
        }
        self.links_so_far += 1;
        let (number, inbox) = (self.links_so_far, self.inbox.clone());
        let traffic = Arc::new(Traffic::default());
        let link = Link::start(stream, traffic, move |event| {
            let inbox = inbox.clone();
            let link = number;
            async move { inbox.send(Inbox::Fellow { life, link, event }).await.is_ok() }
        });
        let fellow = Fellow {
            number,
            link,
            detector: Detector::new(self.expected, self.began.elapsed()),
            _over: over,
        };
        self.links.insert(life, fellow);
        Some(Event::ManagerLinked(life))
    }

    /// What a link's word or end means; nothing for a link that was replaced, or for a mere sign of life.
    pub(crate) fn take(
        &mut self,
        life: Incarnation,
        number: u64,
        event: LinkEvent<ManagerBeat>,
    ) -> Option<Event> {
        let now = self.began.elapsed();
        let fellow = self.links.get_mut(&life).filter(|link| link.number == number)?;
        match event {
            LinkEvent::Message(ManagerBeat { stuck_in }) => {
                fellow.detector.heard(now);
                stuck_in.map(Event::ManagerStuck)
            }
            LinkEvent::Ended(error) => {
                tracing::warn!(manager = %life, %error, "another manager's link ended");
                self.links.remove(&life);
                Some(Event::ManagerLost(life))
            }
        }
    }

    /// Tells the others that messages of ours cannot be finished in this epoch.
    pub(crate) fn ask_to_seal(&mut self, epoch: Epoch) {
        let stuck_in = Some(epoch);
        for fellow in self.links.values() {
            // A link that does not take it is over, and its end is an event of its own.
            drop(fellow.link.send(ManagerBeat { stuck_in }));
        }
    }

    /// Tells everyone that this manager lives; lets those go that were silent for too long. One that was itself
    /// held up has not listened meanwhile, and believes in everyone anew.
    pub(crate) fn heartbeat(&mut self) -> Vec<Event> {
        let now = self.began.elapsed();
        let held_up = self.attention.listens(now).is_some();
        let mut lost = Vec::new();
        for (life, fellow) in &mut self.links {
            if held_up {
                fellow.detector.excuse(now);
            }
            let is_gone = fellow.link.send(ManagerBeat { stuck_in: None }).is_err();
            if is_gone || fellow.detector.is_suspect(now) {
                lost.push(*life);
            }
        }
        for life in &lost {
            tracing::warn!(manager = %life, "another manager is silent");
            self.links.remove(life);
        }
        lost.into_iter().map(Event::ManagerLost).collect()
    }
}

/// Calls, and calls again when the link is over; ends with the inbox.
async fn keep_calling(place: (String, u16), hello: Hello, inbox: mpsc::Sender<Inbox>) {
    let mut attempt = 0;
    loop {
        match call_once(&place, &hello).await {
            Ok((life, _)) if life == hello.identity.incarnation => return, // our own place
            Ok((life, stream)) => {
                let (over, is_over) = oneshot::channel();
                if inbox
                    .send(Inbox::FellowCalled { life, stream, over })
                    .await
                    .is_err()
                {
                    return;
                }
                // It is over when its sender is dropped.
                drop(is_over.await);
                attempt = 0;
            }
            Err(error) => {
                tracing::debug!(host = %place.0, port = place.1, %error, "another manager does not answer");
                attempt += 1;
            }
        }
        sleep(redial_pause(attempt)).await;
    }
}

async fn call_once(place: &(String, u16), hello: &Hello) -> Result<(Incarnation, TcpStream), WireError> {
    let mut failure = WireError::Closed;
    for address in lookup_host((place.0.as_str(), place.1)).await? {
        match handshake::dial(address, hello).await {
            Ok(called) => return Ok(called),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
