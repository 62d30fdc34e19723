//! Claim: what a client was told is at every server that is a member, and survives every recovery.
//!
//! Told is what left a primary: an answer to a write, or a read that shows one. A server that died counts until
//! its removal is stored, with what it had. Source: DESIGN section 4, "Primary" (the output rule).

use multicast::id::{NodeId, Seq};

use super::Claim;
use crate::world::{World, is_active};

impl World {
    /// A client learns of everything up to an operation, which it was asked for after so many recoveries.
    pub(super) fn show(&mut self, primary: NodeId, number: Seq, recoveries: usize) {
        let group = self.groups.get_mut(&primary).expect("a primary has a group");
        let is_there = group.still_holds(number, recoveries);
        group.answered = group.answered.max(number);
        self.demand(Claim::Acknowledged, is_there, || {
            format!("{primary} shows operation {number}, which a recovery has cut off")
        });
        self.judge_answered_everywhere();
    }

    /// The same for all servers.
    pub(crate) fn judge_answered_everywhere(&mut self) {
        let servers: Vec<NodeId> = self.shape.server_nodes().collect();
        servers.into_iter().for_each(|server| self.judge_answered(server));
    }

    /// A member has applied what was answered.
    pub(crate) fn judge_answered(&mut self, server: NodeId) {
        let member = &self.stored.members[&server];
        if !is_active(member) {
            return;
        }
        let buried = self.graves.get(&(server, member.incarnation));
        let alive = self.active_backup(server);
        let applied = |primary: NodeId| match alive {
            Some(backup) => backup.core.applied(primary),
            None => buried.and_then(|grave| grave.get(&primary).copied()),
        };
        let lacking = self
            .groups
            .iter()
            .filter(|(_, group)| group.answered > Seq(0))
            .find(|(primary, group)| applied(**primary) < Some(group.answered));
        let found = lacking.map(|(primary, group)| (*primary, group.answered, applied(*primary)));
        self.demand(Claim::Acknowledged, found.is_none(), || {
            let (primary, answered, applied) = found.expect("it is some");
            format!("{answered} of {primary} was answered, {server} has {applied:?}")
        });
    }
}
