//! The keyed list against a naive reference, its deltas against its bytes, and its limits.

mod reference;
mod report;

use multicast::id::{ClientId, Seq};
use proptest::prelude::*;

use self::reference::Reference;
use super::*;
use crate::delta::Delta;

const LIMITS: StructureLimits = StructureLimits {
    key_bytes: 4,
    element_bytes: 8,
};

/// A write that is yet without its number.
#[derive(Clone, Debug)]
struct Step {
    client: u64,
    number: Number,
    op: Op,
}

/// How a write's number relates to the largest that its client used.
#[derive(Clone, Debug)]
enum Number {
    /// So many above it.
    Above(u64),
    /// So many below it: a retry, or one that was skipped.
    Below(u64),
}

fn op() -> impl Strategy<Value = Op> {
    // Few keys, so that they are met again; one in eight too long or empty.
    let key =
        || prop_oneof![7 => prop::collection::vec(0..4u8, 1..3), 1 => prop::collection::vec(0..2u8, 0..6)];
    let value = || prop::collection::vec(any::<u8>(), 0..10);
    prop_oneof![
        6 => (key(), value()).prop_map(|(key, value)| Op::Insert { key, value }),
        2 => (key(), value()).prop_map(|(key, value)| Op::Update { key, value }),
        5 => key().prop_map(|key| Op::Delete { key }),
        1 => Just(Op::OpenSession),
    ]
}

fn script() -> impl Strategy<Value = Vec<Write>> {
    let number = prop_oneof![
        8 => Just(Number::Above(1)),
        1 => (1..80u64).prop_map(Number::Above),
        2 => (0..80u64).prop_map(Number::Below),
    ];
    let step = (0..3u64, number, op()).prop_map(|(client, number, op)| Step { client, number, op });
    prop::collection::vec(step, 0..120).prop_map(numbered)
}

/// Gives the writes their numbers; the first two clients open their sessions first.
fn numbered(steps: Vec<Step>) -> Vec<Write> {
    let open = |client| Write {
        client: ClientId(client),
        seq: Seq(1),
        op: Op::OpenSession,
    };
    let mut writes = vec![open(0), open(1)];
    let mut largest = [1, 1, 0];
    for Step { client, number, op } in steps {
        let largest = &mut largest[client as usize];
        let seq = match number {
            Number::Above(by) => *largest + by,
            Number::Below(by) => largest.saturating_sub(by),
        };
        *largest = seq.max(*largest);
        writes.push(Write {
            client: ClientId(client),
            seq: Seq(seq),
            op,
        });
    }
    writes
}

fn images(list: &KeyedList) -> [Vec<u8>; REGIONS] {
    RegionId::ALL.map(|region| list.image(region).to_vec())
}

proptest! {
    #[test]
    fn a_list_answers_and_holds_what_the_reference_does(script in script()) {
        let mut list = KeyedList::new(LIMITS);
        let mut reference = Reference::new(LIMITS);
        for write in &script {
            prop_assert_eq!(list.apply(write).0, reference.apply(write), "{:?}", write);
            prop_assert_eq!(&list.elements(), reference.elements());
            prop_assert_eq!(list.len(), reference.elements().len());
        }
        for key in (0..4u8).flat_map(|a| [vec![a], vec![a, 0], vec![a, 1], vec![0, a]]) {
            prop_assert_eq!(list.get(&key), reference.get(&key));
        }
    }

    #[test]
    fn a_copy_that_applies_the_deltas_has_the_same_bytes_and_undoing_gives_every_earlier_image(
        script in script(),
    ) {
        let mut list = KeyedList::new(LIMITS);
        let mut copy = Arena::new();
        let mut applied: Vec<(Delta, [u64; REGIONS], Arena)> = Vec::new();
        for write in &script {
            let before = copy.clone();
            let (_, delta) = list.apply(write);
            let old_lengths = copy.apply(&delta).unwrap();
            prop_assert_eq!(&copy, list.arena());
            applied.push((delta, old_lengths, before));
        }
        for (delta, old_lengths, before) in applied.into_iter().rev() {
            copy.undo(&delta, old_lengths).unwrap();
            prop_assert_eq!(&copy, &before);
        }
    }

    #[test]
    fn a_list_from_images_is_the_same_list_and_goes_on_alike(script in script(), at in any::<prop::sample::Index>()) {
        let (before, after) = script.split_at(at.index(script.len() + 1));
        let mut list = KeyedList::new(LIMITS);
        for write in before {
            list.apply(write);
        }
        let mut copy = KeyedList::from_images(LIMITS, images(&list)).unwrap();
        prop_assert_eq!(&copy, &list);
        for write in after {
            prop_assert_eq!(copy.apply(write), list.apply(write), "{:?}", write);
        }
        prop_assert_eq!(&copy, &list);
    }

    #[test]
    fn slots_are_dense_and_the_rest_of_them_zero_after_every_write(script in script()) {
        let mut list = KeyedList::new(LIMITS);
        for write in &script {
            list.apply(write);
            prop_assert_eq!(list.image(RegionId::VALUES).len(), list.len() * 9);
            prop_assert_eq!(list.image(RegionId::ENTRIES).len(), 20 + list.len() * 13);
            prop_assert!(KeyedList::from_images(LIMITS, images(&list)).is_ok());
        }
    }
}

/// A list whose client 0 has its session; writes are numbered by themselves.
struct Scripted {
    list: KeyedList,
    seq: Seq,
}

