//! What a read that waits for the stable watermark (rule 8) makes a member say, and to whom.

use std::collections::BTreeSet;

use super::{Member, MemberCommand, send};
use crate::{id::Incarnation, skeen::message::FromMember};

impl<P: Clone, R: Clone> Member<P, R> {
    /// A read waits until [`Member::stable`] reaches what is delivered by now: asks every keeper concerned. Those
    /// of a later epoch are asked when it begins.
    pub fn want_stable(&mut self) -> Vec<MemberCommand<P, R>> {
        self.wanted = self.delivered;
        if self.sealed {
            return Vec::new();
        }
        let keepers: BTreeSet<Incarnation> = self.unstable.values().map(|message| message.keeper).collect();
        let epoch = self.epoch;
        let ask = |keeper| send(keeper, FromMember::WantStable { epoch });
        keepers.into_iter().map(ask).collect()
    }

    /// The link of this sender has just come up: what it has to know of the member.
    pub fn handle_linked(&self, sender: Incarnation) -> Vec<MemberCommand<P, R>> {
        if self.sealed {
            return Vec::new();
        }
        let epoch = self.epoch;
        let mut commands = vec![send(sender, FromMember::InView { epoch })];
        if self.wanted > self.stable() && self.unstable.values().any(|message| message.keeper == sender) {
            commands.push(send(sender, FromMember::WantStable { epoch }));
        }
        commands
    }
}
