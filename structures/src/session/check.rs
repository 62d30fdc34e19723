//! Checks that a SESSIONS region is one that writes can have left, before any retry is answered from it.

use std::collections::BTreeSet;

use super::{MAX_SESSIONS, MAX_STAMP, RECORD_BYTES, Record, WINDOW};
use crate::image_error::SessionError;
use crate::op::Outcome;

/// Checks all records; `answers` says which outcomes this kind of structure has.
///
/// # Errors
/// Every variant of [`SessionError`].
pub(crate) fn check(image: &[u8], answers: impl Fn(Outcome) -> bool) -> Result<(), SessionError> {
    check_count(image)?;
    let mut clients = BTreeSet::new();
    let mut stamps = BTreeSet::from([0]);
    for record in Record::all(image) {
        let (client, stamp) = (record.client(), record.stamp());
        if !clients.insert(client) {
            return Err(SessionError::RepeatedClient { client });
        }
        if stamp > MAX_STAMP || !stamps.insert(stamp) {
            return Err(SessionError::Stamp { client, stamp });
        }
        check_window(record, &answers)?;
    }
    Ok(())
}

fn check_count(image: &[u8]) -> Result<(), SessionError> {
    if !image.len().is_multiple_of(RECORD_BYTES) {
        return Err(SessionError::Torn {
            bytes: image.len(),
            record_bytes: RECORD_BYTES,
        });
    }
    let count = image.len() / RECORD_BYTES;
    if count > MAX_SESSIONS {
        return Err(SessionError::TooMany {
            count,
            limit: MAX_SESSIONS,
        });
    }
    Ok(())
}

/// Every byte of the window is an outcome that is recorded, or zero, which the last one's is not; where there
/// is no sequence number yet, nothing is known.
fn check_window(record: Record<'_>, answers: &impl Fn(Outcome) -> bool) -> Result<(), SessionError> {
    let (client, last) = (record.client(), record.last());
    match record.outcome(last) {
        Some(outcome) if last.0 > 0 && outcome != Outcome::Forgotten => {}
        _ => return Err(SessionError::LastMissing { client, last }),
    }
    for (position, found) in record.window().iter().copied().enumerate() {
        let is_numbered = last.0 >= WINDOW || (1..=last.0).contains(&(position as u64));
        let is_recorded = |outcome| match outcome {
            Outcome::NoSession => false,
            Outcome::Forgotten => true,
            outcome => is_numbered && answers(outcome),
        };
        let is_sound = match found {
            0 => is_numbered,
            found => Outcome::from_byte(found).is_some_and(is_recorded),
        };
        if !is_sound {
            return Err(SessionError::BadOutcome {
                client,
                position,
                found,
            });
        }
    }
    Ok(())
}
