//! What every command of the core must keep to, judged by the store and by everyone's memory.

use multicast::id::{NodeId, Seq};
use wire::message::{
    fusion::{ServerSeat, ToPrimary, ToServer},
    membership::Standing,
};

use super::world::{Process, World};
use crate::coordinator::Command;

impl World {
    pub(super) fn check(&self, commands: &[Command]) {
        for command in commands {
            match command {
                Command::Store { expected, next } => {
                    assert_eq!(
                        (*expected, next.epoch),
                        (self.stored.epoch, self.stored.epoch.next())
                    );
                    assert!(self.swap.is_none(), "one swap at a time");
                    let mut begun = self
                        .cluster
                        .primaries()
                        .filter(|place| self.begun.contains(&place.node));
                    let kept = begun.all(|place| next.founded.contains(&place.group));
                    assert!(kept, "a group that began is not founded any more");
                }
                Command::ToPrimary(_, ToPrimary::View { epoch, servers, .. }) => {
                    assert_eq!(*epoch, self.stored.epoch);
                    self.check_view(servers);
                }
                Command::ToServer(_, ToServer::Cut { cuts, .. }) => {
                    cuts.iter()
                        .for_each(|(primary, cut)| self.check_cut(*primary, *cut));
                }
                Command::ToServer(node, ToServer::Residual { losses, .. }) => {
                    assert_eq!(
                        self.standing(*node),
                        Standing::Active,
                        "a server that is not active decodes"
                    );
                    let live = losses
                        .iter()
                        .find(|loss| self.standing(loss.primary) == Standing::Active);
                    assert_eq!(live, None, "an active primary is recovered");
                }
                Command::ToServer(node, ToServer::Rebuild { .. }) => {
                    let empty = self.stored.founded.is_empty();
                    assert!(
                        empty || self.standing(*node) == Standing::Joining,
                        "an active server must forget"
                    );
                }
                _ => {}
            }
        }
    }

    /// A view has exactly the active servers as active: none is left out before its removal is stored.
    fn check_view(&self, seats: &[ServerSeat]) {
        let shown: Vec<NodeId> = seats
            .iter()
            .filter(|seat| seat.active)
            .map(|seat| seat.node)
            .collect();
        let servers = self
            .stored
            .members
            .iter()
            .filter(|(_, member)| member.group.is_none());
        let active = servers.filter(|(_, member)| member.standing == Standing::Active);
        assert_eq!(
            shown,
            active.map(|(node, _)| *node).collect::<Vec<_>>(),
            "the view is not what is stored"
        );
    }

    /// The cut is the smallest operation over all active servers that live, and nothing acknowledged is above.
    fn check_cut(&self, primary: NodeId, cut: Seq) {
        let acknowledged = self.acknowledged.get(&primary).copied().unwrap_or(0);
        assert!(
            cut.0 >= acknowledged,
            "an acknowledged operation of {primary} is above the cut"
        );
        let active = self
            .stored
            .members
            .iter()
            .filter(|(_, member)| member.standing == Standing::Active);
        let applied: Vec<u64> = active
            .filter_map(|(node, _)| match &self.processes[node] {
                Process::Server(server) => server.copies.get(&primary).map(|copy| copy.applied),
                _ => None,
            })
            .collect();
        let smallest = applied.iter().min().copied().unwrap_or(cut.0);
        assert!(
            cut.0 <= smallest,
            "{primary} is cut at {cut}, a server applied only {smallest}"
        );
        if applied.len() == self.cluster.faults() {
            assert_eq!(cut.0, smallest, "the cut is too low");
        }
    }

    fn standing(&self, node: NodeId) -> Standing {
        self.stored.members[&node].standing
    }
}