impl Scripted {
    fn new(limits: StructureLimits) -> Self {
        let mut scripted = Self {
            list: KeyedList::new(limits),
            seq: Seq(0),
        };
        assert_eq!(scripted.apply(Op::OpenSession).0, Outcome::SessionOpened);
        scripted
    }

    fn apply(&mut self, op: Op) -> (Outcome, Delta) {
        self.seq = self.seq.next();
        self.list.apply(&Write {
            client: ClientId(0),
            seq: self.seq,
            op,
        })
    }

    fn insert(&mut self, key: &[u8], value: &[u8]) -> (Outcome, Delta) {
        self.apply(Op::Insert {
            key: key.to_vec(),
            value: value.to_vec(),
        })
    }

    fn update(&mut self, key: &[u8], value: &[u8]) -> (Outcome, Delta) {
        self.apply(Op::Update {
            key: key.to_vec(),
            value: value.to_vec(),
        })
    }

    fn delete(&mut self, key: &[u8]) -> (Outcome, Delta) {
        self.apply(Op::Delete { key: key.to_vec() })
    }
}

#[test]
fn keys_and_values_may_be_as_long_as_their_limits_and_not_longer() {
    for element_bytes in [8, 255, 256, 300] {
        let mut scripted = Scripted::new(StructureLimits {
            key_bytes: 4,
            element_bytes,
        });
        let (longest, too_long) = (
            vec![1; element_bytes.into()],
            vec![1; usize::from(element_bytes) + 1],
        );
        assert_eq!(scripted.insert(b"four", &longest).0, Outcome::Inserted);
        assert_eq!(scripted.insert(b"five5", &longest).0, Outcome::BadKeyLength);
        assert_eq!(scripted.insert(b"", &longest).0, Outcome::BadKeyLength);
        assert_eq!(scripted.insert(b"k", &too_long).0, Outcome::ValueTooLong);
        assert_eq!(scripted.update(b"four", &too_long).0, Outcome::ValueTooLong);
        assert_eq!(scripted.delete(b"five5").0, Outcome::BadKeyLength);
        let element = Element {
            key: b"four".to_vec(),
            value: longest,
        };
        assert_eq!(scripted.list.elements(), [element]);
    }
}

#[test]
fn a_full_list_refuses_new_keys_and_takes_known_ones() {
    let mut scripted = Scripted::new(LIMITS);
    scripted.list.set_capacity(2);
    assert_eq!(scripted.insert(b"a", b"1").0, Outcome::Inserted);
    assert_eq!(scripted.insert(b"b", b"1").0, Outcome::Inserted);
    assert_eq!(scripted.insert(b"c", b"1").0, Outcome::Full);
    assert_eq!(scripted.insert(b"a", b"2").0, Outcome::Updated);
    assert_eq!(scripted.delete(b"b").0, Outcome::Deleted);
    assert_eq!(scripted.insert(b"c", b"1").0, Outcome::Inserted);
    assert_eq!(scripted.list.len(), 2);
}

/// The slot, the entry, a link, the header and the session's record; nothing that grows with the list.
#[test]
fn the_delta_of_an_insert_is_under_100_bytes_whatever_the_lists_length() {
    let mut scripted = Scripted::new(StructureLimits {
        key_bytes: 8,
        element_bytes: 8,
    });
    let mut longest = 0;
    for element in 0..3000u64 {
        let key = (element.wrapping_mul(0x9E37_79B9_7F4A_7C15)).to_be_bytes();
        let (outcome, delta) = scripted.insert(&key, &[0xFF; 8]);
        assert_eq!(outcome, Outcome::Inserted);
        assert!(delta.ranges.len() <= 6, "{delta:?}");
        longest = longest.max(delta.ranges.iter().map(|range| range.xor.len()).sum::<usize>());
    }
    assert!(longest < 60, "{longest} bytes");
}

/// From every list of up to five elements, in every order.
#[test]
fn deleting_in_any_order_leaves_a_sound_list_in_the_order_of_insertion() {
    fn delete_each(list: &Scripted, keys: &[u8]) {
        for key in keys {
            let mut smaller = Scripted {
                list: list.list.clone(),
                seq: list.seq,
            };
            assert_eq!(smaller.delete(&[*key]).0, Outcome::Deleted);
            let left: Vec<u8> = keys.iter().copied().filter(|other| other != key).collect();
            let found: Vec<u8> = smaller.list.iter().map(|(key, _)| key[0]).collect();
            assert_eq!(found, left);
            assert_eq!(
                KeyedList::from_images(LIMITS, images(&smaller.list)).as_ref(),
                Ok(&smaller.list)
            );
            delete_each(&smaller, &left);
        }
    }
    let mut scripted = Scripted::new(LIMITS);
    for key in 1..=5 {
        scripted.insert(&[key], &[key; 3]);
    }
    delete_each(&scripted, &[1, 2, 3, 4, 5]);
}

#[test]
fn sizes_are_the_regions_and_the_indexes() {
    let mut scripted = Scripted::new(LIMITS);
    for key in 0..100u8 {
        scripted.insert(&[key], &[key]);
    }
    let Sizes {
        payload_bytes,
        auxiliary_bytes,
    } = scripted.list.sizes();
    assert_eq!(payload_bytes, 100 * 9);
    let regions = 20 + 100 * 13 + 88;
    // 100 slots of four bytes need 128 buckets of five; one session needs 4.
    assert!(
        (regions + 500..regions + 800).contains(&auxiliary_bytes),
        "{auxiliary_bytes}"
    );
}
