//! Why the images of a structure's regions were refused.
//!
//! Images come from a state transfer or a decode: they may be truncated, of another structure, or wrong.
//! What fails is never served; each variant says where and what was found.

use multicast::id::{ClientId, Seq};
use thiserror::Error;

use crate::arena::ArenaError;
use crate::kind::{StructureKind, StructureLimits};
use crate::packed::chain_error::ChainError;
use crate::packed::format::RecordError;

/// Why images were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    /// A region is longer than any may be.
    #[error(transparent)]
    Arena(#[from] ArenaError),
    /// The region with the header is shorter than that.
    #[error("{found} bytes are there, and the header alone has {expected}")]
    HeaderTruncated {
        /// Bytes there.
        found: usize,
        /// Bytes of the header.
        expected: usize,
    },
    /// Elements and sessions start together, with the first write; here one of them is missing.
    #[error("{entries} bytes of entries beside {sessions} bytes of sessions: one is missing")]
    RegionMissing {
        /// Bytes of the ENTRIES region.
        entries: usize,
        /// Bytes of the SESSIONS region.
        sessions: usize,
    },
    /// Not the header of such a structure.
    #[error("the header starts with {found:?}, not {expected:?}")]
    Magic {
        /// Bytes there.
        found: [u8; 4],
        /// Bytes of such a structure.
        expected: [u8; 4],
    },
    /// A structure of another version.
    #[error("the structure is of version {found}, not {expected}")]
    Version {
        /// Version there.
        found: u8,
        /// Version known.
        expected: u8,
    },
    /// Written under other limits.
    #[error("the structure was written under {found:?}, not {expected:?}")]
    Limits {
        /// Limits there.
        found: StructureLimits,
        /// Limits of this structure.
        expected: StructureLimits,
    },
    /// More elements than the limits allow.
    #[error("{count} elements, past the limit of {capacity}")]
    TooManyElements {
        /// Elements there.
        count: u32,
        /// Most there may be.
        capacity: u32,
    },
    /// A region is not as long as the number of elements says.
    #[error("region {region} is {found} bytes long; its {count} elements take {expected}")]
    Length {
        /// The region's number.
        region: u8,
        /// Bytes there.
        found: usize,
        /// Bytes of `count` slots.
        expected: usize,
        /// Elements by the header.
        count: u32,
    },
    /// A link leads to a slot that is not there, back into the list, or to an early end.
    #[error("after {passed} of {count} elements the list goes on at slot {slot}")]
    Link {
        /// Elements passed from the head.
        passed: u32,
        /// Elements by the header.
        count: u32,
        /// Where the link leads; `u32::MAX` is the end.
        slot: u32,
    },
    /// A backward link (or the tail) does not name the element before.
    #[error("what follows slot {expected} (or the end) links back to slot {found}")]
    BackLink {
        /// Slot before, by the forward links.
        expected: u32,
        /// Slot named.
        found: u32,
    },
    /// A key is empty or longer than the limit.
    #[error("the key in slot {slot} has {found} bytes, of at least 1 and at most {limit}")]
    KeyLength {
        /// Where.
        slot: u32,
        /// Bytes by its length.
        found: usize,
        /// `key_bytes`.
        limit: usize,
    },
    /// A value is longer than the limit.
    #[error("the value in slot {slot} has {found} bytes, of at most {limit}")]
    ValueLength {
        /// Where.
        slot: u32,
        /// Bytes by its length prefix.
        found: usize,
        /// `element_bytes`.
        limit: usize,
    },
    /// The bytes behind a key or value are not zero.
    #[error("the bytes behind the element of slot {slot} in region {region} are not zero")]
    Padding {
        /// The region's number.
        region: u8,
        /// Where.
        slot: u32,
    },
    /// Two slots hold one key.
    #[error("slots {first} and {second} hold the same key")]
    RepeatedKey {
        /// The one earlier in the list.
        first: u32,
        /// The other.
        second: u32,
    },
    /// The sessions are not sound.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The bytes of another kind of packed structure.
    #[error("the structure is of kind number {found}, not a {expected}")]
    Kind {
        /// Its number in the header.
        found: u8,
        /// The kind asked for.
        expected: StructureKind,
    },
    /// Packed into pages of another size.
    #[error("the structure has pages of {found} bytes, not {expected}")]
    PageBytes {
        /// Bytes by the header.
        found: u16,
        /// Bytes known.
        expected: u16,
    },
    /// An unused byte of a packed structure's header is not zero.
    #[error("an unused byte of the header is not zero")]
    HeaderNotZero,
    /// A packed structure's regions start together, with the first session; here only some are there.
    #[error("{records} bytes of records, {results} of results and {sessions} of sessions: some are missing")]
    Missing {
        /// Bytes of the RECORDS region.
        records: usize,
        /// Bytes of the RESULTS region.
        results: usize,
        /// Bytes of the SESSIONS region.
        sessions: usize,
    },
    /// A region is no chain of pages.
    #[error("region {region}: {error}")]
    Chain {
        /// The region's number.
        region: u8,
        /// Why not.
        error: ChainError,
    },
    /// More records than elements may be.
    #[error("{found} elements, past the limit of {limit}")]
    TooManyRecords {
        /// Records there.
        found: u64,
        /// Most there may be.
        limit: u64,
    },
    /// A record is not sound.
    #[error("region {region}, page {page}, byte {offset}: {error}")]
    Record {
        /// The region's number.
        region: u8,
        /// The page that it starts in.
        page: u32,
        /// From the start of the page's content.
        offset: usize,
        /// What is wrong.
        error: RecordError,
    },
    /// Two records have one key.
    #[error("region {region}: the record in page {page} at byte {offset} has the key of an earlier one")]
    KnownKey {
        /// The region's number.
        region: u8,
        /// The page that the later one starts in.
        page: u32,
        /// From the start of the page's content.
        offset: usize,
    },
    /// A record is smaller than the one before it, where they are kept in order.
    #[error("the record in page {page} at byte {offset} belongs before an earlier one")]
    Disorder {
        /// The page that it starts in.
        page: u32,
        /// From the start of the page's content.
        offset: usize,
    },
    /// The values taken out are not those that the sessions answer.
    #[error(transparent)]
    Result(#[from] ResultError),
}

/// Why a RESULTS region was refused although it is sound in itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ResultError {
    /// A client's write took a value out, and the value is not there.
    #[error("{seq} of {client} took a value out, which is missing")]
    Missing {
        /// Whose.
        client: ClientId,
        /// Which write.
        seq: Seq,
    },
    /// There are more values than writes that took one out.
    #[error("{found} values taken out, but only {answered} are answers of a session")]
    Surplus {
        /// Values there.
        found: u64,
        /// Writes of all windows that took one out.
        answered: u64,
    },
}

