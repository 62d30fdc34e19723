//! What a fused server's copy of a primary can be, and what it says to that primary's words.

use multicast::id::{Epoch, Seq};

use crate::image_cursor::ImageCursor;

/// How much of a primary is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Nothing; its image must come first.
    Nothing,
    /// What came of its image so far.
    Part(ImageCursor),
    /// Everything up to the last applied operation.
    Whole,
    /// An image that broke off; only a rebuild of the server gets it out of the parity.
    Broken,
}

/// What a primary's `Open` or epoch is to this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its life is over.
    Fenced {
        /// The smallest epoch that would be accepted.
        epoch: Epoch,
    },
    /// It is admitted.
    Admitted,
    /// It is ahead of what the manager has told us.
    NotYet,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Acknowledge it (again).
    Acknowledge {
        /// The last applied operation.
        applied: Seq,
    },
    /// Applied to an image that is under way: nothing to say yet.
    Silent,
    /// One before it is missing.
    Gap {
        /// The next one that will be accepted.
        expected: Seq,
    },
}
