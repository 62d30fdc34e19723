//! Callers within the process that hosts the primary: beside the connections, with the same requests and the
//! same rules.
//!
//! ```text
//! LocalLine --LocalCall--> Locals --Event::Client--> Primary --Reply--> Locals --all replies--> LocalLine
//! ```
//!
//! Invariant: every call is answered once, with all its replies, or its answer's sender is dropped: what became
//! of it is then not known, as when a connection ends.

use std::{collections::BTreeMap, future::pending};

use tokio::sync::{mpsc, oneshot, watch};
use wire::{
    limits::INBOX_EVENTS,
    message::{
        client::{ReplyBody, RequestBody},
        entry::EntryRefused,
    },
};

use crate::door::Caller;

/// The number of no connection: those count from 1.
const LOCAL: u64 = 0;

/// A request, and where its replies go.
#[derive(Debug)]
pub(crate) struct LocalCall {
    /// What is asked.
    pub(crate) body: RequestBody,
    /// One reply, or the pieces of a read.
    pub(crate) answer: oneshot::Sender<Vec<ReplyBody>>,
}

/// A host's end: asks, and hears why the primary may not enter.
#[derive(Clone, Debug)]
pub(crate) struct LocalPort {
    pub(crate) calls: mpsc::Sender<LocalCall>,
    pub(crate) refused: watch::Receiver<Option<EntryRefused>>,
}

/// The shell's end.
#[derive(Debug)]
pub(crate) struct Locals {
    calls: mpsc::Receiver<LocalCall>,
    refused: watch::Sender<Option<EntryRefused>>,
    /// Calls under way, by their numbers, with the replies so far.
    waiting: BTreeMap<u64, (oneshot::Sender<Vec<ReplyBody>>, Vec<ReplyBody>)>,
    /// The last number given.
    last: u64,
}

impl Locals {
    /// Both ends.
    pub(crate) fn open() -> (LocalPort, Self) {
        let (to_shell, calls) = mpsc::channel(INBOX_EVENTS);
        let (refused, hear_refused) = watch::channel(None);
        let port = LocalPort {
            calls: to_shell,
            refused: hear_refused,
        };
        let locals = Self {
            calls,
            refused,
            waiting: BTreeMap::new(),
            last: 0,
        };
        (port, locals)
    }

    /// Nobody calls.
    pub(crate) fn none() -> Self {
        Self::open().1
    }

    /// The next call. Cancel-safe.
    pub(crate) async fn next(&mut self) -> LocalCall {
        match self.calls.recv().await {
            Some(call) => call,
            None => pending().await,
        }
    }

    /// Notes a call; the caller that stands for it.
    pub(crate) fn admit(&mut self, answer: oneshot::Sender<Vec<ReplyBody>>) -> Caller {
        self.last += 1;
        self.waiting.insert(self.last, (answer, Vec::new()));
        Caller {
            connection: LOCAL,
            request: self.last,
        }
    }

    /// Whether a caller is one of these.
    pub(crate) fn is_local(caller: &Caller) -> bool {
        caller.connection == LOCAL
    }

    /// Takes a reply to a call; with the last one it is answered.
    pub(crate) fn reply(&mut self, caller: Caller, body: ReplyBody) {
        let is_last = !matches!(body, ReplyBody::Elements { last: false, .. });
        let Some((_, replies)) = self.waiting.get_mut(&caller.request) else {
            return;
        };
        replies.push(body);
        if is_last && let Some((answer, replies)) = self.waiting.remove(&caller.request) {
            // A caller that gave up does not want to know.
            drop(answer.send(replies));
        }
    }

    /// Leaves a call without an answer.
    pub(crate) fn hang_up(&mut self, caller: Caller) {
        self.waiting.remove(&caller.request);
    }

    /// Tells the host why the primary may not enter.
    pub(crate) fn tell_refused(&mut self, refused: &EntryRefused) {
        self.refused.send_replace(Some(refused.clone()));
    }
}

#[cfg(test)]
mod tests {
    use structures::op::Element;

    use super::*;

    fn piece(last: bool) -> ReplyBody {
        let elements = vec![Element {
            key: vec![u8::from(last)],
            value: vec![],
        }];
        ReplyBody::Elements { elements, last }
    }

    #[test]
    fn a_call_is_answered_once_with_all_its_replies() {
        let mut locals = Locals::none();
        let (answer, mut answered) = oneshot::channel();
        let caller = locals.admit(answer);
        locals.reply(caller, piece(false));
        assert_eq!(answered.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        locals.reply(caller, piece(true));
        locals.reply(caller, piece(true));
        assert_eq!(answered.try_recv(), Ok(vec![piece(false), piece(true)]));
    }

    #[test]
    fn replies_go_to_their_own_call_whatever_order_they_come_in() {
        let mut locals = Locals::none();
        let (one, mut first) = oneshot::channel();
        let (other, mut second) = oneshot::channel();
        let callers = [locals.admit(one), locals.admit(other)];
        assert!(callers.iter().all(Locals::is_local) && callers[0] != callers[1]);
        locals.reply(callers[1], ReplyBody::Len(2));
        locals.reply(callers[0], ReplyBody::Len(1));
        assert_eq!(first.try_recv(), Ok(vec![ReplyBody::Len(1)]));
        assert_eq!(second.try_recv(), Ok(vec![ReplyBody::Len(2)]));
    }

    #[test]
    fn a_call_that_is_hung_up_on_learns_that_nobody_answers() {
        let mut locals = Locals::none();
        let (answer, mut answered) = oneshot::channel();
        let caller = locals.admit(answer);
        locals.hang_up(caller);
        assert_eq!(answered.try_recv(), Err(oneshot::error::TryRecvError::Closed));
    }
}
