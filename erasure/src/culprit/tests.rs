//! One wrong node is named, and only if it is the only explanation.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::MAX_ROWS;
use crate::reference::encode;

const SEED: u64 = 42;

/// A cluster's block: the primaries' bytes, and the parity of servers 0..f.
#[derive(Clone, Debug)]
struct Cluster {
    primaries: Vec<Vec<u8>>,
    parities: Vec<Vec<u8>>,
}

/// One node's bytes xored at one place, so that the signature must show it.
#[derive(Clone, Debug)]
struct Fault {
    node: Index,
    place: usize,
    xor: u8,
}

impl Cluster {
    fn members(&self) -> usize {
        self.primaries.len() + self.parities.len()
    }

    /// Primaries first, then servers.
    fn culprit(&self, member: usize) -> Culprit {
        match member.checked_sub(self.primaries.len()) {
            None => Culprit::Primary { column: member },
            Some(row) => Culprit::Server { row },
        }
    }

    fn corrupt(&mut self, member: usize, place: usize, xor: u8) {
        let mut blocks = self.primaries.iter_mut().chain(&mut self.parities);
        let block = blocks.nth(member).unwrap();
        let place = place % block.len();
        block[place] ^= xor;
    }

    fn syndromes(&self) -> Vec<(usize, Signature)> {
        let syndrome = |(row, parity): (usize, &Vec<u8>)| {
            let mut syndrome = Signature::of(SEED, parity);
            for (column, block) in self.primaries.iter().enumerate() {
                syndrome.add_scaled(coefficient(row, column), &Signature::of(SEED, block));
            }
            (row, syndrome)
        };
        self.parities.iter().enumerate().map(syndrome).collect()
    }

    fn locate(&self) -> Culprit {
        let columns: Vec<usize> = (0..self.primaries.len()).collect();
        locate(&self.syndromes(), &columns)
    }
}

fn clusters(servers: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Cluster> {
    let primaries = prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 1..8);
    (primaries, servers).prop_map(|(primaries, servers)| {
        let parities = (0..servers).map(|row| encode(row, &primaries)).collect();
        Cluster { primaries, parities }
    })
}

fn fault() -> impl Strategy<Value = Fault> {
    let parts = (any::<Index>(), 0..1000usize, 1..=255u8);
    parts.prop_map(|(node, place, xor)| Fault { node, place, xor })
}

proptest! {
    #[test]
    fn nobody_is_named_while_all_agree(cluster in clusters(0..=MAX_ROWS)) {
        prop_assert_eq!(cluster.locate(), Culprit::Nobody);
    }

    #[test]
    fn with_two_servers_or_more_one_wrong_node_is_named(
        mut cluster in clusters(2..=MAX_ROWS), fault in fault(),
    ) {
        let wrong = fault.node.index(cluster.members());
        cluster.corrupt(wrong, fault.place, fault.xor);
        prop_assert_eq!(cluster.locate(), cluster.culprit(wrong));
    }

    #[test]
    fn with_one_server_something_is_wrong_but_nobody_is_named(
        mut cluster in clusters(1..=1), fault in fault(),
    ) {
        let wrong = fault.node.index(cluster.members());
        cluster.corrupt(wrong, fault.place, fault.xor);
        prop_assert_eq!(cluster.locate(), Culprit::Unknown);
    }

    /// Places are few, so that most faults meet in one lane of the signatures, where they could look like one.
    #[test]
    fn with_f_servers_up_to_f_minus_1_wrong_nodes_are_never_taken_for_one(
        mut cluster in clusters(3..=MAX_ROWS),
        faults in prop::collection::vec(fault(), 2..MAX_ROWS),
    ) {
        let mut wrong = BTreeSet::new();
        for fault in faults.iter().take(cluster.parities.len() - 1) {
            let member = fault.node.index(cluster.members());
            if wrong.insert(member) {
                cluster.corrupt(member, fault.place % 2, fault.xor);
            }
        }
        let expected = match wrong.len() {
            1 => cluster.culprit(wrong.pop_first().unwrap()),
            _ => Culprit::Unknown,
        };
        prop_assert_eq!(cluster.locate(), expected);
    }
}

fn signature(byte: u8) -> Signature {
    Signature::of(SEED, &[byte])
}

/// What a wrong primary of this column makes of the syndromes of these rows.
fn of_primary(column: usize, rows: &[usize]) -> Vec<(usize, Signature)> {
    let syndrome = |row: &usize| {
        let mut syndrome = Signature::ZERO;
        syndrome.add_scaled(coefficient(*row, column), &signature(9));
        (*row, syndrome)
    };
    rows.iter().map(syndrome).collect()
}

#[test]
fn any_two_rows_tell_every_column_from_every_other() {
    let columns: Vec<usize> = (0..252).collect();
    for rows in crate::reference::choices(MAX_ROWS, 2) {
        for column in 0..252 {
            let culprit = locate(&of_primary(column, &rows), &columns);
            assert_eq!(culprit, Culprit::Primary { column }, "rows {rows:?}");
        }
    }
}

#[test]
fn a_proportion_that_is_of_no_column_names_nobody() {
    assert_eq!(locate(&of_primary(5, &[0, 1]), &[0, 1, 2]), Culprit::Unknown);
    assert_eq!(locate(&of_primary(5, &[0, 1]), &[]), Culprit::Unknown);
    assert_eq!(
        locate(&of_primary(5, &[0, 1]), &[5, 5]),
        Culprit::Primary { column: 5 }
    );
}

#[test]
fn two_of_three_syndromes_name_nobody() {
    let mut syndromes = of_primary(1, &[0, 1, 2]);
    syndromes[2].1 = Signature::ZERO;
    assert_eq!(locate(&syndromes, &[0, 1, 2]), Culprit::Unknown);
}

/// With two servers the supposition that one node is wrong cannot be checked.
#[test]
fn two_wrong_servers_of_two_may_look_like_a_primary() {
    let syndromes = of_primary(1, &[0, 1]);
    assert_eq!(locate(&syndromes, &[0, 1, 2]), Culprit::Primary { column: 1 });
}

#[test]
fn nonsense_names_nobody() {
    let wrong = signature(1);
    assert_eq!(locate(&[], &[0]), Culprit::Nobody);
    assert_eq!(locate(&[(0, wrong)], &[]), Culprit::Unknown);
    assert_eq!(
        locate(&[(0, wrong), (0, Signature::ZERO)], &[0]),
        Culprit::Unknown
    );
    assert_eq!(locate(&[(0, wrong), (0, wrong)], &[0]), Culprit::Unknown);
    assert_eq!(locate(&[(0, wrong), (MAX_ROWS, wrong)], &[0]), Culprit::Unknown);
    assert_eq!(
        locate(&[(0, wrong), (1, wrong)], &[254, usize::MAX]),
        Culprit::Unknown
    );
}
