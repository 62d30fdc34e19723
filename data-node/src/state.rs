//! A replica's whole state at one place in the order: what a joiner assembles and installs.

use multicast::skeen::snapshot::Snapshot;
use structures::{Structure, delta::REGIONS, image_error::ImageError, kind::StructureSpec};
use wire::message::replication::Batch;

/// The structure's images and where in the order of messages they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Which messages are included, and the donor's clock, from which the joiner's goes on.
    pub snapshot: Snapshot<Batch>,
    /// The bytes of each region; among them the clients' sessions.
    pub images: [Vec<u8>; REGIONS],
}

impl State {
    /// The structure that the images hold, checked.
    ///
    /// # Errors
    /// What is unsound about them; nothing of it is served.
    pub fn into_structure(self, spec: StructureSpec) -> Result<Structure, ImageError> {
        Structure::from_images(spec, self.images)
    }
}
