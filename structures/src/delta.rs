//! What one committed operation changed: old xor new over byte ranges of the structure's regions.
//!
//! A structure lives in a few *regions*, each a growable run of zeroed bytes ([`crate::arena`]). Applying
//! a delta is xor, so applying it twice undoes it, and a fused backup can add it, scaled, to its parity
//! without knowing what the bytes mean.

use serde::{Deserialize, Serialize};

/// Number of regions every structure has; see the constants of [`RegionId`].
pub const REGIONS: usize = 3;

/// Which region of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RegionId(pub u8);

impl RegionId {
    /// The linked list's values, in dense fixed-width slots. The `linked` layout of fusion codes these alone, `arena` all
    /// regions.
    pub const VALUES: Self = Self(0);
    /// The auxiliary list: header, keys and order.
    pub const ENTRIES: Self = Self(1);
    /// A packed structure's elements ([`crate::packed`]), in the place of the values.
    pub const RECORDS: Self = Self::VALUES;
    /// A packed structure's values that were taken out and may be asked for again, in the place of the entries.
    pub const RESULTS: Self = Self::ENTRIES;
    /// The clients' sessions (windows of outcomes).
    pub const SESSIONS: Self = Self(2);
    /// All regions in order.
    pub const ALL: [Self; REGIONS] = [Self::VALUES, Self::ENTRIES, Self::SESSIONS];
}

/// Old xor new of one byte range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The region.
    pub region: RegionId,
    /// First byte, from the start of the region.
    pub offset: u64,
    /// Old xor new; never empty.
    #[serde(with = "serde_bytes")]
    pub xor: Vec<u8>,
}

/// Everything one operation changed; applied together or not at all.
///
/// Order of application: regions first grow to `max(old length, new length)` with zeroes, then all ranges
/// are xored in, then regions are cut to the new length. What is cut off is zero by then, so undoing is the
/// same with the old lengths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Length of each region after the operation, in bytes.
    pub lengths: [u64; REGIONS],
    /// The changed ranges; they do not overlap within a region.
    pub ranges: Vec<Range>,
}
