//! Who crashes with whom: in every round each node once, alone or in parties whose members follow from the
//! seed.

use std::collections::BTreeSet;

use crate::{cluster::Seat, work::Draws};

/// The nodes of one crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::experiment) struct Party {
    /// Killed at once.
    pub(in crate::experiment) together: Vec<Seat>,
    /// Killed when the recovery of the first of them has begun; none of them.
    pub(in crate::experiment) interrupting: Option<Seat>,
}

/// The parties of one round. Alone, the nodes crash in the order given. In parties of several the first one
/// mixes roles, if there are several: what one role needs of the other must survive both being gone.
pub(in crate::experiment) fn parties(
    order: &[Seat],
    size: usize,
    interrupted: bool,
    draws: &mut Draws,
) -> Vec<Party> {
    let mut seats = order.to_vec();
    if size > 1 {
        draws.shuffle(&mut seats);
        mix_roles(&mut seats, size);
    }
    let party = |together: &[Seat]| {
        let others: Vec<Seat> = order
            .iter()
            .filter(|seat| !together.contains(seat))
            .copied()
            .collect();
        let is_possible = interrupted && !others.is_empty();
        Party {
            together: together.to_vec(),
            interrupting: is_possible.then(|| others[draws.below(others.len() as u64) as usize]),
        }
    };
    seats.chunks(size.max(1)).map(party).collect()
}

/// Exchanges the last seat of the first party for one of another role, if all of that party are of one.
fn mix_roles(seats: &mut [Seat], size: usize) {
    let size = size.min(seats.len());
    let roles: BTreeSet<_> = seats[..size].iter().map(|seat| seat.role).collect();
    let other = seats.iter().position(|seat| !roles.contains(&seat.role));
    if let (1, Some(other)) = (roles.len(), other) {
        seats.swap(size - 1, other);
    }
}

#[cfg(test)]
mod tests {
    use settings::{ClusterPlan, Mechanism};
    use wire::message::membership::Role;

    use super::*;
    use crate::cluster::seats;

    fn of_fusion(groups: usize, faults: usize) -> Vec<Seat> {
        let plan = ClusterPlan::new(Mechanism::FusionArena, groups, faults);
        seats(&plan.cluster().unwrap())
    }

    fn members(parties: &[Party]) -> Vec<u32> {
        let all = parties.iter().flat_map(|party| &party.together);
        let mut all: Vec<u32> = all.map(|seat| seat.node.0).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn alone_the_nodes_crash_in_their_order() {
        let order = of_fusion(2, 1);
        let round = parties(&order, 1, false, &mut Draws::new(1));
        let expected = order.iter().map(|seat| Party {
            together: vec![*seat],
            interrupting: None,
        });
        assert_eq!(round, expected.collect::<Vec<_>>());
    }

    #[test]
    fn in_parties_every_node_crashes_once_and_the_first_one_mixes_roles() {
        let order = of_fusion(5, 2);
        for seed in 0..100 {
            let round = parties(&order, 2, false, &mut Draws::new(seed));
            assert_eq!(members(&round), [1, 2, 3, 4, 5, 6, 7]);
            let sizes: Vec<usize> = round.iter().map(|party| party.together.len()).collect();
            assert_eq!(sizes, [2, 2, 2, 1]);
            let roles: BTreeSet<Role> = round[0].together.iter().map(|seat| seat.role).collect();
            assert_eq!(roles, BTreeSet::from([Role::Primary, Role::FusionServer]));
        }
        let first = |seed| parties(&order, 2, false, &mut Draws::new(seed))[0].clone();
        assert_eq!(first(1), first(1));
        assert!((2..20).any(|seed| first(seed) != first(1)), "the seed decides");
    }

    #[test]
    fn whoever_interrupts_a_recovery_is_not_among_those_that_crashed() {
        let order = of_fusion(3, 3);
        let mut interrupting = BTreeSet::new();
        for seed in 0..100 {
            for party in parties(&order, 2, true, &mut Draws::new(seed)) {
                let seat = party.interrupting.unwrap();
                assert!(!party.together.contains(&seat));
                interrupting.insert(seat.node);
            }
        }
        assert_eq!(interrupting.len(), 6, "anyone may");
    }
}
