//! Scrubs at random moments: whatever is under way, is lost or recovers, none raises a false alarm; and at rest
//! every server's bytes are found to agree.

use fusion_server::{backup::Event as ServerEvent, scrub::Asker};
use multicast::id::NodeId;
use structures::delta::RegionId;
use wire::message::{
    client::{Refusal, ReplyBody},
    fusion::BlockId,
    scrub::{MAX_SCRUB_BLOCKS, ScrubWindow},
};

use super::{World, pick};

impl World {
    /// A client asks a server to compare a region.
    pub(super) fn scrub(&mut self, who: u16, what: u16) {
        let servers: Vec<_> = self.backups.keys().copied().collect();
        if let Some(server) = pick(&servers, who) {
            let region = pick(&RegionId::ALL, what).expect("there are some");
            self.scrub_region(server, region, u64::from(what));
        }
    }

    /// At rest nothing keeps a scrub from its verdict.
    pub(super) fn check_scrubs(&mut self) {
        let servers: Vec<_> = self.backups.keys().copied().collect();
        for server in servers {
            for region in RegionId::ALL {
                let before = self.scrubbed;
                self.scrub_region(server, region, 1);
                self.settle();
                assert_eq!(self.scrubbed, before + 1, "{server} did not compare {region:?}");
            }
        }
    }

    /// Notes what a scrub was answered.
    pub(super) fn take_scrub(&mut self, server: NodeId, body: &ReplyBody) {
        match body {
            ReplyBody::Scrubbed(scrubbed) => {
                assert_eq!(scrubbed.syndromes, [], "a false alarm at {server}");
                self.scrubbed += 1;
            }
            ReplyBody::Refused(Refusal::Unavailable { .. }) => {}
            other => panic!("{server} answered a scrub with {other:?}"),
        }
    }

    fn scrub_region(&mut self, server: NodeId, region: RegionId, seed: u64) {
        let window = ScrubWindow {
            seed,
            first: BlockId { region, index: 0 },
            count: MAX_SCRUB_BLOCKS,
        };
        let asker = Asker {
            connection: 1,
            request: seed,
        };
        self.server_event(server, ServerEvent::Scrub { asker, window });
    }
}
