//! How much memory one plain copy takes: a list and a map of ours, counted by the allocator, beside those of Redis.
//!
//! Both hold the same elements of 8 random bytes (and keys of 8), so that neither can pack digits.

mod weigh_redis;

use multicast::id::{ClientId, Seq};
use structures::{
    Structure,
    kind::{StructureKind, StructureLimits, StructureSpec},
    op::{Op, Outcome, Write},
};
use wire::process::HeapProbe;

pub use self::weigh_redis::{RedisBytes, RedisScales};

/// Bytes of every key and value.
const ELEMENT_BYTES: u8 = 8;

/// What is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// Values, each put behind the last one.
    List,
    /// Keys with values.
    Map,
}

impl Weighed {
    /// Both.
    pub const ALL: [Self; 2] = [Self::List, Self::Map];

    fn kind(self) -> StructureKind {
        match self {
            Self::List => StructureKind::List,
            Self::Map => StructureKind::Map,
        }
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list of 8-byte values",
            Self::Map => "map of 8-byte keys and values",
        }
    }

    /// Bytes of an element's own key and value.
    pub fn own_bytes(self) -> u64 {
        match self {
            Self::List => u64::from(ELEMENT_BYTES),
            Self::Map => 2 * u64::from(ELEMENT_BYTES),
        }
    }
}

/// Key and value of an element: a number times an odd one differs from all others, and its bits look drawn.
fn element(number: u64) -> ([u8; 8], [u8; 8]) {
    let key = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let value = key.rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (key.to_be_bytes(), value.to_be_bytes())
}

/// Live bytes of the allocator that one structure of ours with so many elements takes, its indexes, reserves and
/// its client's session included.
///
/// # Panics
/// If the structure refuses an element, which it does beyond its limits alone.
pub fn weigh_ours(weighed: Weighed, elements: u64, heap: HeapProbe) -> u64 {
    let limits = StructureLimits {
        key_bytes: ELEMENT_BYTES,
        element_bytes: u16::from(ELEMENT_BYTES),
    };
    let kind = weighed.kind();
    let before = heap();
    let mut structure = Structure::new(StructureSpec { kind, limits });
    let mut seq = Seq(0);
    let mut write = |op: Op| {
        seq = seq.next();
        let client = ClientId(1);
        structure.apply(&Write { client, seq, op }).0.outcome
    };
    assert_eq!(write(Op::OpenSession), Outcome::SessionOpened);
    for number in 0..elements {
        let (key, value) = element(number);
        let value = value.to_vec();
        let op = match weighed {
            Weighed::List => Op::PushBack { value },
            Weighed::Map => Op::Insert {
                key: key.to_vec(),
                value,
            },
        };
        assert_eq!(write(op), Outcome::Inserted);
    }
    heap().saturating_sub(before)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::element;

    #[test]
    fn no_two_elements_have_the_same_key_or_value() {
        let keys: BTreeSet<_> = (0..10_000).map(|number| element(number).0).collect();
        let values: BTreeSet<_> = (0..10_000).map(|number| element(number).1).collect();
        assert_eq!((keys.len(), values.len()), (10_000, 10_000));
    }
}
