//! A member's side of the kept connection from its manager, and the way back in when there is none.
//!
//! ```text
//! entering --called--> linked --ended, silent or reenter()--> entering
//! ```
//!
//! While linked: a heartbeat out every interval; a manager that says nothing for the suspicion time is let go.
//! Losing the manager stops nothing but changes of membership; what else it means is the role's to decide.
//!
//! Invariant: at most one link; whatever an older one still delivers is dropped.

use std::{sync::Arc, time::Duration};

use multicast::id::Incarnation;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::AbortHandle,
    time::{Instant, Interval, MissedTickBehavior, interval},
};

use super::entry::Entry;
use crate::{
    handshake::Peer,
    limits::INBOX_EVENTS,
    link::{Link, LinkEvent},
    message::entry::EntryRefused,
    traffic::Traffic,
};

/// How often a member shows that it lives, and when a silent peer is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two heartbeats.
    pub heartbeat: Duration,
    /// Longest silence; several heartbeats.
    pub suspicion: Duration,
}

/// What comes from the manager's side.
#[derive(Debug)]
pub enum ManagerEvent<In> {
    /// The manager speaks.
    Message(In),
    /// Its link ended or fell silent; entering goes on by itself.
    Lost,
    /// It does not let us in (yet); entering goes on by itself.
    Refused(EntryRefused),
}

/// See the module's documentation.
#[derive(Debug)]
pub struct ManagerPort<In, Out> {
    entry: Entry,
    heartbeat: Out,
    suspicion: Duration,
    ticks: Interval,
    link: Option<Link<Out>>,
    /// The life of the manager behind the link.
    caller: Incarnation,
    /// The number of the current link, counted from 1; events carry their link's.
    number: u64,
    heard: Instant,
    /// The link was given up while sending, which is still to be reported.
    given_up: bool,
    entering: Option<Entering>,
    deliver: mpsc::Sender<(u64, LinkEvent<In>)>,
    inbox: mpsc::Receiver<(u64, LinkEvent<In>)>,
    refuse: mpsc::Sender<EntryRefused>,
    refusals: mpsc::Receiver<EntryRefused>,
    traffic: Arc<Traffic>,
}

/// The task that says `Enter`; ends when dropped.
#[derive(Debug)]
struct Entering(AbortHandle);

impl Drop for Entering {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<In, Out> ManagerPort<In, Out>
where
    In: DeserializeOwned + Send + 'static,
    Out: Serialize + Clone + Send + Sync + 'static,
{
    /// Starts entering. `heartbeat` is the message that says "alive".
    pub fn enter(entry: Entry, timing: Timing, heartbeat: Out) -> Self {
        let (deliver, inbox) = mpsc::channel(INBOX_EVENTS);
        let (refuse, refusals) = mpsc::channel(1);
        let mut ticks = interval(timing.heartbeat);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut port = Self {
            entry,
            heartbeat,
            suspicion: timing.suspicion,
            ticks,
            link: None,
            caller: Incarnation(0),
            number: 0,
            heard: Instant::now(),
            given_up: false,
            entering: None,
            deliver,
            inbox,
            refuse,
            refusals,
            traffic: Arc::default(),
        };
        port.reenter();
        port
    }

    /// Takes the manager's call; its own earlier link is replaced. While a manager is in touch, another caller
    /// is turned away: whoever really owns the view comes when that link ends or falls silent.
    pub fn called(&mut self, peer: &Peer, stream: TcpStream) {
        if self.link.is_some() && self.caller != peer.identity.incarnation {
            tracing::warn!(caller = %peer.address, "another manager is in touch; the caller is turned away");
            return;
        }
        self.caller = peer.identity.incarnation;
        self.given_up = false;
        tracing::info!(manager = %peer.address, "the manager called");
        self.entering = None;
        self.number += 1;
        self.heard = Instant::now();
        let (number, deliver) = (self.number, self.deliver.clone());
        self.link = Some(Link::start(stream, Arc::clone(&self.traffic), move |event| {
            let deliver = deliver.clone();
            async move { deliver.send((number, event)).await.is_ok() }
        }));
    }

    /// Lets the manager's link go, if there is one, and asks to be let in again.
    pub fn reenter(&mut self) {
        self.link = None;
        if self.entering.is_none() {
            let task = tokio::spawn(self.entry.clone().repeat(self.refuse.clone()));
            self.entering = Some(Entering(task.abort_handle()));
        }
    }

    /// Says something to the manager; nothing happens while there is no link, for a manager that calls again
    /// begins anew.
    pub fn send(&mut self, message: Out) {
        let Some(link) = &self.link else { return };
        if let Err(error) = link.send(message) {
            tracing::warn!(%error, "the manager is lost");
            self.reenter();
            self.given_up = true;
        }
    }

    /// The next event. Cancel-safe.
    pub async fn next(&mut self) -> ManagerEvent<In> {
        loop {
            if std::mem::take(&mut self.given_up) {
                return ManagerEvent::Lost;
            }
            tokio::select! {
                Some((number, event)) = self.inbox.recv() => {
                    if number == self.number && self.link.is_some() {
                        return self.take(event);
                    }
                }
                Some(refused) = self.refusals.recv() => {
                    if self.link.is_none() {
                        return ManagerEvent::Refused(refused);
                    }
                }
                _ = self.ticks.tick() => {
                    if self.is_silent() {
                        tracing::warn!(silent = ?self.heard.elapsed(), "the manager is silent");
                        self.reenter();
                        return ManagerEvent::Lost;
                    }
                    self.send(self.heartbeat.clone());
                }
            }
        }
    }

    fn take(&mut self, event: LinkEvent<In>) -> ManagerEvent<In> {
        match event {
            LinkEvent::Message(message) => {
                self.heard = Instant::now();
                ManagerEvent::Message(message)
            }
            LinkEvent::Ended(error) => {
                tracing::warn!(%error, "the manager's link ended");
                self.reenter();
                ManagerEvent::Lost
            }
        }
    }

    fn is_silent(&self) -> bool {
        self.link.is_some() && self.heard.elapsed() > self.suspicion
    }
}
