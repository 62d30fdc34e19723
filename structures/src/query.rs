//! What a reader may ask of a protected structure without changing it.

use serde::{Deserialize, Serialize};

use crate::op::Element;

/// A question about one structure, answered from its state at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Query {
    /// The number of elements.
    Len,
    /// All elements, in the structure's order.
    All,
    /// The value of this key; of structures with keys.
    Get {
        /// The key.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
    /// The element at this place in the structure's order, counted from 0.
    At {
        /// The place.
        index: u64,
    },
    /// The last element in the structure's order: the top of a stack.
    Last,
    /// Up to `count` elements from place `from` on, in order.
    Range {
        /// The first place.
        from: u64,
        /// Most elements.
        count: u64,
    },
    /// Up to `count` elements in key order, from this key on; of ordered maps.
    FromKey {
        /// The first key, whether it is there or not.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
        /// Whether an element with exactly this key is left out.
        after: bool,
        /// Most elements.
        count: u64,
    },
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// To `Len`.
    Len(u64),
    /// To `Get`.
    Value(Option<Vec<u8>>),
    /// To `At` and `Last`.
    Element(Option<Element>),
    /// To `All`, `Range` and `FromKey`.
    Elements(Vec<Element>),
    /// This kind of structure has no answer to that.
    Unsupported,
}

impl Query {
    /// The key it names, if it names one.
    pub fn key(&self) -> Option<&[u8]> {
        match self {
            Self::Get { key } | Self::FromKey { key, .. } => Some(key),
            _ => None,
        }
    }

    /// Whether the answer may be as long as the structure.
    pub fn is_long(&self) -> bool {
        matches!(self, Self::All | Self::Range { .. } | Self::FromKey { .. })
    }
}
