//! Which manager owns the membership, and when another one is to take its place. The same for both mechanisms.
//!
//! ```text
//! following an owner --its link ended, or none came up in time--> suspicion --> take over: swap the store
//! ```
//!
//! Two that take over at once swap from the same epoch, and one of them loses. So a suspicion may be wrong: it
//! costs a change of owner, and never the membership (DESIGN, "Membership store"). No clock is read here.

use std::collections::BTreeSet;

use multicast::id::Incarnation;
use wire::message::membership::Owner;

use crate::coordinator::Micros;

/// What a manager knows of the owner and the others. See the module's words.
#[derive(Clone, Debug)]
pub(crate) struct Ownership {
    /// This manager's life.
    own: Owner,
    /// The life of it before this one, if the store named that as the owner at the start. A swap of it may still be on
    /// its way to the store.
    former: Option<Incarnation>,
    suspicion_us: u64,
    /// Lives of other managers whose link is up.
    linked: BTreeSet<Incarnation>,
    /// Who is followed.
    owner: Option<Owner>,
    /// From then on the owner is suspected.
    suspect_at: Option<Micros>,
    /// Until then the end of a link proves nothing: this process was held up, and others hung up on it.
    forgiving_until: Micros,
}

impl Ownership {
    /// Of this life, which follows nobody yet. `stored` is the owner that the store names at the start.
    pub(crate) fn new(own: Owner, stored: Option<Owner>, suspicion_us: u64) -> Self {
        let former = stored.filter(|stored| stored.node == own.node);
        Self {
            own,
            former: former.map(|former| former.incarnation),
            suspicion_us,
            linked: BTreeSet::new(),
            owner: None,
            suspect_at: None,
            forgiving_until: Micros(0),
        }
    }

    /// This manager's life.
    pub(crate) fn own(&self) -> Owner {
        self.own
    }

    /// At the start: whether the stored owner was this very manager in an earlier life, or nobody.
    pub(crate) fn is_vacant(&self, stored: Option<Owner>) -> bool {
        stored.is_none_or(|owner| owner.node == self.own.node)
    }

    /// This manager starts over what the store holds.
    pub(crate) fn begin(&mut self, now: Micros, stored: Option<Owner>) {
        self.follow(now, stored);
        if self.is_vacant(stored) {
            self.suspect_at = Some(now);
        }
    }

    /// Somebody else stored itself as the owner. The life of this very manager before this one is nobody to wait for,
    /// however late its word reached the store. Any other life of it is a later one, which this one never succeeds:
    /// they would take turns for ever.
    pub(crate) fn follow(&mut self, now: Micros, stored: Option<Owner>) {
        self.owner = stored;
        self.suspect_at = match stored {
            Some(owner) if self.former == Some(owner.incarnation) => Some(now),
            Some(owner) if owner.node == self.own.node => None,
            Some(owner) if self.linked.contains(&owner.incarnation) => None,
            _ => Some(self.later(now)),
        };
    }

    /// Somebody owns it by now; who, the store is about to tell.
    pub(crate) fn await_news(&mut self, now: Micros) {
        self.owner = None;
        self.suspect_at = Some(self.later(now));
    }

    fn later(&self, now: Micros) -> Micros {
        Micros(now.0 + self.suspicion_us)
    }

    /// The link to another manager is up.
    pub(crate) fn linked(&mut self, life: Incarnation) {
        self.linked.insert(life);
        if self.owner.is_some_and(|owner| owner.incarnation == life) {
            self.suspect_at = None;
        }
    }

    /// That link is down.
    pub(crate) fn lost(&mut self, now: Micros, life: Incarnation) {
        self.linked.remove(&life);
        if self.owner.is_some_and(|owner| owner.incarnation == life) {
            self.suspect_at = Some(now.max(self.forgiving_until));
        }
    }

    /// This process was held up.
    pub(crate) fn held_up(&mut self, now: Micros) {
        self.forgiving_until = self.later(now);
        if self.suspect_at.is_some() {
            self.suspect_at = Some(self.forgiving_until);
        }
    }

    /// Whether the one that is followed is suspected.
    pub(crate) fn is_due(&self, now: Micros) -> bool {
        self.suspect_at.is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use multicast::id::NodeId;

    use super::*;

    const SUSPICION: u64 = 100;

    fn life(node: u32, incarnation: u64) -> Owner {
        Owner {
            node: NodeId(node),
            incarnation: Incarnation(incarnation),
        }
    }

    fn following(stored: Option<Owner>) -> Ownership {
        let mut ownership = Ownership::new(life(1, 10), stored, SUSPICION);
        ownership.begin(Micros(1000), stored);
        ownership
    }

    /// From which of these moments on the owner is suspected.
    fn due(ownership: &Ownership, moments: [u64; 3]) -> [bool; 3] {
        moments.map(|at| ownership.is_due(Micros(at)))
    }

    #[test]
    fn an_owner_that_never_was_in_touch_has_the_suspicion_time_to_show_up() {
        let mut ownership = following(Some(life(2, 20)));
        assert_eq!(due(&ownership, [1000, 1099, 1100]), [false, false, true]);
        ownership.linked(Incarnation(20));
        assert_eq!(due(&ownership, [1000, 1100, 9999]), [false; 3]);
    }

    #[test]
    fn the_end_of_the_owners_link_is_a_suspicion_at_once_and_that_of_another_is_none() {
        let mut ownership = following(Some(life(2, 20)));
        ownership.linked(Incarnation(20));
        ownership.linked(Incarnation(30));
        ownership.lost(Micros(1010), Incarnation(30));
        assert_eq!(due(&ownership, [1010, 1100, 9999]), [false; 3]);
        ownership.lost(Micros(1010), Incarnation(20));
        assert_eq!(due(&ownership, [1009, 1010, 1011]), [false, true, true]);
    }

    #[test]
    fn nobody_and_an_earlier_life_of_ones_own_are_no_one_to_wait_for() {
        assert_eq!(due(&following(None), [999, 1000, 1001]), [false, true, true]);
        assert_eq!(
            due(&following(Some(life(1, 9))), [999, 1000, 1001]),
            [false, true, true]
        );
    }

    #[test]
    fn a_later_life_of_the_same_manager_is_never_succeeded() {
        let mut ownership = following(None);
        ownership.follow(Micros(2000), Some(life(1, 11)));
        assert_eq!(due(&ownership, [2000, 2100, 9999]), [false; 3]);
    }

    /// Its last swap was on its way when it died.
    #[test]
    fn a_late_word_of_the_life_before_is_succeeded_at_once() {
        let mut ownership = following(Some(life(1, 9)));
        ownership.follow(Micros(2000), Some(life(1, 9)));
        assert_eq!(due(&ownership, [1999, 2000, 9999]), [false, true, true]);
        ownership.follow(Micros(3000), Some(life(1, 11)));
        assert_eq!(due(&ownership, [3000, 3100, 9999]), [false; 3]);
    }

    #[test]
    fn a_link_that_ends_after_this_process_was_held_up_is_no_suspicion_yet() {
        let mut ownership = following(Some(life(2, 20)));
        ownership.linked(Incarnation(20));
        ownership.held_up(Micros(2000));
        ownership.lost(Micros(2001), Incarnation(20));
        assert_eq!(due(&ownership, [2001, 2099, 2100]), [false, false, true]);
    }

    #[test]
    fn who_is_superseded_waits_for_the_stores_word_as_long_as_for_an_owner() {
        let mut ownership = following(Some(life(2, 20)));
        ownership.await_news(Micros(3000));
        assert_eq!(due(&ownership, [3000, 3099, 3100]), [false, false, true]);
    }
}
