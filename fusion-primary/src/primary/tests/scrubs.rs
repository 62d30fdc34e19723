//! Scrubs: what a primary puts into a server's channel.

use structures::delta::RegionId;
use wire::message::scrub::{MAX_SCRUB_BLOCKS, ScrubWindow};

use super::*;

fn window(region: RegionId, count: u64) -> ScrubWindow {
    ScrubWindow {
        seed: 5,
        first: BlockId { region, index: 0 },
        count,
    }
}

fn want(window: ScrubWindow) -> AckFrame {
    AckFrame::WantSignatures { scrub: 3, window }
}

#[test]
fn signatures_are_of_what_the_channel_has_carried_so_far_stable_or_not() {
    let mut primary = founded(&[S, T]);
    send_write(&mut primary, 1);
    send_write(&mut primary, 2);
    let (_, structure) = reference(2);
    for region in RegionId::ALL {
        let signed = DeltaFrame::Signatures {
            scrub: 3,
            last: Seq(2),
            signatures: window(region, MAX_SCRUB_BLOCKS).signatures(structure.image(region)),
        };
        let wanted = want(window(region, MAX_SCRUB_BLOCKS));
        assert_eq!(hear(&mut primary, S, wanted), [to(S, signed)]);
    }
}

#[test]
fn more_blocks_than_the_limit_or_of_a_strange_region_cost_the_server_its_link() {
    for strange in [
        window(RegionId::VALUES, MAX_SCRUB_BLOCKS + 1),
        window(RegionId(REGIONS as u8), 1),
    ] {
        let mut primary = founded(&[S]);
        assert_eq!(hear(&mut primary, S, want(strange)), [dial(S, 1)]);
    }
}

#[test]
fn who_holds_nothing_signs_nothing() {
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Arena);
    assert_eq!(hear(&mut primary, S, want(window(RegionId::VALUES, 1))), []);
}
