//! This primary's part in a scrub: signatures of its blocks, between two operations.
//!
//! Whoever wants them compares bytes of the very place in the channel where they stand, so nothing waits for
//! them but the operations that come while they are computed. Source: DESIGN, "Scrub".

use multicast::id::NodeId;
use wire::message::{
    fusion::DeltaFrame,
    scrub::{MAX_SCRUB_BLOCKS, ScrubWindow},
};

use super::{Command, Primary, State};

impl Primary {
    /// Puts the signatures of blocks, as they are now, into the server's channel. Cost: that of signing at most
    /// [`MAX_SCRUB_BLOCKS`] blocks.
    pub(super) fn sign_blocks(&mut self, server: NodeId, scrub: u64, window: ScrubWindow) -> Vec<Command> {
        let State::Living(life) = &self.state else {
            return Vec::new();
        };
        if !window.is_sound() {
            let limit = MAX_SCRUB_BLOCKS;
            tracing::error!(%server, ?window, limit, "signatures are wanted of blocks that cannot be");
            return self.drop_channel(server);
        }
        let frame = DeltaFrame::Signatures {
            scrub,
            last: life.sender.last(),
            signatures: window.signatures(life.structure().image(window.first.region)),
        };
        vec![Command::ToServer { server, frame }]
    }
}