/// Why a SESSIONS region was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// Not a whole number of records.
    #[error("{bytes} bytes of sessions are not a multiple of {record_bytes}")]
    Torn {
        /// Bytes there.
        bytes: usize,
        /// Bytes of one record.
        record_bytes: usize,
    },
    /// More records than there may be.
    #[error("{count} sessions, past the limit of {limit}")]
    TooMany {
        /// Records there.
        count: usize,
        /// Most there may be.
        limit: usize,
    },
    /// Two records of one client.
    #[error("two sessions of {client}")]
    RepeatedClient {
        /// Whose.
        client: ClientId,
    },
    /// Two records with one stamp, or a stamp that was never given.
    #[error("the session of {client} has stamp {stamp}, which is another's or was never given")]
    Stamp {
        /// Whose.
        client: ClientId,
        /// The stamp.
        stamp: u64,
    },
    /// The outcome of the last sequence number is missing.
    #[error("the session of {client} has no outcome for its last {last}")]
    LastMissing {
        /// Whose.
        client: ClientId,
        /// Its last sequence number; zero is never one.
        last: Seq,
    },
    /// A byte of the window is no outcome that is ever recorded.
    #[error("the session of {client} has byte {found} at place {position} of its window")]
    BadOutcome {
        /// Whose.
        client: ClientId,
        /// Place in the window.
        position: usize,
        /// The byte.
        found: u8,
    },
}
