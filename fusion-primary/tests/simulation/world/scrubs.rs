//! Scrubs: a client asks a server to compare a region with the primaries'.

use fusion_server::{backup::Event, scrub::Asker};
use multicast::id::NodeId;
use rand::Rng;
use structures::delta::{REGIONS, RegionId};
use wire::message::{
    fusion::BlockId,
    scrub::{MAX_SCRUB_BLOCKS, ScrubWindow},
};

use super::World;

impl World {
    /// One server is asked for one region.
    pub(super) fn scrub_something(&mut self) -> bool {
        let servers: Vec<NodeId> = self.backups.keys().copied().collect();
        let Some(server) = self.pick(&servers) else {
            return false;
        };
        let region = RegionId::ALL[self.dice.random_range(0..REGIONS)];
        self.scrub(server, region);
        true
    }

    pub(crate) fn scrub(&mut self, server: NodeId, region: RegionId) {
        let seed = self.dice.random();
        let window = ScrubWindow {
            seed,
            first: BlockId { region, index: 0 },
            count: MAX_SCRUB_BLOCKS,
        };
        let asker = Asker {
            connection: 1,
            request: seed,
        };
        self.note("scrub", server, server, u64::from(region.0));
        self.server_event(server, Event::Scrub { asker, window });
    }
}
