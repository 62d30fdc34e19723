//! Claim: one membership follows another, none is skipped; a group that began stays founded.
//!
//! Source: DESIGN section 5, and section 4, "More than f crashes".

use group_manager::coordinator::Command;
use wire::message::{fusion::ToServer, membership::Membership};

use super::Claim;
use crate::world::World;

impl World {
    /// Judges what the manager commands, before it is carried out.
    pub(crate) fn judge_command(&mut self, command: &Command) {
        match command {
            Command::Store { expected, next } => {
                let (stored, free) = (self.stored.epoch, self.swap.is_none());
                let follows = (*expected, next.epoch) == (stored, stored.next());
                self.demand(Claim::Founding, follows && free, || {
                    format!("a swap of {expected} for {} while {stored} is stored", next.epoch)
                });
            }
            Command::ToServer(_, ToServer::Cut { cuts, .. }) => {
                for (primary, cut) in cuts {
                    self.judge_cut(*primary, *cut);
                }
            }
            _ => {}
        }
    }

    /// Judges what the store is about to hold.
    pub(crate) fn judge_membership(&mut self, next: &Membership) {
        let begun = self.groups.iter().filter(|(_, group)| group.holder.is_some());
        let forgotten = begun
            .map(|(primary, _)| self.shape.group(*primary))
            .find(|group| !next.founded.contains(group));
        self.demand(Claim::Founding, forgotten.is_none(), || {
            format!("{forgotten:?} is not founded any more")
        });
    }
}
