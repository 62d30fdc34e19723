//! The client's side of a door: one connection ([`Client`]), and sessions that write to a group through
//! crashes: one write at a time ([`Session`]), or several ([`Pipeline`]).
//!
//! The same for both mechanisms: the door of a replicated group is any manager, that of a fused one its
//! primary, and [`Directory`] tells which. Sessions of one process may share connections ([`SharedConnections`]).

mod connection;
mod directory;
#[cfg(test)]
mod door_by_hand;
mod patience;
mod pipeline;
mod session;
mod shared;
mod transport;

pub use connection::Client;
pub use directory::Directory;
pub use pipeline::{MAX_PIPELINE, Pipeline, Ticket};
pub use session::Session;
pub use shared::{LANES, SharedConnections};

use crate::{WireError, message::client::Refusal};

/// Why a client got no answer to its question.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The connection failed; whether the request took effect is unknown.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The door refuses; what that says of a write, see [`Refusal`].
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The door answered something else than was asked.
    #[error("the door answered {found} to a {asked}")]
    Unexpected {
        /// What was asked.
        asked: &'static str,
        /// What came.
        found: String,
    },
    /// The group has no door now.
    #[error("no process serves the group now ({reason})")]
    NoDoor {
        /// What the membership says.
        reason: String,
    },
    /// Retried for so long, in vain; whether the write took effect is unknown.
    #[error("no answer within {patience_ms} ms; last: {last}")]
    OutOfPatience {
        /// How long it was tried.
        patience_ms: u128,
        /// The last attempt's error.
        last: Box<ClientError>,
    },
}

impl ClientError {
    /// Whether trying again later can help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Wire(_) | Self::NoDoor { .. } => true,
            Self::Refused(refusal) => {
                matches!(
                    refusal,
                    Refusal::Unavailable { .. }
                        | Refusal::Overloaded { .. }
                        | Refusal::OutOfReach { .. }
                        | Refusal::ReadsWait { .. }
                        | Refusal::NotOwner { .. }
                )
            }
            Self::Unexpected { .. } | Self::OutOfPatience { .. } => false,
        }
    }
}
