//! The elements that the experiment works with, as functions of numbers: nothing of them has to be remembered.

use multicast::id::GroupId;

use super::draws::{Draws, GOLDEN};
use crate::results::ValueBytes;

/// The shortest keys: an element's number fills them.
pub const MIN_KEY_BYTES: usize = 8;

/// The longest keys.
pub const MAX_KEY_BYTES: usize = 255;

/// How many priorities there are, so that some elements of a priority queue are equals.
const PRIORITIES: u64 = 1024;

/// Elements as a function of the seed, the group, their number and how often they were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ElementSource {
    /// The trial's seed.
    pub(crate) seed: u64,
    /// Bytes of every key: [`MIN_KEY_BYTES`] to [`MAX_KEY_BYTES`].
    pub(crate) key_bytes: usize,
    /// Bytes of the values.
    pub(crate) value_bytes: ValueBytes,
    /// Whether keys in the order of their numbers are scattered over all keys.
    pub(crate) scattered: bool,
}

/// One state of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// Which element.
    pub(crate) number: u32,
    /// How often it was changed.
    pub(crate) changes: u32,
}

impl ElementSource {
    /// The same keys, with values of this client's own, so that it is seen whose a value is.
    pub(crate) fn of_client(self, client: u32) -> Self {
        Self {
            seed: self.seed ^ Draws::new(u64::from(client)).number(),
            ..self
        }
    }

    /// The key of an element. No two have the same.
    pub(crate) fn key(&self, number: u32) -> Vec<u8> {
        let mut place = u64::from(number);
        if self.scattered {
            place = place.wrapping_mul(GOLDEN);
        }
        let mut key = place.to_be_bytes().to_vec();
        key.resize(self.key_bytes, 0);
        key
    }

    /// The number of the element with this key, if any has it.
    pub(crate) fn number(&self, key: &[u8]) -> Option<u32> {
        let mut place = u64::from_be_bytes(*key.first_chunk()?);
        if self.scattered {
            place = place.wrapping_mul(inverse(GOLDEN));
        }
        let number = u32::try_from(place).ok()?;
        (self.key(number) == key).then_some(number)
    }

    /// The value of an element.
    pub(crate) fn value(&self, group: GroupId, version: Version) -> Vec<u8> {
        let bytes = self.value_len(group, version);
        let mut draws = self.draws(group, version);
        let mut value = Vec::with_capacity(bytes + 8);
        while value.len() < bytes {
            value.extend_from_slice(&draws.number().to_le_bytes());
        }
        value.truncate(bytes);
        value
    }

    /// How long that value is.
    pub(crate) fn value_len(&self, group: GroupId, version: Version) -> usize {
        let (least, most) = (self.value_bytes.least(), self.value_bytes.most());
        if least == most {
            return usize::from(least);
        }
        let mut draws = self.draws(group, version);
        draws.number();
        usize::from(least) + draws.below(u64::from(most - least) + 1) as usize
    }

    /// The priority of an element of a priority queue.
    pub(crate) fn priority(&self, group: GroupId, number: u32) -> u64 {
        let mut draws = self.draws(group, Version { number, changes: 0 });
        draws.number() % PRIORITIES
    }

    fn draws(&self, group: GroupId, version: Version) -> Draws {
        let Version { number, changes } = version;
        let place = u64::from(number) | u64::from(changes) << 32;
        Draws::new(self.seed ^ (u64::from(group.0) << 48) ^ place.wrapping_mul(GOLDEN))
    }
}

/// The number whose product with an odd one is 1: each step of Newton's doubles the bits that are right.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut right_bits = 3;
    while right_bits < 64 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        right_bits *= 2;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: ElementSource = ElementSource {
        seed: 7,
        key_bytes: 8,
        value_bytes: ValueBytes::fixed(11),
        scattered: false,
    };
    const GROUP: GroupId = GroupId(2);

    fn first(number: u32) -> Version {
        Version { number, changes: 0 }
    }

    #[test]
    fn clients_have_the_same_keys_and_other_values() {
        let [one, other] = [0, 1].map(|client| SOURCE.of_client(client));
        assert_eq!(one.key(5), other.key(5));
        assert_ne!(one.value(GROUP, first(5)), other.value(GROUP, first(5)));
    }

    #[test]
    fn values_depend_on_seed_group_number_and_changes_alone() {
        let value = SOURCE.value(GROUP, first(5));
        assert_eq!(value.len(), 11);
        assert_eq!(value, SOURCE.value(GROUP, first(5)));
        let changed = Version {
            number: 5,
            changes: 1,
        };
        let others = [
            SOURCE.value(GROUP, first(6)),
            SOURCE.value(GROUP, changed),
            SOURCE.value(GroupId(3), first(5)),
            ElementSource { seed: 8, ..SOURCE }.value(GROUP, first(5)),
        ];
        assert!(others.iter().all(|other| *other != value));
    }

    #[test]
    fn drawn_lengths_reach_both_ends_of_their_range_and_are_those_of_the_values() {
        let source = ElementSource {
            value_bytes: "3..5".parse().unwrap(),
            ..SOURCE
        };
        let mut seen = [false; 6];
        for number in 0..100 {
            let bytes = source.value_len(GROUP, first(number));
            assert_eq!(source.value(GROUP, first(number)).len(), bytes);
            seen[bytes] = true;
        }
        assert_eq!(seen, [false, false, false, true, true, true]);
    }

    #[test]
    fn a_key_names_its_number_whether_scattered_or_not() {
        for scattered in [false, true] {
            for key_bytes in [MIN_KEY_BYTES, 20] {
                let source = ElementSource {
                    scattered,
                    key_bytes,
                    ..SOURCE
                };
                for number in [0, 1, 70_000, u32::MAX] {
                    let key = source.key(number);
                    assert_eq!((key.len(), source.number(&key)), (key_bytes, Some(number)));
                }
                assert_eq!(source.number(&vec![0xEE; key_bytes]), None);
                assert_eq!(source.number(&source.key(1)[..key_bytes - 1]), None);
            }
        }
        let scattered = ElementSource {
            scattered: true,
            ..SOURCE
        };
        assert!(
            scattered.key(2) < scattered.key(1),
            "the second multiple wraps around"
        );
    }
}
