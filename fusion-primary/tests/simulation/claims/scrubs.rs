//! Claim: a scrub never raises a false alarm, and at rest it has a verdict.
//!
//! Source: DESIGN section 4, "Scrub".

use multicast::id::NodeId;
use structures::delta::{REGIONS, RegionId};
use wire::message::client::{Refusal, ReplyBody};

use super::Claim;
use crate::world::World;

impl World {
    /// Judges what a client that asked for a scrub is told.
    pub(crate) fn judge_scrub(&mut self, server: NodeId, body: &ReplyBody) {
        let is_right = match body {
            ReplyBody::Scrubbed(scrubbed) => scrubbed.syndromes.is_empty(),
            ReplyBody::Refused(refusal) => matches!(refusal, Refusal::Unavailable { .. }),
            _ => false,
        };
        self.demand(Claim::Scrubs, is_right, || {
            format!("{server} answers a scrub by {body:?}")
        });
        if let (ReplyBody::Scrubbed(_), Some(backup)) = (body, self.backups.get_mut(&server)) {
            backup.verdicts += 1;
        }
    }

    /// Asks every server about everything, while nothing else happens.
    pub(crate) fn judge_scrubs(&mut self) {
        let servers: Vec<NodeId> = self.shape.server_nodes().collect();
        for server in servers {
            let before = self.backups.get(&server).map(|backup| backup.verdicts);
            for region in RegionId::ALL {
                self.scrub(server, region);
                self.settle_messages();
            }
            let after = self.backups.get(&server).map(|backup| backup.verdicts);
            let expected = before.map(|before| before + REGIONS);
            self.demand(Claim::Scrubs, after == expected, || {
                format!("{server} has no verdict, at rest")
            });
        }
    }
}
