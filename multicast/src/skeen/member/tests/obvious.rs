//! A member against the obvious way to deliver in the order of final timestamps.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    super::{MemberCommand, Timestamp},
    SENDER, at, final_at, member, proposal, propose,
};

/// The obvious way: keep every message in a map, sort it anew after each final timestamp, deliver from the
/// front while the front is final.
#[derive(Default)]
struct SlowMember {
    clock: u64,
    waiting: BTreeMap<u64, (Timestamp, bool)>,
    log: Vec<(Timestamp, u64)>,
}

impl SlowMember {
    fn propose(&mut self, seq: u64) {
        self.clock += 1;
        self.waiting.insert(seq, (at(self.clock, 1), false));
    }

    fn finish(&mut self, seq: u64, timestamp: Timestamp) {
        self.clock = self.clock.max(timestamp.counter);
        self.waiting.insert(seq, (timestamp, true));
        let mut order: Vec<_> = self
            .waiting
            .iter()
            .map(|(seq, (at, fin))| (*at, *seq, *fin))
            .collect();
        order.sort();
        for (timestamp, seq, _) in order.into_iter().take_while(|(_, _, is_final)| *is_final) {
            self.waiting.remove(&seq);
            self.log.push((timestamp, seq));
        }
    }
}

proptest! {
    /// Messages are proposed and become final in any order, each by at least what was offered here.
    #[test]
    fn a_member_delivers_what_the_obvious_one_delivers(
        script in prop::collection::vec((0_usize..6, 0_u64..8, 0_u32..4), 1..60)
    ) {
        let (mut fast, mut slow) = (member(1), SlowMember::default());
        let mut log = Vec::new();
        let mut proposed = 0;
                for (choice, above, node) in script {
            let open: Vec<_> = slow.waiting.iter().filter(|(_, (_, is_final))| !is_final).collect();
            let Some((seq, (offer, _))) = open.get(choice.wrapping_sub(2)).copied() else {
                proposed += 1;
                let answer = fast.handle(SENDER, propose(proposed));
                slow.propose(proposed);
                prop_assert_eq!(answer, proposal(proposed, at(slow.clock, 1)));
                continue;
            };
            // Distinct for distinct messages: another node offers no counter twice.
            let (seq, other) = (*seq, at(offer.counter + above, node + 2 + 4 * *seq as u32));
            let timestamp = other.max(*offer);
            for command in fast.handle(SENDER, final_at(seq, timestamp)) {
                if let MemberCommand::Deliver { timestamp, payload, .. } = command {
                    log.push((timestamp, payload));
                }
            }
            slow.finish(seq, timestamp);
            prop_assert_eq!(&log, &slow.log);
            prop_assert_eq!(fast.clock(), slow.clock);
        }
        prop_assert!(log.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
