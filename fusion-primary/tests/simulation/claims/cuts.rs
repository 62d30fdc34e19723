//! Claim: a lost primary is cut at the smallest operation that the active servers applied, and never below
//! what was answered.
//!
//! Source: DESIGN section 4, "Recovery without freezing writers", step 2.

use multicast::id::{NodeId, Seq};

use super::Claim;
use crate::world::{World, is_active};

impl World {
    pub(super) fn judge_cut(&mut self, primary: NodeId, cut: Seq) {
        let answered = self.groups[&primary].answered;
        self.demand(Claim::Cuts, cut >= answered, || {
            format!("{primary} is cut at {cut}, and {answered} was answered")
        });
        let members = self.stored.members.iter();
        let active = members.filter(|(node, member)| !self.shape.is_primary(**node) && is_active(member));
        let applied: Vec<Option<Seq>> = active
            .map(|(node, _)| self.active_backup(*node)?.core.applied(primary))
            .collect();
        // One that has died since it answered may have had less than the others.
        let all_live = applied.iter().all(Option::is_some);
        let smallest = applied.into_iter().flatten().min().unwrap_or(cut);
        self.demand(
            Claim::Cuts,
            cut == smallest || !all_live && cut < smallest,
            || format!("{primary} is cut at {cut}, the smallest applied is {smallest}"),
        );
    }
}
