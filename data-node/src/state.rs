//! A replica's whole state at one place in the order: what a donor sends and a joiner installs.

use multicast::id::Timestamp;
use structures::{Structure, delta::REGIONS, image_error::ImageError, kind::StructureSpec};

/// The structure's images and where in the order of messages they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Every message up to here is included.
    pub watermark: Timestamp,
    /// The donor's Lamport clock: the joiner's goes on from it.
    pub clock: u64,
    /// The bytes of each region; among them the clients' sessions.
    pub images: [Vec<u8>; REGIONS],
}

impl State {
    /// The structure that the images hold, checked.
    ///
    /// # Errors
    /// What is unsound about them; nothing of it is served.
    pub fn into_list(self, spec: StructureSpec) -> Result<Structure, ImageError> {
        Structure::from_images(spec, self.images)
    }
}
