//! The sending end of a FIFO multicast: numbers messages, keeps the unstable ones, sends again what was lost.
//!
//! Receivers come and go, but only by their owner's word (a view): a receiver that merely lost its connection
//! stays, and what it has not acknowledged stays unstable. A receiver that is not *required* is sent every
//! message and waited for by nobody: a backup that is still being rebuilt.
//!
//! Invariants: `stable` = the largest value that the smallest acknowledgement over the required receivers ever
//! had (all, if none is required); messages above it are kept, those up to it are not.

use std::collections::{BTreeMap, VecDeque};

use thiserror::Error;

use crate::id::{NodeId, Seq};

/// Most messages that may be unstable; a receiver need not keep more of them for undoing.
pub const MAX_UNSTABLE: usize = 1024;
/// Bytes of unstable messages from which no further one is taken.
pub const MAX_UNSTABLE_BYTES: usize = 32 * 1024 * 1024;

/// No message has a larger number than this: a number after it exists, so that what a receiver says can
/// be judged by it.
const LAST_SEQ: Seq = Seq(u64::MAX - 1);

/// What the sender's owner is to do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FifoOutput<M> {
    /// Put a message into a receiver's channel.
    Send {
        /// Which receiver.
        to: NodeId,
        /// The message's number.
        seq: Seq,
        /// Everything up to here is stable.
        stable: Seq,
        /// The message.
        message: M,
    },
    /// Everything up to here is stable now: its effects may be shown.
    Stable(Seq),
}

/// What a receiver said that cannot be; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FifoError {
    /// It is no receiver (any more).
    #[error("{receiver} is no receiver")]
    UnknownReceiver {
        /// Who spoke.
        receiver: NodeId,
    },
    /// It acknowledges what was never sent.
    #[error("{receiver} has applied {applied}, but the last one sent is {last}")]
    NeverSent {
        /// Who spoke.
        receiver: NodeId,
        /// What it says.
        applied: Seq,
        /// The last number given out.
        last: Seq,
    },
    /// It asks for what is stable, so what it had applied itself, and is no longer kept.
    #[error("{receiver} asks for {expected}, but the oldest one kept is {oldest}")]
    NoLongerKept {
        /// Who spoke.
        receiver: NodeId,
        /// What it asks for.
        expected: Seq,
        /// The first number that can be sent again.
        oldest: Seq,
    },
}

#[derive(Clone, Debug)]
struct Receiver {
    /// The last message it said it applied.
    acked: Seq,
    /// Whether stability waits for it.
    required: bool,
    /// Whether its channel takes messages now.
    open: bool,
    /// The gap it reported last, answered already: everything behind it is under way again.
    answered_gap: Option<Seq>,
}

/// The sending end. See the module's documentation.
#[derive(Clone, Debug)]
pub struct FifoSender<M> {
    last: Seq,
    stable: Seq,
    /// Messages `stable + 1 ..= last`, with their sizes.
    unstable: VecDeque<(M, usize)>,
    unstable_bytes: usize,
    receivers: BTreeMap<NodeId, Receiver>,
}

impl<M: Clone> FifoSender<M> {
    /// A sender without receivers whose first message will have the number after `base`.
    pub fn new(base: Seq) -> Self {
        Self {
            last: base,
            stable: base,
            unstable: VecDeque::new(),
            unstable_bytes: 0,
            receivers: BTreeMap::new(),
        }
    }

    /// The last number given out.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// Everything up to here is applied at every required receiver.
    pub fn stable(&self) -> Seq {
        self.stable
    }

    /// Bytes of the messages kept, as their owner counted them.
    pub fn unstable_bytes(&self) -> usize {
        self.unstable_bytes
    }

    /// Whether another message may be taken; if not, the owner must wait for acknowledgements.
    pub fn has_room(&self) -> bool {
        self.last < LAST_SEQ && self.unstable.len() < MAX_UNSTABLE && self.unstable_bytes < MAX_UNSTABLE_BYTES
    }

    /// The last message a receiver acknowledged, if it is one.
    pub fn acked(&self, receiver: NodeId) -> Option<Seq> {
        self.receivers.get(&receiver).map(|receiver| receiver.acked)
    }

    /// Takes a message of `bytes` bytes: numbers it, keeps it, and sends it wherever a channel is open.
    /// The owner has asked [`Self::has_room`] first.
    pub fn multicast(&mut self, message: M, bytes: usize) -> Vec<FifoOutput<M>> {
        self.last = self.last.next();
        let (seq, stable) = (self.last, self.stable);
        let open = self.receivers.iter().filter(|(_, receiver)| receiver.open);
        let mut outputs: Vec<_> = open
            .map(|(to, _)| FifoOutput::Send {
                to: *to,
                seq,
                stable,
                message: message.clone(),
            })
            .collect();
        self.unstable.push_back((message, bytes));
        self.unstable_bytes += bytes;
        outputs.extend(self.raise_stable());
        outputs
    }

    /// Adds a receiver that has everything up to `applied`, or starts it afresh; its channel is not open yet.
    pub fn add_receiver(&mut self, receiver: NodeId, applied: Seq, required: bool) {
        let fresh = Receiver {
            acked: applied,
            required,
            open: false,
            answered_gap: None,
        };
        self.receivers.insert(receiver, fresh);
    }

