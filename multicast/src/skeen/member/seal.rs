//! What a member tells a view change (rule 5): everything that the next view must finish or spread.
//!
//! Invariant: once sealed, nothing of an older epoch is taken any more, so what is reported here stays true
//! until the new view begins. The sealer keeps all of it from now on.

use super::{Member, MemberCommand, send};
use crate::{
    id::{Epoch, Incarnation},
    skeen::message::{FromMember, Held, Standing},
};

impl<P: Clone, R: Clone> Member<P, R> {
    pub(super) fn handle_seal(&mut self, from: Incarnation, epoch: Epoch) -> Vec<MemberCommand<P, R>> {
        if epoch < self.epoch || (epoch == self.epoch && !self.sealed) {
            let refusal = FromMember::WrongEpoch {
                offered: epoch,
                own: self.epoch,
            };
            return vec![send(from, refusal)];
        }
        self.epoch = epoch;
        self.sealed = true;
        self.messages
            .values_mut()
            .for_each(|message| message.keeper = from);
        self.unstable
            .values_mut()
            .for_each(|message| message.keeper = from);
        let report = FromMember::Sealed {
            epoch,
            clock: self.clock.counter(),
            delivered: self.delivered,
            held: self.held(),
        };
        vec![send(from, report)]
    }

    /// The epoch begins: all final messages of older ones are here.
    pub(super) fn handle_view(&mut self, from: Incarnation, clock: u64) -> Vec<MemberCommand<P, R>> {
        self.sealed = false;
        self.clock.raise_to(clock);
        let epoch = self.epoch;
        let mut commands = vec![MemberCommand::Announce(FromMember::InView { epoch })];
        if self.wanted > self.stable() {
            // The keepers that were asked are not concerned any more.
            commands.push(send(from, FromMember::WantStable { epoch }));
        }
        commands
    }

    /// Everything a view change must know of: by id.
    fn held(&self) -> Vec<Held<P>> {
        #[cfg(test)]
        if self.defect == super::Defect::ReportsNothing {
            return Vec::new();
        }
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
