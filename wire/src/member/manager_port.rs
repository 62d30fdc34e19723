//! A member's side of the kept connections from its managers, and the way back in when one is missing.
//!
//! ```text
//! entering --an accepting manager called--> in touch --a link ended, fell silent, or reenter()--> entering
//! ```
//!
//! While linked: a heartbeat out every interval; a manager that says nothing for the suspicion time is let go.
//! Losing a manager stops nothing but changes of membership; what else it means is the role's to decide.
//! Which manager owns the membership is not known here: after the loss of any, `Enter` is said to one after
//! the other until one accepts whose call is here.
//!
//! Invariant: at most one link for each manager; whatever an older one still delivers is dropped.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use multicast::id::{Incarnation, NodeId};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::AbortHandle,
    time::{Instant, Interval, MissedTickBehavior, interval},
};

use super::entry::{Answered, Entry};
use crate::{
    handshake::Peer,
    limits::INBOX_EVENTS,
    link::{Link, LinkEvent},
    message::entry::{EnterReply, EntryRefused},
    traffic::Traffic,
};

/// Answers to `Enter` that may wait; one that finds no room is got again.
const WAITING_ANSWERS: usize = 4;

/// How often a member shows that it lives, and when a silent peer is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two heartbeats.
    pub heartbeat: Duration,
    /// Longest silence; several heartbeats.
    pub suspicion: Duration,
}

/// Which managers a member listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Every one that calls: each of them may send.
    Every,
    /// The one that let it in; while that one is in touch, another caller is turned away.
    One,
}

/// What comes from the managers' side.
#[derive(Debug)]
pub enum ManagerEvent<In> {
    /// This life of a manager called; whatever an earlier link of it was told may have got lost.
    Called(Incarnation),
    /// A manager speaks.
    Message(Incarnation, In),
    /// Its link ended or fell silent; entering goes on by itself.
    Lost(Incarnation),
    /// A manager does not let us in (yet); entering goes on by itself.
    Refused(EntryRefused),
}

