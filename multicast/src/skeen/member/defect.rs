//! Deliberate faults of a member, for the simulation, which must catch each of them.

use super::{Member, MemberCommand, send};
use crate::{
    id::{Incarnation, MessageId, Timestamp},
    skeen::message::FromMember,
};

/// What is wrong with a member; only tests set it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Defect {
    #[default]
    None,
    /// The clock stays where it is when a final timestamp arrives.
    NoClockBumpOnFinal,
    /// Proposals carry node 0, so that equal counters tie.
    NoTieBreak,
    /// `Delivered` is sent on `Final`, before the message reaches the head of the queue.
    AcknowledgeOnReceipt,
    /// Messages of any epoch are taken.
    NoEpochCheck,
    /// A sender's watermark makes the member forget what other senders keep, too.
    ForgetForAll,
    /// A joining member delivers at once, as if it held the state.
    JoinerIsActive,
    /// A numbered message is taken although the one before it is missing.
    TakesGaps,
    /// Sealed, it reports nothing that it holds: a takeover without a flush.
    ReportsNothing,
    /// Not the member's: an owner begins its numbers at one, whatever the members know.
    NumbersFromOne,
}

impl<P: Clone, R: Clone + Default> Member<P, R> {
    /// The same member with this fault. Results that it makes up are the default one.
    pub(crate) fn with_defect(mut self, defect: Defect) -> Self {
        self.defect = defect;
        self.made_up_result = Some(R::default());
        self
    }
}

impl<P: Clone, R: Clone> Member<P, R> {
    /// The final timestamp at which the message waits here.
    pub(crate) fn holds_final(&self, id: MessageId) -> Option<Timestamp> {
        let message = self.messages.get(&id).filter(|message| message.is_final);
        message.map(|message| message.timestamp)
    }

    pub(super) fn acknowledge_on_receipt(
        &self,
        to: Incarnation,
        id: MessageId,
        timestamp: Timestamp,
    ) -> Option<MemberCommand<P, R>> {
        let result = self
            .made_up_result
            .clone()
            .filter(|_| self.defect == Defect::AcknowledgeOnReceipt)?;
        let epoch = self.epoch;
        Some(send(
            to,
            FromMember::Delivered {
                epoch,
                id,
                timestamp,
                result,
            },
        ))
    }
}
