//! What shows that this life was not replaced: an answer to a read rests on it, since a process can stand still
//! without noticing.
//!
//! ```text
//! lease    primary --AskLease, its clock--> manager --Lease, the same--> primary      in advance, again and again
//! round    primary --Confirm--> every server that is waited for --Confirmed--> primary      for reads without a lease
//! ```
//!
//! Why a lease is sound: the manager that answers has heard this life after it asked, and takes nobody for lost whose
//! link is whole and who was silent for less than it forgives in any case; a lease counts from the asking, by the asker's
//! clock, and is half as long. Why a round is: whoever replaces this life is decoded from a server that is waited for here, after
//! that one has fenced it, and a fenced life's channel is closed. Source: DESIGN, "Reads".
//!
//! Invariants: a lease counts from when it was asked for, not from when it came; a round confirms the reads that came
//! before it began, and no others; at most one round is under way.

use std::time::Duration;

use wire::limits::WRITE_PATIENCE;

use crate::assembly::Micros;

/// So many leases fit into the time that a silent life is believed in: clocks may differ in speed that much.
const LEASES_PER_SILENCE: u32 = 2;
/// How often a lease is asked for during one.
const ASKED_PER_LEASE: u64 = 3;

/// The manager's word. See the module's documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// None is ever granted if this is zero.
    length_us: u64,
    now: Micros,
    /// When it was asked for last, over the manager's link of now.
    asked: Option<Micros>,
    until: Micros,
}

impl Lease {
    /// Where a silent life is believed in for so long. A manager whose words are not taken gives up after the patience.
    pub fn within(believed: Duration) -> Self {
        let believed = believed.min(WRITE_PATIENCE);
        Self {
            length_us: (believed / LEASES_PER_SILENCE).as_micros() as u64,
            ..Self::default()
        }
    }

    /// What the clock shows; it never goes back.
    pub fn tell_time(&mut self, now: Micros) {
        self.now = self.now.max(now);
    }

    /// Whether nobody can have replaced this life yet.
    pub fn holds(&self) -> bool {
        self.now < self.until
    }

    /// The time to ask with, if it is time to ask.
    pub fn ask(&mut self) -> Option<u64> {
        let is_early = |asked: Micros| self.now.0 < asked.0 + self.length_us / ASKED_PER_LEASE;
        if self.length_us == 0 || self.asked.is_some_and(is_early) {
            return None;
        }
        self.asked = Some(self.now);
        Some(self.now.0)
    }

    /// Takes what the manager handed back; what was not asked changes nothing.
    pub fn grant(&mut self, asked: Micros) {
        if self.asked.is_some_and(|last| asked <= last) {
            self.until = self.until.max(Micros(asked.0 + self.length_us));
        }
    }

    /// The manager's link is gone, and it may take that for the end of this life.
    pub fn lose(&mut self) {
        self.asked = None;
        self.until = Micros(0);
    }
}

/// The servers' word. See the module's documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rounds {
    begun: u64,
    confirmed: u64,
    /// The last one that a read waits for.
    wanted: u64,
}

impl Rounds {
    /// The round that confirms a read of now: one that has not begun.
    pub fn want(&mut self) -> u64 {
        self.wanted = self.begun + 1;
        self.wanted
    }

    /// Begins the next round, if one is wanted and none is under way.
    pub fn begin(&mut self) -> Option<u64> {
        let is_due = self.confirmed == self.begun && self.begun < self.wanted;
        self.begun += u64::from(is_due);
        is_due.then_some(self.begun)
    }

    /// Notes up to which round every server that is waited for has answered.
    pub fn confirm(&mut self, round: u64) {
        self.confirmed = self.confirmed.max(round.min(self.begun));
    }

    /// The last round begun.
    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// The last round that every server has answered.
    pub fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// The round under way, if one is.
    pub fn under_way(&self) -> Option<u64> {
        (self.confirmed < self.begun).then_some(self.begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease() -> Lease {
        Lease::within(Duration::from_micros(600))
    }

    #[test]
    fn a_lease_lasts_half_the_silence_that_is_believed_in_from_when_it_was_asked_for_and_not_longer() {
        let mut lease = lease();
        lease.tell_time(Micros(1000));
        assert_eq!(lease.ask(), Some(1000));
        assert!(!lease.holds(), "asking is not having");
        lease.tell_time(Micros(1200));
        lease.grant(Micros(1000));
        lease.tell_time(Micros(1299));
        assert!(lease.holds());
        lease.tell_time(Micros(1300));
        assert!(!lease.holds());
        lease.grant(Micros(1000));
        assert!(
            !lease.holds(),
            "an answer that lay about while this process stood still"
        );
    }

    #[test]
    fn it_is_asked_for_three_times_as_often_and_only_what_was_asked_is_granted() {
        let mut lease = lease();
        assert_eq!(lease.ask(), Some(0));
        lease.tell_time(Micros(99));
        assert_eq!(lease.ask(), None);
        lease.tell_time(Micros(100));
        assert_eq!(lease.ask(), Some(100));
        lease.grant(Micros(101));
        assert!(!lease.holds());
        lease.grant(Micros(0));
        assert!(lease.holds());
        lease.lose();
        assert!(!lease.holds());
        lease.grant(Micros(100));
        assert!(!lease.holds(), "it was asked for over another link");
    }

    #[test]
    fn no_lease_is_longer_than_half_of_what_a_manager_waits_for_its_words_to_be_taken() {
        let lease = Lease::within(WRITE_PATIENCE * 2);
        assert_eq!(lease, Lease::within(WRITE_PATIENCE));
        assert_eq!(u128::from(lease.length_us), WRITE_PATIENCE.as_micros() / 2);
    }

    #[test]
    fn a_round_confirms_what_came_before_it_and_what_came_during_it_waits_for_the_next() {
        let mut rounds = Rounds::default();
        assert_eq!(rounds.begin(), None);
        assert_eq!((rounds.want(), rounds.want(), rounds.begin()), (1, 1, Some(1)));
        assert_eq!((rounds.want(), rounds.begin()), (2, None), "one is under way");
        rounds.confirm(7);
        assert_eq!(rounds.confirmed(), 1, "no more than was begun");
        assert_eq!((rounds.begin(), rounds.under_way()), (Some(2), Some(2)));
        rounds.confirm(2);
        assert_eq!((rounds.begin(), rounds.under_way()), (None, None));
    }
}
