//! What a stored membership looks like, in a file or under a key: JSON that says what it is, and in which version.
//!
//! People read it when something went wrong, so it is indented and every field has its name. A file that does
//! not say that it is a membership is refused, and so is one that ends early (JSON without its last brace).

use serde::{Deserialize, Serialize};
use wire::message::membership::Membership;

use super::StoreError;

/// The only content of [`Envelope::format`].
const FORMAT: &str = "fusebox membership";

/// The version of the layout.
const VERSION: u32 = 1;

/// The whole of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    format: String,
    version: u32,
    membership: Membership,
}

/// The first two fields, whatever else is there: read first, so that another version is told from garbage.
#[derive(Deserialize)]
struct Title {
    format: String,
    version: u32,
}

/// The bytes for this membership.
pub(super) fn sealed(place: &str, membership: &Membership) -> Result<Vec<u8>, StoreError> {
    let envelope = Envelope {
        format: FORMAT.into(),
        version: VERSION,
        membership: membership.clone(),
    };
    let mut bytes = serde_json::to_vec_pretty(&envelope).map_err(garbage(place))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The membership in the bytes that were found at a place.
pub(super) fn opened(place: &str, bytes: &[u8]) -> Result<Membership, StoreError> {
    let title: Title = serde_json::from_slice(bytes).map_err(garbage(place))?;
    if title.format != FORMAT {
        let reason = format!("it says to be {:?}, not {FORMAT:?}", title.format);
        return Err(StoreError::Garbage {
            place: place.into(),
            reason,
        });
    }
    if title.version != VERSION {
        return Err(StoreError::Version {
            place: place.into(),
            found: title.version,
            ours: VERSION,
        });
    }
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(garbage(place))?;
    Ok(envelope.membership)
}

pub(super) fn garbage(place: &str) -> impl Fn(serde_json::Error) -> StoreError {
    move |error| StoreError::Garbage {
        place: place.into(),
        reason: error.to_string(),
    }
}
