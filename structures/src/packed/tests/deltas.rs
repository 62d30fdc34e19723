//! What an operation changes, byte for byte.

use multicast::id::{ClientId, Seq};

use super::limits::{Scripted, insert, push_back};
use super::script::spec;
use crate::delta::{Delta, Range, RegionId};
use crate::kind::StructureKind;
use crate::op::{Op, Outcome, Write};

/// Content of the first page begins here.
const CONTENT: u64 = 16 + 6;

fn range(region: RegionId, offset: u64, xor: &[u8]) -> Range {
    Range {
        region,
        offset,
        xor: xor.to_vec(),
    }
}

/// What the session of client 0 records when write `seq` follows the one before: its number, and its outcome.
fn session(seq: u64, outcome: Outcome) -> [Range; 2] {
    [
        range(RegionId::SESSIONS, 8, &[(seq ^ (seq - 1)) as u8]),
        range(
            RegionId::SESSIONS,
            24 + seq,
            &[Outcome::Forgotten as u8 ^ outcome as u8],
        ),
    ]
}

/// A structure of this kind in pages of 32 bytes, after `ops`.
fn after(kind: StructureKind, ops: Vec<Op>) -> Scripted {
    let mut scripted = Scripted::new(spec(kind), 32);
    for op in ops {
        scripted.apply(op);
    }
    scripted
}

#[test]
fn a_push_at_the_end_changes_the_element_and_the_session_alone() {
    let mut list = after(StructureKind::List, vec![push_back(b"abc")]);
    let (answer, delta) = list.apply(push_back(b"defgh"));
    assert_eq!(answer, Outcome::Inserted.into());
    let [number, outcome] = session(3, Outcome::Inserted);
    let element = range(RegionId::RECORDS, CONTENT + 4, b"\x06defgh");
    let lengths = [16 + 32, 4, 88];
    assert_eq!(
        delta,
        Delta {
            lengths,
            ranges: vec![element, number, outcome]
        }
    );
}

#[test]
fn a_push_over_the_edge_of_a_page_changes_one_link_more() {
    let mut list = after(StructureKind::List, vec![push_back(&[7; 23])]);
    let (_, delta) = list.apply(push_back(b"defgh"));
    let [number, outcome] = session(3, Outcome::Inserted);
    let ranges = vec![
        range(RegionId::RECORDS, 16, &[2]),
        range(RegionId::RECORDS, CONTENT + 24, b"\x06d"),
        range(RegionId::RECORDS, 16 + 32 + 6, b"efgh"),
        number,
        outcome,
    ];
    let lengths = [16 + 64, 4, 88];
    assert_eq!(delta, Delta { lengths, ranges });
}

/// Of any element, wherever the page ends: its bytes, and a link of one byte.
#[test]
fn a_million_pushes_would_send_their_elements_alone() {
    let mut list = Scripted::new(spec(StructureKind::Queue), 512);
    for _ in 0..500 {
        let (_, delta) = list.apply(push_back(&[0xAB; 8]));
        let of_records = delta
            .ranges
            .iter()
            .filter(|range| range.region == RegionId::RECORDS);
        let bytes: usize = of_records.map(|range| range.xor.len()).sum();
        assert!((9..=10).contains(&bytes), "{bytes} bytes");
    }
}

#[test]
fn a_push_at_the_front_changes_the_element_and_the_session_alone() {
    let front = |value: &[u8]| Op::PushFront {
        value: value.to_vec(),
    };
    let ops = vec![push_back(b"abc"), front(b"z")];
    let mut list = after(StructureKind::List, ops);
    let (_, delta) = list.apply(front(b"defgh"));
    let [number, outcome] = session(4, Outcome::Inserted);
    // The page before the first one is filled from its end: two bytes of `z` before, at its very end.
    let element = range(RegionId::RECORDS, 16 + 32 + 6 + 26 - 2 - 6, b"\x06defgh");
    let lengths = [16 + 64, 4, 88];
    assert_eq!(
        delta,
        Delta {
            lengths,
            ranges: vec![element, number, outcome]
        }
    );
}

