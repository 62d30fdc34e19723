//! A joining member's state arrives (rule 6): what it includes is dropped, the rest is delivered.
//!
//! Why nothing is missing. The joiner is a voter of the view, so it holds every message that became final in
//! it, and every older one that was final anywhere came before `View`. Its donor's state was copied within the
//! same view, so all that the donor had delivered before is included.

use super::{Member, MemberCommand, Outcome, Unstable};
use crate::{
    id::MessageId,
    skeen::{
        clock::MAX_COUNTER,
        snapshot::{InstallError, Recent, Snapshot},
    },
};

impl<P: Clone, R: Clone> Member<P, R> {
    /// Whether there is a state to apply messages to.
    pub fn is_installed(&self) -> bool {
        #[cfg(test)]
        if self.defect == super::Defect::JoinerIsActive {
            return true;
        }
        self.included.is_some()
    }

    /// Whether this message was proposed here and is not delivered.
    pub fn has_queued(&self, id: MessageId) -> bool {
        self.messages.contains_key(&id)
    }

    /// What was proposed here and is not delivered, in no order that means anything.
    pub fn queued_payloads(&self) -> impl Iterator<Item = &P> {
        self.messages.values().map(|message| &message.payload)
    }

    /// This member's place in the order, for a joiner that gets a copy of the state as it is now. None while the
    /// member holds no state, takes part in no view, or has still to deliver what a group that was lost missed.
    pub fn snapshot(&self) -> Option<Snapshot<P>> {
        if !self.is_installed() || self.sealed || !self.late.is_empty() {
            return None;
        }
        let recent = self.unstable.iter().map(|(timestamp, message)| Recent {
            id: message.id,
            groups: message.groups.clone(),
            payload: message.payload.clone(),
            timestamp: *timestamp,
            keeper: message.keeper,
        });
        Some(Snapshot {
            epoch: self.epoch,
            watermark: self.delivered,
            clock: self.clock.counter(),
            recent: recent.collect(),
        })
    }

    /// The state that belongs to the snapshot is there: delivers what it does not include.
    ///
    /// # Errors
    /// [`InstallError`]; the member stays as it was. It waits for another snapshot, of its own epoch.
    pub fn install(&mut self, snapshot: Snapshot<P>) -> Result<Vec<MemberCommand<P, R>>, InstallError> {
        self.judge(&snapshot)?;
        let Snapshot {
            watermark,
            clock,
            recent,
            ..
        } = snapshot;
        self.included = Some(watermark);
        self.delivered = watermark;
        self.clock.raise_to(clock.max(watermark.counter));
        for message in recent {
            self.include(message);
        }
        self.drop_included_finals();
        Ok(self.deliver_final_heads())
    }

    fn judge(&self, snapshot: &Snapshot<P>) -> Result<(), InstallError> {
        let (own, counter, limit) = (self.epoch, snapshot.largest_counter(), MAX_COUNTER);
        if self.is_installed() {
            Err(InstallError::Installed)
        } else if snapshot.epoch != own {
            Err(InstallError::OtherEpoch {
                snapshot: snapshot.epoch,
                own,
            })
        } else if counter > limit {
            Err(InstallError::Counter { counter, limit })
        } else {
            Ok(())
        }
    }

    /// A message of the state that is not known to be stable: reported like one that was delivered here.
    fn include(&mut self, message: Recent<P>) {
        let Recent {
            id,
            groups,
            payload,
            timestamp,
            keeper,
        } = message;
        if let Some(queued) = self.messages.remove(&id) {
            self.queue.remove(&(queued.timestamp, id));
        }
        let outcome = Outcome::Included;
        self.unstable.insert(
            timestamp,
            Unstable {
                id,
                groups,
                payload,
                outcome,
                keeper,
            },
        );
    }

    /// Whoever has a timestamp above what the state includes waits on; so do tentative messages.
    fn drop_included_finals(&mut self) {
        let (queue, delivered) = (&mut self.queue, self.delivered);
        self.messages.retain(|id, message| {
            let included = message.is_final && message.timestamp <= delivered;
            if included {
                queue.remove(&(message.timestamp, *id));
            }
            !included
        });
    }
}
