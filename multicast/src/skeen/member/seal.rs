//! What a member tells a view change (rule 5): everything that the next view must finish or spread.
//!
//! Invariant: once sealed, nothing of an older epoch is taken any more, so what is reported here stays true
//! until the new view begins.

use super::{Member, MemberCommand};
use crate::{
    id::Epoch,
    skeen::message::{FromMember, Held, Standing},
};

impl<P: Clone, R: Clone> Member<P, R> {
    pub(super) fn handle_seal(&mut self, epoch: Epoch) -> Vec<MemberCommand<P, R>> {
        if epoch < self.epoch || (epoch == self.epoch && !self.sealed) {
            let refusal = FromMember::WrongEpoch {
                offered: epoch,
                own: self.epoch,
            };
            return vec![MemberCommand::Send(refusal)];
        }
        self.epoch = epoch;
        self.sealed = true;
        vec![MemberCommand::Send(FromMember::Sealed {
            epoch,
            clock: self.clock.counter(),
            delivered: self.delivered,
            held: self.held(),
        })]
    }

    /// Everything a view change must know of: by id.
    fn held(&self) -> Vec<Held<P>> {
        let queued = self.messages.iter().map(|(id, message)| Held {
            id: *id,
            groups: message.groups.clone(),
            payload: message.payload.clone(),
            standing: if message.is_final {
                Standing::Final(message.timestamp)
            } else {
                Standing::Tentative(message.timestamp)
            },
        });
        let unstable = self.unstable.iter().map(|(timestamp, message)| Held {
            id: message.id,
            groups: message.groups.clone(),
            payload: message.payload.clone(),
            standing: Standing::Delivered(*timestamp),
        });
        let mut held: Vec<_> = queued.chain(unstable).collect();
        held.sort_by_key(|message| message.id);
        held
    }
}
