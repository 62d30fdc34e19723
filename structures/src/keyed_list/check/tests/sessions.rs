//! Corrupted SESSIONS regions.

use super::*;
use crate::image_error::SessionError;
use crate::session::{MAX_SESSIONS, RECORD_BYTES};

fn session_refusal(corrupt: impl FnOnce(&mut Vec<u8>)) -> SessionError {
    match refusal(|images| corrupt(&mut images[SESSIONS])) {
        ImageError::Session(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn sessions_that_are_not_whole_records_or_too_many_are_refused() {
    let torn = |bytes| SessionError::Torn {
        bytes,
        record_bytes: RECORD_BYTES,
    };
    assert_eq!(session_refusal(|s| s.truncate(175)), torn(175));
    let limit = MAX_SESSIONS;
    let with_records = |count: usize| {
        move |sessions: &mut Vec<u8>| {
            let record = sessions[..RECORD_BYTES].to_vec();
            *sessions = record.repeat(count);
            for (at, record) in sessions.chunks_exact_mut(RECORD_BYTES).enumerate() {
                record[..8].copy_from_slice(&(at as u64).to_le_bytes());
                record[16..24].copy_from_slice(&(at as u64 + 1).to_le_bytes());
            }
        }
    };
    assert_eq!(
        session_refusal(with_records(limit + 1)),
        SessionError::TooMany {
            count: limit + 1,
            limit
        }
    );
    let mut images = sound();
    with_records(limit)(&mut images[SESSIONS]);
    assert!(
        KeyedList::from_images(LIMITS, images).is_ok(),
        "as many as there may be"
    );
}

#[test]
fn sessions_that_no_writes_can_have_left_are_refused() {
    let client = ClientId(8);
    let (last, stamp, window) = (RECORD_BYTES + 8, RECORD_BYTES + 16, RECORD_BYTES + 24);
    assert_eq!(
        session_refusal(|s| s[RECORD_BYTES] = 7),
        SessionError::RepeatedClient { client: ClientId(7) }
    );
    assert_eq!(
        session_refusal(|s| s[stamp] = 0),
        SessionError::Stamp { client, stamp: 0 }
    );
    assert_eq!(
        session_refusal(|s| s[stamp] = 1),
        SessionError::Stamp { client, stamp: 1 }
    );
    let never_given = SessionError::Stamp {
        client,
        stamp: 2 | 0x80 << 56,
    };
    assert_eq!(session_refusal(|s| s[stamp + 7] = 0x80), never_given);
    let missing = |last| SessionError::LastMissing {
        client,
        last: Seq(last),
    };
    assert_eq!(session_refusal(|s| s[window + 4] = 0), missing(4));
    assert_eq!(session_refusal(|s| s[window + 4] = 9), missing(4));
    assert_eq!(session_refusal(|s| s[last] = 5), missing(5));
    let zero = |s: &mut Vec<u8>| {
        s[last] = 0;
        s[window] = 2;
    };
    assert_eq!(session_refusal(zero), missing(0));
    for found in [8, 11, 255] {
        let error = SessionError::BadOutcome {
            client,
            position: 3,
            found,
        };
        assert_eq!(session_refusal(|s| s[window + 3] = found), error);
    }
}
