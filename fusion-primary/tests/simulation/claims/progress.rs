//! Claim: when nothing goes wrong any more, every group serves, takes a write, and every server holds all of it.
//!
//! Unless more was lost than the code can make good; then see [`super::refusals`].

use multicast::id::NodeId;
use wire::message::membership::Standing;

use super::Claim;
use crate::world::World;

impl World {
    /// Whether everyone is a member again and every write is answered.
    pub(crate) fn is_well(&self) -> bool {
        let members = self.stored.members.iter();
        let mut standings = members.map(|(_, member)| member.standing);
        standings.all(|standing| standing == Standing::Active)
            && self.is_quiet()
            && self.shape.nodes().all(|node| self.is_linked(node))
            && self.groups.keys().all(|primary| self.serves(*primary))
            && self.groups.values().all(|group| group.client.is_answered())
    }

    /// Whether the group's holder lives, is reached, and has nothing left to do.
    pub(crate) fn serves(&self, primary: NodeId) -> bool {
        let holder = self.groups[&primary].holder;
        self.hosts.get(&primary).is_some_and(|host| {
            let life = Some(host.life.incarnation);
            host.core.structure().is_some() && holder == life && !host.life.cut_off
        })
    }

    /// At rest, every active server has everything.
    pub(crate) fn judge_rest(&mut self) {
        let servers: Vec<NodeId> = self.shape.server_nodes().collect();
        for server in servers {
            let Some(backup) = self.active_backup(server) else {
                continue;
            };
            let behind = self
                .groups
                .iter()
                .filter(|(primary, _)| self.serves(**primary))
                .find(|(primary, group)| backup.core.applied(**primary) != Some(group.last()));
            let found = behind.map(|(primary, group)| (*primary, group.last()));
            self.demand(Claim::Progress, found.is_none(), || {
                format!("{server} lacks something up to {found:?}, at rest")
            });
            self.judge_encoding(server);
        }
    }
}
