//! The elements that the experiment inserts, and the comparison of what is read back with what was
//! acknowledged.

use std::collections::BTreeMap;

use multicast::id::GroupId;
use structures::op::Element;

/// Bytes of every key: the element's number, so that no key repeats.
pub const KEY_BYTES: usize = 8;

/// Elements as a function of the seed, the group and their number.
#[derive(Clone, Copy, Debug)]
pub struct ElementSource {
    /// The trial's seed.
    pub seed: u64,
    /// Bytes of every value.
    pub element_bytes: usize,
}

impl ElementSource {
    /// Element `number` of a group.
    pub fn element(&self, group: GroupId, number: u64) -> Element {
        let mut state = self.seed ^ (u64::from(group.0) << 48) ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut value = Vec::with_capacity(self.element_bytes + 8);
        while value.len() < self.element_bytes {
            value.extend_from_slice(&splitmix64(&mut state).to_le_bytes());
        }
        value.truncate(self.element_bytes);
        Element {
            key: number.to_be_bytes().to_vec(),
            value,
        }
    }
}

/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What came of reading a group back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadBack {
    /// Acknowledged elements that were not there.
    pub lost: u64,
    /// Elements with another value, out of order, repeated, or never inserted.
    pub wrong: u64,
    /// The first few of them, in words.
    pub which: Vec<String>,
}

/// How many lost or wrong elements are named.
const NAMED: usize = 5;

impl ReadBack {
    /// Adds another comparison to this one.
    pub fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.wrong += other.wrong;
        self.which.extend(other.which);
        self.which.truncate(NAMED);
    }

    /// Whether everything was there and right.
    pub fn is_sound(&self) -> bool {
        self.lost == 0 && self.wrong == 0
    }

    fn note(&mut self, words: impl FnOnce() -> String) {
        if self.which.len() < NAMED {
            self.which.push(words());
        }
    }
}

/// Compares a group, read in list order, with the elements numbered `0..count`. Client k of `clients` inserted
/// the numbers congruent to k, each in rising order; nothing is known of the order between clients.
pub fn compare(
    source: &ElementSource,
    group: GroupId,
    count: u64,
    clients: u64,
    found: &[Element],
) -> ReadBack {
    let mut result = ReadBack::default();
    let mut seen = vec![false; count as usize];
    let mut last_of_client = BTreeMap::new();
    for element in found {
        let number = element
            .key
            .as_slice()
            .try_into()
            .map(u64::from_be_bytes)
            .ok()
            .filter(|n| *n < count);
        let Some(number) = number else {
            result.wrong += 1;
            result.note(|| format!("{group}: key {:02x?} was never inserted", element.key));
            continue;
        };
        let repeated = std::mem::replace(&mut seen[number as usize], true);
        let before = last_of_client.insert(number % clients, number);
        let in_order = before.is_none_or(|before| before < number);
        if repeated || !in_order || *element != source.element(group, number) {
            result.wrong += 1;
            result.note(|| format!("{group}: element {number} is not as it was inserted"));
        }
    }
    for (number, _) in seen.iter().enumerate().filter(|(_, seen)| !**seen) {
        result.lost += 1;
        result.note(|| format!("{group}: element {number} is missing"));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: ElementSource = ElementSource {
        seed: 7,
        element_bytes: 11,
    };
    const GROUP: GroupId = GroupId(2);

    fn elements(numbers: &[u64]) -> Vec<Element> {
        numbers
            .iter()
            .map(|number| SOURCE.element(GROUP, *number))
            .collect()
    }

    fn counts(found: &[Element], count: u64, clients: u64) -> (u64, u64) {
        let result = compare(&SOURCE, GROUP, count, clients, found);
        (result.lost, result.wrong)
    }

    #[test]
    fn elements_depend_on_seed_group_and_number_alone() {
        let element = SOURCE.element(GROUP, 5);
        assert_eq!((element.key.len(), element.value.len()), (KEY_BYTES, 11));
        assert_eq!(element, SOURCE.element(GROUP, 5));
        let others = [SOURCE.element(GROUP, 6), SOURCE.element(GroupId(3), 5)];
        assert!(others.iter().all(|other| other.value != element.value));
        assert_ne!(
            ElementSource { seed: 8, ..SOURCE }.element(GROUP, 5).value,
            element.value
        );
    }

    #[test]
    fn what_is_missing_is_lost() {
        assert_eq!(counts(&elements(&[0, 1, 2]), 3, 1), (0, 0));
        assert_eq!(counts(&elements(&[0, 2]), 3, 1), (1, 0));
        assert_eq!(counts(&[], 3, 1), (3, 0));
        let missing = compare(&SOURCE, GROUP, 1, 1, &[]);
        assert_eq!(missing.which, ["group #2: element 0 is missing"]);
    }

    #[test]
    fn what_was_never_inserted_or_changed_or_moved_or_repeated_is_wrong() {
        assert_eq!(counts(&elements(&[0, 1, 2, 3]), 3, 1), (0, 1));
        assert_eq!(counts(&elements(&[0, 2, 1]), 3, 1), (0, 1));
        assert_eq!(counts(&elements(&[0, 1, 1, 2]), 3, 1), (0, 1));
        let mut changed = elements(&[0, 1, 2]);
        changed[1].value[0] ^= 1;
        assert_eq!(counts(&changed, 3, 1), (0, 1));
    }

    #[test]
    fn several_clients_may_interleave_but_each_keeps_its_order() {
        assert_eq!(counts(&elements(&[1, 0, 3, 2]), 4, 2), (0, 0));
        assert_eq!(counts(&elements(&[3, 0, 1, 2]), 4, 2), (0, 1));
    }
}
