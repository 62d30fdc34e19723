//! Claim: what cannot be recovered is refused by the names of exactly those who are missing, and nothing else
//! is refused like that.
//!
//! Source: DESIGN section 4, "More than f crashes".

use multicast::id::NodeId;
use wire::message::{
    client::{Refusal, ReplyBody},
    entry::EntryRefused,
};

use super::Claim;
use crate::world::World;

impl World {
    /// Judges why the manager does not let a process in: too much is missing, as far as it can know.
    pub(crate) fn judge_refusal(&mut self, node: NodeId, refused: &EntryRefused) {
        if let EntryRefused::TooManyFaults { tolerated, missing } = refused {
            let is_right = *tolerated == self.shape.faults() && missing.len() > *tolerated;
            self.demand(Claim::Refusals, is_right, || format!("{node} hears: {refused}"));
        }
    }

    /// Judges what the manager says about a group that stays down.
    pub(crate) fn judge_refused(&mut self, primary: NodeId) {
        let mut missing = self.missing();
        missing.sort_unstable();
        let refusal = Refusal::TooManyFaults {
            tolerated: self.shape.faults(),
            missing,
        };
        let told = self.ask_manager(self.shape.group(primary));
        let is_right = told == Some(ReplyBody::Refused(refusal.clone()));
        self.demand(Claim::Refusals, is_right, || {
            format!("of {primary} the manager says {told:?}, not: {refusal}")
        });
    }
}
