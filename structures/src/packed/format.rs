//! What the content of a record is, for each kind of structure.
//!
//! ```text
//! Value    value                                      list, queue, stack
//! Key      key                                        set
//! Keyed    key length (as a record's), key, value     keyed list, map, ordered map; values taken out
//! Ranked   priority u64 (big-endian), value           priority queue
//! ```

use std::borrow::Cow;

use thiserror::Error;

use super::prefix::{self, MAX_PREFIX_BYTES, MAX_RECORD_BYTES, Prefix};
use super::view::Record;
use crate::kind::{StructureKind, StructureLimits};
use crate::op::Element;

/// Bytes of a priority.
const PRIORITY_BYTES: usize = 8;
/// First bytes of a record that hold its key, whatever its length.
pub(crate) const LEAD_BYTES: usize = MAX_PREFIX_BYTES + u8::MAX as usize;

// The longest key and value, their lengths included, are a record.
const _: () = assert!(LEAD_BYTES + (u16::MAX as usize) < MAX_RECORD_BYTES);

/// How a record's content is made of key and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Value,
    Key,
    Keyed,
    Ranked,
}

/// Why the content of a record was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// Too short for what every record of its kind begins with, or the key's length is none.
    #[error("{bytes} bytes do not begin as a record does")]
    Torn {
        /// Bytes of the record.
        bytes: usize,
    },
    /// The key is empty or longer than the limit.
    #[error("a key of {found} bytes, of at least 1 and at most {limit}")]
    KeyLength {
        /// Bytes there.
        found: usize,
        /// Most there may be.
        limit: usize,
    },
    /// The value is longer than the limit.
    #[error("a value of {found} bytes, of at most {limit}")]
    ValueLength {
        /// Bytes there.
        found: usize,
        /// Most there may be.
        limit: usize,
    },
}

impl Format {
    /// The format of a packed structure's records.
    pub(crate) fn of(kind: StructureKind) -> Self {
        match kind {
            StructureKind::Set => Self::Key,
            StructureKind::PriorityQueue => Self::Ranked,
            StructureKind::List | StructureKind::Queue | StructureKind::Stack => Self::Value,
            _ => Self::Keyed,
        }
    }

    /// A whole record, its prefix included. A priority is a key of eight bytes; where there are no keys, the
    /// key is empty, and a value where there are none.
    pub(crate) fn encode(self, key: &[u8], value: &[u8]) -> Vec<u8> {
        let mut record = Vec::with_capacity(self.encoded_bytes(key, value));
        prefix::encode(self.content_bytes(key, value), &mut record);
        if self == Self::Keyed {
            prefix::encode(key.len(), &mut record);
        }
        record.extend_from_slice(key);
        record.extend_from_slice(value);
        record
    }

    /// Bytes of the record that [`Self::encode`] makes.
    pub(crate) fn encoded_bytes(self, key: &[u8], value: &[u8]) -> usize {
        let content = self.content_bytes(key, value);
        prefix::prefix_bytes(content) + content
    }

    fn content_bytes(self, key: &[u8], value: &[u8]) -> usize {
        let key_prefix = if self == Self::Keyed {
            prefix::prefix_bytes(key.len())
        } else {
            0
        };
        key_prefix + key.len() + value.len()
    }

    /// The key of a record; nothing where there are no keys.
    pub(crate) fn key(self, record: Record<'_>) -> Cow<'_, [u8]> {
        match self {
            Self::Value => Cow::Borrowed(&[]),
            Self::Key => record.content(),
            Self::Ranked => record.lead(PRIORITY_BYTES),
            Self::Keyed => match record.lead(LEAD_BYTES) {
                Cow::Borrowed(lead) => Cow::Borrowed(split_key(lead).0),
                Cow::Owned(lead) => Cow::Owned(split_key(&lead).0.to_vec()),
            },
        }
    }

    /// Key and value of a record's content.
    pub(crate) fn split(self, content: &[u8]) -> (&[u8], &[u8]) {
        match self {
            Self::Value => (&[], content),
            Self::Key => (content, &[]),
            Self::Ranked => content.split_at(PRIORITY_BYTES.min(content.len())),
            Self::Keyed => split_key(content),
        }
    }

    /// A record's key and value, copied.
    pub(crate) fn element(self, record: Record<'_>) -> Element {
        let content = record.content();
        let (key, value) = self.split(&content);
        Element {
            key: key.to_vec(),
            value: value.to_vec(),
        }
    }

    /// Whether a record is one that operations within these limits can have written.
    ///
    /// # Errors
    /// Every variant of [`RecordError`].
    pub(crate) fn check(self, record: Record<'_>, limits: StructureLimits) -> Result<(), RecordError> {
        let bytes = record.length;
        let lead = record.lead(LEAD_BYTES);
        let (key, before_value) = match self {
            Self::Value => (None, 0),
            Self::Key => (Some(bytes), bytes),
            Self::Ranked if bytes < PRIORITY_BYTES => return Err(RecordError::Torn { bytes }),
            Self::Ranked => (None, PRIORITY_BYTES),
            Self::Keyed => match prefix::decode(&lead) {
                Prefix::Whole {
                    length,
                    bytes: prefix,
                } if prefix + length <= bytes => (Some(length), prefix + length),
                _ => return Err(RecordError::Torn { bytes }),
            },
        };
        let limit = usize::from(limits.key_bytes);
        if let Some(found) = key.filter(|found| *found == 0 || *found > limit) {
            return Err(RecordError::KeyLength { found, limit });
        }
        let (found, limit) = (bytes - before_value, usize::from(limits.element_bytes));
        if found > limit {
            return Err(RecordError::ValueLength { found, limit });
        }
        Ok(())
    }
}

/// Key and value of a keyed record's content, or of its first bytes.
fn split_key(content: &[u8]) -> (&[u8], &[u8]) {
    match prefix::decode(content) {
        Prefix::Whole { length, bytes } if bytes + length <= content.len() => {
            content[bytes..].split_at(length)
        }
        // No record that was checked, or written by an operation, has another.
        _ => (&[], content),
    }
}
