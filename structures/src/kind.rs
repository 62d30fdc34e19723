//! Which structure a group protects, and how large its elements may be: fixed for the group's life.
//!
//! The names are those of cluster files and of the command line.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use crate::layout::StructureLimits;
use crate::op::Op;

/// The structures that can be protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StructureKind {
    /// The report's: keys with values in insertion order, fixed-width slots linked by place ([`crate::keyed_list`]).
    #[default]
    LinkedList,
    /// Keys with values of any length, in insertion order.
    KeyedList,
    /// Values by position; both ends are quick.
    List,
    /// Keys with values, in no particular order.
    Map,
    /// Keys with values, in the order of the keys' bytes.
    OrderedMap,
    /// Keys alone.
    Set,
    /// First in, first out.
    Queue,
    /// Last in, first out.
    Stack,
    /// The smallest priority first; among equals, first in, first out.
    PriorityQueue,
}

impl StructureKind {
    /// All kinds, the report's first.
    pub const ALL: [Self; 9] = [
        Self::LinkedList,
        Self::KeyedList,
        Self::List,
        Self::Map,
        Self::OrderedMap,
        Self::Set,
        Self::Queue,
        Self::Stack,
        Self::PriorityQueue,
    ];

    /// Its name in cluster files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::LinkedList => "linked-list",
            Self::KeyedList => "keyed-list",
            Self::List => "list",
            Self::Map => "map",
            Self::OrderedMap => "ordered-map",
            Self::Set => "set",
            Self::Queue => "queue",
            Self::Stack => "stack",
            Self::PriorityQueue => "priority-queue",
        }
    }

    /// Whether its elements are found by key.
    pub fn is_keyed(self) -> bool {
        matches!(
            self,
            Self::LinkedList | Self::KeyedList | Self::Map | Self::OrderedMap | Self::Set
        )
    }
}

impl StructureKind {
    /// Whether it has this operation; if not, the answer is [`Outcome::Unsupported`](crate::op::Outcome).
    pub fn has(self, op: &Op) -> bool {
        match op {
            Op::OpenSession => true,
            Op::Insert { .. } | Op::Delete { .. } => self.is_keyed(),
            Op::Update { .. } => self.is_keyed() && self != Self::Set,
            Op::Remove { .. } => self.is_keyed() && self != Self::LinkedList,
            Op::PushFront { .. } | Op::InsertAt { .. } | Op::SetAt { .. } | Op::RemoveAt { .. } => {
                self == Self::List
            }
            Op::PushBack { .. } => matches!(self, Self::List | Self::Queue | Self::Stack),
            Op::PopFront => matches!(self, Self::List | Self::Queue | Self::PriorityQueue),
            Op::PopBack => matches!(self, Self::List | Self::Stack),
            Op::PushRanked { .. } => self == Self::PriorityQueue,
        }
    }
}

impl fmt::Display for StructureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no structure of this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no structure is called `{name}`")]
pub struct UnknownKind {
    /// The name given.
    pub name: String,
}

impl FromStr for StructureKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| UnknownKind {
            name: name.to_owned(),
        })
    }
}

/// What a group protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StructureSpec {
    /// Which structure.
    pub kind: StructureKind,
    /// How large its elements may be.
    pub limits: StructureLimits,
}

impl StructureSpec {
    /// The report's list, with these limits in bytes.
    pub const fn linked_list(key_bytes: u8, element_bytes: u16) -> Self {
        Self {
            kind: StructureKind::LinkedList,
            limits: StructureLimits {
                key_bytes,
                element_bytes,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_the_operations_of_its_name() {
        let bytes = Vec::new;
        let all = [
            ("open", Op::OpenSession),
            (
                "insert",
                Op::Insert {
                    key: bytes(),
                    value: bytes(),
                },
            ),
            (
                "update",
                Op::Update {
                    key: bytes(),
                    value: bytes(),
                },
            ),
            ("delete", Op::Delete { key: bytes() }),
            ("remove", Op::Remove { key: bytes() }),
            ("push front", Op::PushFront { value: bytes() }),
            ("push back", Op::PushBack { value: bytes() }),
            ("pop front", Op::PopFront),
            ("pop back", Op::PopBack),
            (
                "insert at",
                Op::InsertAt {
                    index: 0,
                    value: bytes(),
                },
            ),
            (
                "set at",
                Op::SetAt {
                    index: 0,
                    value: bytes(),
                },
            ),
            ("remove at", Op::RemoveAt { index: 0 }),
            (
                "push ranked",
                Op::PushRanked {
                    priority: 0,
                    value: bytes(),
                },
            ),
        ];
        let has = |kind: StructureKind| {
            let names = all.iter().filter(|(_, op)| kind.has(op)).map(|(name, _)| *name);
            names.skip(1).collect::<Vec<_>>().join(", ")
        };
        let keyed = "insert, update, delete, remove";
        let list = "push front, push back, pop front, pop back, insert at, set at, remove at";
        assert_eq!(has(StructureKind::LinkedList), "insert, update, delete");
        assert_eq!(has(StructureKind::KeyedList), keyed);
        assert_eq!(has(StructureKind::List), list);
        assert_eq!(has(StructureKind::Map), keyed);
        assert_eq!(has(StructureKind::OrderedMap), keyed);
        assert_eq!(has(StructureKind::Set), "insert, delete, remove");
        assert_eq!(has(StructureKind::Queue), "push back, pop front");
        assert_eq!(has(StructureKind::Stack), "push back, pop back");
        assert_eq!(has(StructureKind::PriorityQueue), "pop front, push ranked");
    }

    #[test]
    fn every_name_names_its_kind_and_nothing_else_does() {
        for kind in StructureKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        let unknown = UnknownKind {
            name: "heap".to_owned(),
        };
        assert_eq!("heap".parse::<StructureKind>(), Err(unknown));
    }
}
