//! The layout of a membership file: two halves, each with a document of its own, overwritten in turn.
//!
//! ```text
//! | seal, document, spaces ... mark, newline | seal, document, spaces ... mark, newline |
//!   ^ {"epoch":7,"half":16384,"bytes":1432,"crc32":2807531}
//! ```
//!
//! The whole half with the latest epoch is what is stored; the other one is the membership before, or what a crash
//! tore. So one write to blocks that the file has already makes a membership durable: the file system need neither
//! find room nor journal a new name. A seal tells a whole half from a torn one by length and checksum. Once a
//! half is durable, the other one is marked as superseded by it: if the latest one is damaged afterwards, what is left is
//! no membership, where after a torn swap it is the membership before.
//!
//! Source: the two alternating meta pages of LMDB.
//!
//! Invariant: a half is written only while the other one is whole, and on the disk.

use std::ops::Range;

use multicast::id::Epoch;
use serde::{Deserialize, Serialize};
use wire::message::membership::Membership;

use crate::store::{StoreError, envelope};

/// Length of the smaller halves, in bytes; they double until the document fits. Some 30 members do at first.
const FIRST_HALF_BYTES: usize = 16 * 1024;

/// Bytes of a mark: `>` and the later epoch, in decimal.
const MARK_BYTES: usize = 21;

/// Longest seal, in bytes, with its newline.
const MAX_SEAL_BYTES: usize = 128;

/// The first line of a half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seal {
    epoch: Epoch,
    /// Length of the half, in bytes: a file that lost its end is no file of two halves.
    half: usize,
    /// Length of the document behind this line, in bytes.
    bytes: usize,
    /// Of the epoch, little-endian, and the document: a new seal before an old document is no whole half.
    crc32: u32,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) membership: Membership,
    /// Where the next one goes, of a file in halves.
    pub(super) spare: Option<Range<usize>>,
}

/// The latest membership in a file's bytes.
///
/// # Errors
/// `Garbage` if no half is whole, or a whole one holds no membership; `Version`.
pub(super) fn latest(place: &str, file: &[u8]) -> Result<Found, StoreError> {
    let half = file.len() / 2;
    let places = [0..half, half..file.len()];
    let documents = places.clone().map(|place| whole(&file[place]));
    let newest = match &documents {
        [Some(first), Some(second)] => usize::from(second.0 > first.0),
        [Some(_), None] => 0,
        [None, Some(_)] => 1,
        // One document and nothing else, as versions before this one wrote; or not ours.
        [None, None] => {
            return Ok(Found {
                membership: envelope::opened(place, file)?,
                spare: None,
            });
        }
    };
    let [first, second] = places.clone();
    let (epoch, document) = documents[newest].expect("it was found to be whole");
    if superseding(&file[places[newest].clone()]) > Some(epoch) {
        let reason = "the later one of its two halves is damaged, the other one is outdated".into();
        return Err(StoreError::Garbage {
            place: place.into(),
            reason,
        });
    }
    Ok(Found {
        membership: envelope::opened(place, document)?,
        spare: Some(if newest == 0 { second } else { first }),
    })
}

/// A half of `length` bytes that holds this membership; none if that is too short.
///
/// # Errors
/// `Garbage` if the membership cannot be written as text.
pub(super) fn half(
    place: &str,
    membership: &Membership,
    length: usize,
) -> Result<Option<Vec<u8>>, StoreError> {
    let document = envelope::sealed(place, membership)?;
    let seal = Seal {
        epoch: membership.epoch,
        half: length,
        bytes: document.len(),
        crc32: checksum(membership.epoch, &document),
    };
    let mut half = serde_json::to_vec(&seal).map_err(envelope::garbage(place))?;
    half.push(b'\n');
    half.extend(document);
    // Behind it are the mark's place and the end of the line.
    if half.len() + MARK_BYTES + 1 > length {
        return Ok(None);
    }
    half.resize(length - 1, b' ');
    half.push(b'\n');
    Ok(Some(half))
}

/// Where to write what, in the half beside this one, once this epoch is durable in this one: it is superseded.
pub(super) fn mark_beside(half: &Range<usize>, epoch: Epoch) -> (usize, String) {
    let end = match half.start {
        0 => 2 * half.end,
        start => start,
    };
    (end - 1 - MARK_BYTES, format!(">{:020}", epoch.0))
}

/// The epoch that supersedes a half, or superseded what the half held before: then it is not the later one.
fn superseding(half: &[u8]) -> Option<Epoch> {
    let mark = half.get(half.len().checked_sub(1 + MARK_BYTES)?..half.len() - 1)?;
    let digits = std::str::from_utf8(mark).ok()?.strip_prefix('>')?;
    digits.parse().ok().map(Epoch)
}

/// A whole file for a membership: it, and an empty half.
///
/// # Errors
/// As [`half`].
pub(super) fn new_file(place: &str, membership: &Membership) -> Result<Vec<u8>, StoreError> {
    let mut length = FIRST_HALF_BYTES;
    loop {
        if let Some(mut file) = half(place, membership, length)? {
            file.resize(2 * length - 1, b' ');
            file.push(b'\n');
            return Ok(file);
        }
        length *= 2;
    }
}

/// The epoch that the beginning of a half claims; it may be torn behind.
pub(super) fn claimed(beginning: &[u8]) -> Option<Epoch> {
    seal(beginning).map(|(seal, _)| seal.epoch)
}

/// How much of a half's beginning [`claimed`] looks at, in bytes.
pub(super) const BEGINNING_BYTES: usize = MAX_SEAL_BYTES;

fn seal(half: &[u8]) -> Option<(Seal, &[u8])> {
    let end = half.iter().take(MAX_SEAL_BYTES).position(|byte| *byte == b'\n')?;
    let seal = serde_json::from_slice(&half[..end]).ok()?;
    Some((seal, &half[end + 1..]))
}

/// The document of a half, and its epoch, if the half is whole.
fn whole(half: &[u8]) -> Option<(Epoch, &[u8])> {
    let (seal, behind) = seal(half)?;
    let document = behind.get(..seal.bytes)?;
    let is_whole = seal.half == half.len() && checksum(seal.epoch, document) == seal.crc32;
    is_whole.then_some((seal.epoch, document))
}

fn checksum(epoch: Epoch, document: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&epoch.0.to_le_bytes());
    hasher.update(document);
    hasher.finalize()
}
