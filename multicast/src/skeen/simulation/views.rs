//! The way from one view to the next: a manager swaps the stored membership, then seals it. The swap of one that
//! has not seen the last membership is refused; it sees it then.

use super::{invariants::Checked, world::World};
use crate::id::{Incarnation, NodeId};

impl World {
    /// The manager looks into the store, and follows whoever owns a newer view.
    pub(super) fn look(&mut self, life: Incarnation) -> Checked {
        let (epoch, view, owner) = (self.store.epoch, self.store.view(), self.store.owner);
        let Some(manager) = self
            .managers
            .get_mut(&life)
            .filter(|manager| manager.seen < epoch)
        else {
            return Ok(());
        };
        manager.seen = epoch;
        manager.stored = None;
        manager.must_seal = false;
        let commands = manager.sender.follow(epoch, view);
        self.note(|| format!("{life} follows {owner} into {epoch}"));
        self.carry_out(life, commands)
    }

    /// The manager makes the view its own, as it is but for dead members, if nobody else was faster.
    pub(super) fn take_over(&mut self, life: Incarnation) -> Checked {
        self.change_view(life, |_| {})
    }

    /// The manager swaps the membership, changed in this way too, and seals it at once or after a while.
    pub(super) fn change_view(&mut self, life: Incarnation, change: impl FnOnce(&mut World)) -> Checked {
        let seen = self.managers.get(&life).map(|manager| manager.seen);
        if seen != Some(self.store.epoch) {
            return self.look(life);
        }
        self.remove_the_dead();
        change(self);
        self.store.epoch = self.store.epoch.next();
        self.store.owner = life;
        let (epoch, view) = (self.store.epoch, self.store.view());
        self.note(|| format!("{life} stores {epoch}: {view:?}"));
        if let Some(manager) = self.managers.get_mut(&life) {
            manager.seen = epoch;
            manager.must_seal = false;
            manager.stored = Some((epoch, view));
        }
        if self.random.percent(80) {
            self.seal(life)
        } else {
            Ok(())
        }
    }

    fn remove_the_dead(&mut self) {
        let replicas = &self.replicas;
        let is_alive = |node: &NodeId| replicas.get(node).is_some_and(|replica| replica.is_alive);
        for nodes in self.store.voters.values_mut() {
            nodes.retain(is_alive);
        }
        self.store.joining.retain(is_alive);
    }

    /// The manager seals what it stored, if it has not yet.
    pub(super) fn seal(&mut self, life: Incarnation) -> Checked {
        let Some(manager) = self.managers.get_mut(&life) else {
            return Ok(());
        };
        let Some((epoch, view)) = manager.stored.take() else {
            return Ok(());
        };
        let commands = manager.sender.seal(epoch, view);
        self.note(|| format!("{life} seals {epoch}"));
        self.carry_out(life, commands)
    }
}
