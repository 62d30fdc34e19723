//! What clients ask: operations and queries of any kind of structure, by a random number.

use structures::{
    kind::{StructureKind, StructureSpec},
    op::Op,
    query::Query,
};

/// Different keys that clients use.
const KEYS: u32 = 13;

/// An operation of this kind of structure; now and then one that it refuses.
pub(crate) fn drawn(spec: StructureSpec, chance: u32) -> Op {
    use StructureKind::*;
    let (choice, rest) = (chance % 8, chance / 8);
    let key = vec![b'a' + (rest % KEYS) as u8];
    let index = u64::from(rest / KEYS % 8);
    let value = value(spec, rest / KEYS / 8);
    match (spec.kind, choice) {
        (Set, 0..=4) => Op::Insert { key, value: vec![] },
        (LinkedList | KeyedList | Map | OrderedMap, 0..=3) => Op::Insert { key, value },
        (LinkedList | KeyedList | Map | OrderedMap, 4) => Op::Update { key, value },
        (KeyedList | Map | OrderedMap | Set, 5) => Op::Remove { key },
        (LinkedList | KeyedList | Map | OrderedMap | Set, _) => Op::Delete { key },
        (Queue | Stack, 0..=4) | (List, 0 | 1) => Op::PushBack { value },
        (Queue, _) => Op::PopFront,
        (Stack, _) => Op::PopBack,
        (List, 2) => Op::PushFront { value },
        (List, 3) => Op::InsertAt { index, value },
        (List, 4) => Op::SetAt { index, value },
        (List, 5) => Op::PopFront,
        (List, 6) => Op::PopBack,
        (List, _) => Op::RemoveAt { index },
        (PriorityQueue, 0..=4) => Op::PushRanked {
            priority: index,
            value,
        },
        (PriorityQueue, _) => Op::PopFront,
    }
}

/// A query; now and then one that this kind of structure has no answer to.
pub(crate) fn query(chance: u32) -> Query {
    let key = vec![b'a' + (chance / 4 % KEYS) as u8];
    match chance % 4 {
        0 => Query::Len,
        1 => Query::Get { key },
        2 => Query::Last,
        _ => Query::All,
    }
}

/// Up to as many bytes as may be, seldom zero.
fn value(spec: StructureSpec, chance: u32) -> Vec<u8> {
    let longest = u32::from(spec.limits.element_bytes);
    let length = chance % (longest + 1);
    (0..length)
        .map(|place| (chance.wrapping_add(place * 7) | 1) as u8)
        .collect()
}