#[test]
fn a_pop_at_either_end_zeroes_the_element_and_keeps_it_as_a_result() {
    for (op, offset, value) in [
        (Op::PopFront, CONTENT, b"abc"),
        (Op::PopBack, CONTENT + 8, b"ghi"),
    ] {
        let ops = vec![push_back(b"abc"), push_back(b"def"), push_back(b"ghi")];
        let mut list = after(StructureKind::List, ops);
        let (_, delta) = list.apply(op);
        let [number, outcome] = session(5, Outcome::Removed);
        let element = range(RegionId::RECORDS, offset, &[&[4], &value[..]].concat());
        let mut result = vec![21, 17];
        result.extend([0; 15]);
        result.push(5);
        result.extend(value);
        let head = range(RegionId::RESULTS, 0, &[1]);
        let result = range(RegionId::RESULTS, 4 + 6, &result);
        let lengths = [16 + 32, 4 + 32, 88];
        let ranges = vec![element, head, result, number, outcome];
        assert_eq!(delta, Delta { lengths, ranges });
    }
}

#[test]
fn an_update_of_the_same_length_changes_the_value_alone() {
    for kind in [
        StructureKind::KeyedList,
        StructureKind::Map,
        StructureKind::OrderedMap,
    ] {
        let mut map = after(kind, vec![insert(b"a", b"111"), insert(b"b", b"222")]);
        let (_, delta) = map.apply(insert(b"a", b"131"));
        let [number, outcome] = session(4, Outcome::Updated);
        let value = range(RegionId::RECORDS, CONTENT + 4, &[b'1' ^ b'3']);
        let lengths = [16 + 32, 4, 88];
        assert_eq!(
            delta,
            Delta {
                lengths,
                ranges: vec![value, number, outcome]
            }
        );
    }
}

#[test]
fn a_map_fills_the_hole_of_an_element_with_its_last_one() {
    let ops = vec![insert(b"a", b"111"), insert(b"b", b"222"), insert(b"c", b"333")];
    let mut map = after(StructureKind::Map, ops);
    let (_, delta) = map.apply(Op::Delete { key: b"a".to_vec() });
    let [number, outcome] = session(5, Outcome::Deleted);
    let xor = [b'a' ^ b'c', b'1' ^ b'3', b'1' ^ b'3', b'1' ^ b'3'];
    let moved = range(RegionId::RECORDS, CONTENT + 2, &xor);
    let zeroed = range(RegionId::RECORDS, CONTENT + 12, b"\x06\x02c333");
    let lengths = [16 + 32, 4, 88];
    assert_eq!(
        delta,
        Delta {
            lengths,
            ranges: vec![moved, zeroed, number, outcome]
        }
    );
}

#[test]
fn what_is_refused_changes_the_session_alone() {
    let mut list = after(StructureKind::List, vec![push_back(b"abc")]);
    let refused = [
        (
            Op::PushRanked {
                priority: 1,
                value: vec![],
            },
            Outcome::Unsupported,
        ),
        (push_back(&[0; 201]), Outcome::ValueTooLong),
        (Op::RemoveAt { index: 1 }, Outcome::AbsentPlace),
    ];
    for (seq, (op, outcome)) in (3..).zip(refused) {
        let (answer, delta) = list.apply(op);
        assert_eq!(answer, outcome.into());
        let lengths = [16 + 32, 4, 88];
        let ranges = session(seq, outcome).to_vec();
        assert_eq!(delta, Delta { lengths, ranges });
    }
}

#[test]
fn a_refused_opening_leaves_all_regions_empty() {
    let mut packed = crate::packed::Packed::new(spec(StructureKind::Map));
    let (client, seq, op) = (ClientId(1), Seq(0), Op::OpenSession);
    let expected = (Outcome::Forgotten.into(), Delta::default());
    assert_eq!(packed.apply(&Write { client, seq, op }), expected);
    assert!(packed.arena().is_empty());
}

#[test]
fn the_longest_values_change_less_than_a_region_may_grow_by() {
    use crate::arena::MAX_GROWTH_BYTES;
    use crate::kind::{StructureLimits, StructureSpec};
    let limits = StructureLimits {
        key_bytes: 8,
        element_bytes: u16::MAX,
    };
    let kind = StructureKind::List;
    let mut list = Scripted::new(StructureSpec { kind, limits }, crate::packed::PAGE_BYTES);
    let lengths = [65_535, 10, 40_000, 0, 65_535, 700];
    for n in 0..120u64 {
        let value = vec![n as u8 + 1; lengths[n as usize % 6]];
        let index = n * 7 % (list.packed.len() as u64 + 1);
        let op = match n % 5 {
            0..3 => Op::InsertAt { index, value },
            3 => Op::SetAt { index, value },
            _ => Op::RemoveAt { index },
        };
        let (_, delta) = list.apply(op);
        let changed: usize = delta.ranges.iter().map(|range| range.xor.len()).sum();
        assert!(changed as u64 <= MAX_GROWTH_BYTES, "write {n}: {changed} bytes");
    }
}
