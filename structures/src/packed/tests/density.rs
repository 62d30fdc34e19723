//! After whatever was inserted, removed and replaced, the bytes are not many more than the live ones, and no
//! operation changed many.
//!
//! Live bytes are those of the elements: keys, values and the lengths before them; of the values taken out and
//! still answered, likewise; and the sessions. What is not live: headers of pages and unused bytes.

use super::limits::{Scripted, insert};
use crate::delta::RegionId;
use crate::kind::{StructureKind, StructureLimits, StructureSpec};
use crate::op::Op;
use crate::packed::{PAGE_BYTES, Packed};

/// Bytes over live bytes, at most, of structures of more than a few pages.
const MOST: f64 = 1.25;
/// Pages from which that holds.
const MANY_PAGES: usize = 40;

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    fn value(&mut self, lengths: (usize, usize)) -> Vec<u8> {
        let length = lengths.0 + self.below(lengths.1 - lengths.0 + 1);
        vec![self.below(256) as u8; length]
    }
}

fn live_bytes(packed: &Packed) -> usize {
    let format = packed.elements.format();
    let elements = packed.elements();
    let elements = elements
        .iter()
        .map(|element| format.encoded_bytes(&element.key, &element.value));
    elements.sum::<usize>() + packed.results.live_bytes(&packed.arena) + packed.arena.len(RegionId::SESSIONS)
}

fn check_density(packed: &Packed) {
    let pages = packed.elements.chain().order().pages();
    if pages > MANY_PAGES {
        let bytes: u64 = packed.arena.lengths().iter().sum();
        let density = bytes as f64 / live_bytes(packed) as f64;
        assert!(
            density <= MOST,
            "{} {density} at {pages} pages",
            packed.spec().kind
        );
    }
}

fn scripted(kind: StructureKind) -> Scripted {
    let limits = StructureLimits {
        key_bytes: 8,
        element_bytes: 10_000,
    };
    Scripted::new(StructureSpec { kind, limits }, PAGE_BYTES)
}

/// Applies as many operations as there are rounds, and checks every now and then.
fn churn(scripted: &mut Scripted, rounds: usize, mut op: impl FnMut(usize) -> Op) {
    for round in 0..rounds {
        let length = scripted.packed.len();
        let (_, delta) = scripted.apply(op(length));
        let changed: usize = delta.ranges.iter().map(|range| range.xor.len()).sum();
        let limit = 64 * 1024;
        assert!(changed <= limit, "{changed} bytes changed by one operation");
        if round % (rounds / 20).max(1) == 0 {
            check_density(&scripted.packed);
        }
    }
}

/// Grows, is changed, shrinks to a third and is changed again, at random places.
fn churn_list(lengths: (usize, usize), elements: usize) {
    let mut random = Random(lengths.1 as u64 + 77);
    let mut list = scripted(StructureKind::List);
    for phase in 0..4 {
        let [inserts, removes, sets] = [[8, 1, 1], [3, 3, 4], [1, 8, 1], [4, 4, 2]][phase];
        let rounds = elements * [10, 10, 8, 10][phase] / 7;
        churn(&mut list, rounds, |length| {
            let index = random.below(length + 1) as u64;
            match random.below(10) {
                dice if dice < inserts => Op::InsertAt {
                    index,
                    value: random.value(lengths),
                },
                dice if dice < inserts + removes => Op::RemoveAt { index },
                dice if dice < inserts + removes + sets => Op::SetAt {
                    index,
                    value: random.value(lengths),
                },
                _ => Op::PopFront,
            }
        });
    }
}

#[test]
fn a_list_of_equal_values_stays_dense() {
    churn_list((8, 8), 3000);
}

#[test]
fn a_list_of_short_values_stays_dense() {
    churn_list((0, 20), 2500);
}

#[test]
fn a_list_of_values_around_a_page_stays_dense() {
    churn_list((100, 900), 400);
}

#[test]
fn a_list_of_values_of_many_pages_stays_dense() {
    churn_list((0, 9000), 60);
}

#[test]
fn a_list_changed_at_one_place_stays_dense() {
    let mut random = Random(5);
    let mut list = scripted(StructureKind::List);
    for phase in 0..6 {
        churn(&mut list, 2000, |length| {
            let index = (length / 2 + random.below(5)).min(length) as u64;
            match (phase % 2, random.below(10)) {
                (0, 0..8) | (1, 0..3) => Op::InsertAt {
                    index,
                    value: random.value((3, 12)),
                },
                _ => Op::RemoveAt { index },
            }
        });
    }
}

fn churn_keyed(kind: StructureKind, lengths: (usize, usize), keys: usize) {
    let mut random = Random(keys as u64);
    let mut map = scripted(kind);
    for inserts in [9, 5, 2, 5] {
        churn(&mut map, keys, |_| {
            let key = (random.below(keys) as u64)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .to_be_bytes();
            match random.below(10) {
                dice if dice < inserts => insert(&key, &random.value(lengths)),
                dice if dice % 2 == 0 => Op::Delete { key: key.to_vec() },
                _ => Op::Remove { key: key.to_vec() },
            }
        });
    }
}

#[test]
fn keyed_structures_of_equal_values_stay_dense() {
    for kind in [
        StructureKind::KeyedList,
        StructureKind::Map,
        StructureKind::OrderedMap,
    ] {
        churn_keyed(kind, (8, 8), 2000);
    }
}

#[test]
fn keyed_structures_of_mixed_values_stay_dense() {
    for kind in [
        StructureKind::KeyedList,
        StructureKind::Map,
        StructureKind::OrderedMap,
    ] {
        churn_keyed(kind, (0, 40), 1200);
        churn_keyed(kind, (0, 700), 300);
    }
}

#[test]
fn an_ordered_map_stays_dense_whether_keys_rise_fall_or_alternate() {
    let keys: [fn(u64) -> u64; 4] = [
        |n| n,
        |n| !n,
        |n| if n % 2 == 0 { n } else { !n },
        |n| n << 32 | n,
    ];
    for key in keys {
        let mut map = scripted(StructureKind::OrderedMap);
        let mut n = 0;
        churn(&mut map, 3000, |_| {
            n += 1;
            insert(&key(n).to_be_bytes(), b"valuable")
        });
    }
}

#[test]
fn a_priority_queue_stays_dense() {
    let mut random = Random(9);
    let mut queue = scripted(StructureKind::PriorityQueue);
    for pushes in [9, 5, 3, 6] {
        churn(&mut queue, 2000, |_| match random.below(10) {
            dice if dice < pushes => Op::PushRanked {
                priority: random.below(1000) as u64,
                value: random.value((0, 20)),
            },
            _ => Op::PopFront,
        });
    }
}
