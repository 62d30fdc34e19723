//! The first phase at a member: an offer for every message (rule 1).

#[cfg(test)]
use super::Defect;
use super::{Member, MemberCommand, Queued, send};
#[cfg(test)]
use crate::id::NodeId;
use crate::{
    id::{GroupId, Incarnation, MessageId, Timestamp},
    skeen::message::FromMember,
};

impl<P: Clone, R: Clone> Member<P, R> {
    /// Rule 1: a tick of the clock; the same answer when repeated; the final timestamp once it is known.
    pub(super) fn handle_propose(
        &mut self,
        from: Incarnation,
        id: MessageId,
        groups: Vec<GroupId>,
        payload: P,
    ) -> MemberCommand<P, R> {
        let (timestamp, is_final) = self.known(id).unwrap_or_else(|| {
            let timestamp = self.next_proposal();
            self.queue.insert((timestamp, id));
            let queued = Queued {
                groups,
                payload,
                timestamp,
                is_final: false,
                keeper: from,
            };
            self.messages.insert(id, queued);
            (timestamp, false)
        });
        let epoch = self.epoch;
        send(
            from,
            FromMember::Proposal {
                epoch,
                id,
                timestamp,
                is_final,
            },
        )
    }

    /// The timestamp of a message that is held, and whether it is final.
    fn known(&self, id: MessageId) -> Option<(Timestamp, bool)> {
        let queued = self.messages.get(&id);
        let queued = queued.map(|queued| (queued.timestamp, queued.is_final));
        queued.or_else(|| {
            let mut unstable = self.unstable.iter();
            unstable
                .find(|(_, message)| message.id == id)
                .map(|(timestamp, _)| (*timestamp, true))
        })
    }

    fn next_proposal(&mut self) -> Timestamp {
        #[cfg(test)]
        if self.defect == Defect::NoTieBreak {
            return self.clock.tick(NodeId(0));
        }
        self.clock.tick(self.node)
    }
}