    /// From now on stability waits for this receiver. What is stable already stays so.
    pub fn require(&mut self, receiver: NodeId) {
        if let Some(receiver) = self.receivers.get_mut(&receiver) {
            receiver.required = true;
        }
    }

    /// Removes a receiver: nobody waits for it any more. Only a new view may do that.
    pub fn remove_receiver(&mut self, receiver: NodeId) -> Vec<FifoOutput<M>> {
        self.receivers.remove(&receiver);
        self.raise_stable()
    }

    /// The receiver's channel is open and it has everything up to `applied`: sends what comes after.
    ///
    /// # Errors
    /// Every variant of [`FifoError`].
    pub fn handle_opened(&mut self, receiver: NodeId, applied: Seq) -> Result<Vec<FifoOutput<M>>, FifoError> {
        self.check_sent(receiver, applied)?;
        self.check_kept(receiver, applied.next())?;
        let mut outputs = self.handle_ack(receiver, applied)?;
        let known = self.known(receiver)?;
        known.open = true;
        known.answered_gap = None;
        outputs.extend(self.again(receiver, applied.next()));
        Ok(outputs)
    }

    /// The receiver's channel closed: nothing is sent until it is opened again, and all is kept.
    pub fn handle_closed(&mut self, receiver: NodeId) {
        if let Some(receiver) = self.receivers.get_mut(&receiver) {
            receiver.open = false;
        }
    }

    /// All channels are closed, and receivers may have undone what is not stable: what they acknowledged above
    /// it counts no more, until they say again what they have.
    pub fn doubt_receivers(&mut self) {
        for receiver in self.receivers.values_mut() {
            receiver.acked = receiver.acked.min(self.stable);
            receiver.open = false;
        }
    }

    /// The receiver has applied everything up to `applied`. An older acknowledgement changes nothing.
    ///
    /// # Errors
    /// `UnknownReceiver`, `NeverSent`.
    pub fn handle_ack(&mut self, receiver: NodeId, applied: Seq) -> Result<Vec<FifoOutput<M>>, FifoError> {
        self.check_sent(receiver, applied)?;
        let known = self.known(receiver)?;
        known.acked = known.acked.max(applied);
        Ok(self.raise_stable())
    }

    /// The receiver misses `expected`: sends it and what comes after again, once per gap.
    ///
    /// # Errors
    /// Every variant of [`FifoError`].
    pub fn handle_gap(&mut self, receiver: NodeId, expected: Seq) -> Result<Vec<FifoOutput<M>>, FifoError> {
        self.check_kept(receiver, expected)?;
        let known = self.known(receiver)?;
        if !known.open || known.answered_gap.replace(expected) == Some(expected) {
            return Ok(Vec::new());
        }
        Ok(self.again(receiver, expected))
    }

    fn known(&mut self, receiver: NodeId) -> Result<&mut Receiver, FifoError> {
        self.receivers
            .get_mut(&receiver)
            .ok_or(FifoError::UnknownReceiver { receiver })
    }

    /// Whether it is a receiver that can have applied everything up to `applied`.
    fn check_sent(&mut self, receiver: NodeId, applied: Seq) -> Result<(), FifoError> {
        self.known(receiver)?;
        let last = self.last;
        if applied > last {
            return Err(FifoError::NeverSent {
                receiver,
                applied,
                last,
            });
        }
        Ok(())
    }

    /// Whether everything from `expected` on can be sent.
    fn check_kept(&mut self, receiver: NodeId, expected: Seq) -> Result<(), FifoError> {
        self.known(receiver)?;
        // Whoever misses `expected` has applied the one before it, if there is one before.
        self.check_sent(receiver, Seq(expected.0.saturating_sub(1)))?;
        if expected <= self.stable {
            return Err(FifoError::NoLongerKept {
                receiver,
                expected,
                oldest: self.stable.next(),
            });
        }
        Ok(())
    }

    /// The kept messages from `first` on, for one receiver.
    fn again(&self, to: NodeId, first: Seq) -> Vec<FifoOutput<M>> {
        let stable = self.stable;
        let numbered = self.unstable.iter().zip(stable.next().0..);
        numbered
            .filter(|(_, seq)| *seq >= first.0)
            .map(|((message, _), seq)| FifoOutput::Send {
                to,
                seq: Seq(seq),
                stable,
                message: message.clone(),
            })
            .collect()
    }

    /// Moves `stable` up as far as the required receivers allow, and forgets what became stable.
    fn raise_stable(&mut self) -> Vec<FifoOutput<M>> {
        let required = self.receivers.values().filter(|receiver| receiver.required);
        let reached = required.map(|receiver| receiver.acked).min().unwrap_or(self.last);
        if reached <= self.stable {
            return Vec::new();
        }
        while self.stable < reached {
            let (_, bytes) = self
                .unstable
                .pop_front()
                .expect("messages above stable up to last are kept");
            self.unstable_bytes -= bytes;
            self.stable = self.stable.next();
        }
        vec![FifoOutput::Stable(self.stable)]
    }
}