/// One manager in touch.
#[derive(Debug)]
struct ManagerLink<Out> {
    node: NodeId,
    /// The number of the link, counted from 1; events carry their link's.
    number: u64,
    heard: Instant,
    link: Link<Out>,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct ManagerPort<In, Out> {
    entry: Entry,
    callers: Callers,
    heartbeat: Out,
    suspicion: Duration,
    ticks: Interval,
    links: BTreeMap<Incarnation, ManagerLink<Out>>,
    links_so_far: u64,
    /// Still to be reported.
    due: VecDeque<ManagerEvent<In>>,
    entering: Option<Entering>,
    /// The life that accepted last, since entering began.
    accepted: Option<Incarnation>,
    deliver: mpsc::Sender<(Incarnation, u64, LinkEvent<In>)>,
    inbox: mpsc::Receiver<(Incarnation, u64, LinkEvent<In>)>,
    answer: mpsc::Sender<Answered>,
    answers: mpsc::Receiver<Answered>,
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
    pub fn enter(entry: Entry, callers: Callers, timing: Timing, heartbeat: Out) -> Self {
        let (deliver, inbox) = mpsc::channel(INBOX_EVENTS);
        let (answer, answers) = mpsc::channel(WAITING_ANSWERS);
        let mut ticks = interval(timing.heartbeat);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut port = Self {
            entry,
            callers,
            heartbeat,
            suspicion: timing.suspicion,
            ticks,
            links: BTreeMap::new(),
            links_so_far: 0,
            due: VecDeque::new(),
            entering: None,
            accepted: None,
            deliver,
            inbox,
            answer,
            answers,
            traffic: Arc::default(),
        };
        port.begin_entering();
        port
    }

    /// Takes a manager's call; its own earlier link is replaced, and so is that of an earlier life of it.
    /// [`ManagerEvent::Called`] follows.
    pub fn called(&mut self, peer: &Peer, stream: TcpStream) {
        let (life, node) = (peer.identity.incarnation, peer.identity.node);
        let others = self.links.keys().any(|other| *other != life);
        if self.callers == Callers::One && others {
            tracing::warn!(caller = %peer.address, "another manager is in touch; the caller is turned away");
            return;
        }
        tracing::info!(manager = %peer.address, "a manager called");
        let is_earlier =
            |(other, link): &(&Incarnation, &ManagerLink<Out>)| **other != life && link.node == node;
        let earlier = self.links.iter().filter(is_earlier);
        let earlier: Vec<Incarnation> = earlier.map(|(life, _)| *life).collect();
        earlier.into_iter().for_each(|earlier| self.let_go(earlier));
        self.links_so_far += 1;
        let (number, deliver) = (self.links_so_far, self.deliver.clone());
        let link = Link::start(stream, Arc::clone(&self.traffic), move |event| {
            let deliver = deliver.clone();
            async move { deliver.send((life, number, event)).await.is_ok() }
        });
        let heard = Instant::now();
        self.links.insert(
            life,
            ManagerLink {
                node,
                number,
                heard,
                link,
            },
        );
        self.due.push_back(ManagerEvent::Called(life));
        self.end_entering_if_in();
    }

    /// Whether any manager is in touch.
    pub fn is_in_touch(&self) -> bool {
        !self.links.is_empty()
    }

    /// Lets all managers' links go, unreported, and asks to be let in again.
    pub fn reenter(&mut self) {
        self.links.clear();
        self.due.clear();
        self.begin_entering();
    }

    /// Says something to a manager; nothing happens while there is no link, for a manager that calls again
    /// begins anew.
    pub fn send(&mut self, to: Incarnation, message: Out) {
        let Some(manager) = self.links.get(&to) else {
            return;
        };
        if let Err(error) = manager.link.send(message) {
            tracing::warn!(%error, "a manager is lost");
            self.let_go(to);
        }
    }

    /// Says something to every manager in touch.
    pub fn send_to_all(&mut self, message: &Out) {
        let managers: Vec<Incarnation> = self.links.keys().copied().collect();
        managers
            .into_iter()
            .for_each(|manager| self.send(manager, message.clone()));
    }

    /// The next event. Cancel-safe.
    pub async fn next(&mut self) -> ManagerEvent<In> {
        loop {
            if let Some(event) = self.due.pop_front() {
                return event;
            }
            tokio::select! {
                Some((manager, number, event)) = self.inbox.recv() => self.take(manager, number, event),
                Some(answered) = self.answers.recv() => self.take_answer(answered),
                _ = self.ticks.tick() => self.on_tick(),
            }
        }
    }

    fn take(&mut self, manager: Incarnation, number: u64, event: LinkEvent<In>) {
        let Some(link) = self.links.get_mut(&manager).filter(|link| link.number == number) else {
            return;
        };
        match event {
            LinkEvent::Message(message) => {
                link.heard = Instant::now();
                self.due.push_back(ManagerEvent::Message(manager, message));
            }
            LinkEvent::Ended(error) => {
                tracing::warn!(%error, "a manager's link ended");
                self.let_go(manager);
            }
        }
    }

    fn take_answer(&mut self, answered: Answered) {
        if self.entering.is_none() {
            return;
        }
        match answered.reply {
            EnterReply::Accepted => {
                self.accepted = Some(answered.manager);
                self.end_entering_if_in();
            }
            // The owner is asked in its turn.
            EnterReply::Refused(EntryRefused::NotOwner { .. }) => {}
            EnterReply::Refused(refused) => self.due.push_back(ManagerEvent::Refused(refused)),
        }
    }

    fn on_tick(&mut self) {
        let silent: Vec<Incarnation> = self
            .links
            .iter()
            .filter(|(_, link)| link.heard.elapsed() > self.suspicion)
            .map(|(manager, _)| *manager)
            .collect();
        for manager in silent {
            tracing::warn!(limit = ?self.suspicion, "a manager is silent");
            self.let_go(manager);
        }
        self.send_to_all(&self.heartbeat.clone());
    }

    fn let_go(&mut self, manager: Incarnation) {
        if self.links.remove(&manager).is_some() {
            self.due.push_back(ManagerEvent::Lost(manager));
            self.begin_entering();
        }
    }

    fn begin_entering(&mut self) {
        self.accepted = None;
        // Anew even if it was under way: it may be waiting for a call of the very manager that is gone.
        let task = tokio::spawn(self.entry.clone().repeat(self.answer.clone()));
        self.entering = Some(Entering(task.abort_handle()));
    }

    /// A manager that accepts may be in touch already, and one that follows calls without having been asked.
    fn end_entering_if_in(&mut self) {
        let is_in = match self.callers {
            Callers::One => self.is_in_touch(),
            Callers::Every => self.accepted.is_some_and(|life| self.links.contains_key(&life)),
        };
        if is_in {
            self.entering = None;
        }
    }
}

#[cfg(test)]
mod tests;
