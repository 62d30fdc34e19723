//! Claim: what the residuals decode to is the lost structure at its cut, byte by byte; a life goes on from
//! there, and at every moment holds what its writes make of it.
//!
//! Source: DESIGN section 4, "Recovery without freezing writers", steps 3 and 4.

use multicast::id::{NodeId, Seq};

use super::Claim;
use crate::{
    group::{Images, is_image},
    world::World,
};

impl World {
    /// Judges what was decoded, before it is checked and installed.
    pub(crate) fn judge_recovered(&mut self, node: NodeId, recovery: u64, found: &Images) {
        let told = self.hosts.get(&node).and_then(|host| host.recovery);
        let cut = told.filter(|(number, _)| *number == recovery).map(|(_, cut)| cut);
        let group = &self.groups[&node];
        let is_right = cut.is_some_and(|cut| group.at(cut) == Some(found));
        self.demand(Claim::Recovered, is_right, || {
            format!("{node} is not decoded to its state at {cut:?}")
        });
    }

    /// Judges what a primary holds after an event; `held` says whether it held anything before.
    pub(crate) fn judge_structure(&mut self, node: NodeId, held: bool) {
        let Some(host) = self.hosts.get(&node) else { return };
        if host.core.structure().is_none() {
            return;
        }
        if !held {
            self.begin(node);
        }
        if self.groups[&node].holder == Some(self.hosts[&node].life.incarnation) {
            self.keep_up(node);
        }
    }

    /// A life begins to hold the group: the first one empty, every other one at its cut.
    fn begin(&mut self, node: NodeId) {
        let host = self.hosts.get_mut(&node).expect("it has just begun");
        host.unapplied.clear();
        let (life, recovery) = (host.life.incarnation, host.recovery);
        let group = self.groups.get_mut(&node).expect("a primary has a group");
        let answered = group.answered;
        let cut = recovery.map_or(Seq(0), |(_, cut)| cut);
        if group.holder.is_some() {
            group.cut(cut);
        }
        group.holder = Some(life);
        self.demand(Claim::Acknowledged, cut >= answered, || {
            format!("{node} goes on after {cut}, and {answered} was answered")
        });
        self.judge_answered_everywhere();
    }

    /// Applies to the group what its holder has applied.
    fn keep_up(&mut self, node: NodeId) {
        let host = self.hosts.get_mut(&node).expect("it holds the group");
        let group = self.groups.get_mut(&node).expect("a primary has a group");
        let structure = host.core.structure().expect("it holds the group");
        let mut is_right = is_image(structure, group.at(group.last()).expect("the last one is kept"));
        while !is_right && let Some(write) = host.unapplied.pop_front() {
            group.apply(write);
            is_right = is_image(structure, group.at(group.last()).expect("the last one is kept"));
        }
        self.demand(Claim::Recovered, is_right, || {
            format!("{node} holds what its writes do not make")
        });
    }
}
