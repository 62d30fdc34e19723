//! How much may go wrong at once: as much as the code can make good, by what everybody holds in truth.

use std::collections::BTreeSet;

use multicast::id::NodeId;
use wire::message::membership::{Member, Membership, Standing};

use super::{Backup, World, is_active};

impl World {
    /// Whether all is lost that is missing now, and this node's part too, could be made good.
    pub(super) fn can_do_without(&self, node: NodeId) -> bool {
        let mut missing: BTreeSet<NodeId> = self.missing().into_iter().collect();
        if self.counts(node) {
            missing.insert(node);
        }
        missing.len() <= self.shape.faults()
    }

    /// The nodes whose part of the data is nowhere but in the code, now.
    pub(crate) fn missing(&self) -> Vec<NodeId> {
        let known = match &self.office {
            Some(office) => office.membership(),
            // A new manager may know less of those who are there than the store does, not more.
            None => &self.stored,
        };
        let gone = |(node, member): &(&NodeId, &Member)| self.counts(**node) && !self.holds(**node, member);
        known.members.iter().filter(gone).map(|(node, _)| *node).collect()
    }

    /// Whether the node would be missed: a server, or the primary of a group that is founded or may be any
    /// time, since the manager knows of a life of it.
    fn counts(&self, node: NodeId) -> bool {
        if !self.shape.is_primary(node) || self.groups[&node].holder.is_some() {
            return true;
        }
        let group = self.shape.group(node);
        let founded = |membership: &Membership| membership.founded.contains(&group);
        let is_known = self.life(node).is_some();
        is_known || founded(&self.stored) || self.swap.as_ref().is_some_and(founded)
    }

    /// Whether the node holds all that its seat stands for, and the manager will know it.
    fn holds(&self, node: NodeId, member: &Member) -> bool {
        let Some(life) = self.life(node).filter(|life| !life.cut_off) else {
            return false;
        };
        if life.incarnation != member.incarnation {
            return false;
        }
        if let Some(host) = self.hosts.get(&node) {
            let may_return = matches!(member.standing, Standing::Active | Standing::Removed);
            return may_return && host.core.structure().is_some();
        }
        let stays = |next: &Membership| is_active(&next.members[&node]);
        let is_seen = is_active(member) && self.swap.as_ref().is_none_or(stays) && self.is_linked(node);
        is_seen
            && self
                .backups
                .get(&node)
                .is_some_and(|backup| self.is_whole(backup))
    }

    /// Whether a server holds every primary that ever held something.
    pub(crate) fn is_whole(&self, backup: &Backup) -> bool {
        let mut begun = self.groups.iter().filter(|(_, group)| group.holder.is_some());
        begun.all(|(primary, _)| backup.core.applied(*primary).is_some())
    }
}
