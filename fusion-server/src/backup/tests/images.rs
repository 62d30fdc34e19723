//! Rebuilds: images in band with the operations.

use bytes::Bytes;
use multicast::id::{Epoch, Seq};
use structures::delta::RegionId;
use wire::message::fusion::{AckFrame, DeltaFrame, FromServer, ToServer};

use super::*;

#[test]
fn a_rebuild_forgets_everything_and_takes_images_again() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(1, 0, &[1])));
    let rebuild = |epoch| ToServer::Rebuild {
        epoch: Epoch(epoch),
        row: 0,
        primaries: vec![seat(P, 1), seat(Q, 1)],
    };
    let closed = [LINE_P, LINE_Q].map(|connection| Command::Close { connection });
    assert_eq!(order(&mut backup, rebuild(7)), closed);
    assert_eq!((parity(&backup), backup.applied(P)), (&[][..], None));
    assert_eq!(order(&mut backup, rebuild(7)), [], "an order carried out already");

    let no_image = [told(3, AckFrame::NoImage), Command::Close { connection: 3 }];
    assert_eq!(
        call(&mut backup, 3, P, open_frame(1, 7, 1, false)),
        no_image,
        "there is nothing to go on with"
    );
    assert_eq!(
        call(&mut backup, 3, P, open_frame(1, 6, 1, true)),
        no_image,
        "an older rebuild"
    );
    let opened = [told(3, AckFrame::Opened { applied: Seq(1) })];
    assert_eq!(call(&mut backup, 3, P, open_frame(1, 7, 1, true)), opened);
    let chunk = DeltaFrame::Image {
        region: RegionId::VALUES,
        offset: 0,
        bytes: Bytes::from_static(&[1, 2]),
    };
    let applied = told(
        3,
        AckFrame::ImageApplied {
            region: RegionId::VALUES,
            offset: 2,
        },
    );
    assert_eq!(say(&mut backup, 3, chunk), [applied]);
    let across = operation(2, 1, delta(4, 1, &[8, 8, 8]));
    assert_eq!(
        say(&mut backup, 3, across),
        [],
        "nothing is acknowledged before the image's end"
    );
    assert_eq!(
        parity(&backup),
        [1, 2 ^ 8],
        "what is above the cursor is in the bytes to come"
    );
    let rest = DeltaFrame::Image {
        region: RegionId::VALUES,
        offset: 2,
        bytes: Bytes::from_static(&[8, 8]),
    };
    say(&mut backup, 3, rest);
    assert_eq!(
        say(&mut backup, 3, DeltaFrame::ImageEnd { lengths: [4, 0, 0] }),
        [ack(3, 2)]
    );
    assert_eq!(
        (parity(&backup), backup.applied(P)),
        (&[1, 2 ^ 8, 8, 8][..], Some(Seq(2)))
    );
}

/// Whoever cut a region while its image was under way cannot have it filled with zeroes by the next chunk.
#[test]
fn a_chunk_makes_a_region_longer_by_no_more_than_an_operation_could() {
    let chunk = |offset, bytes: u64| DeltaFrame::Image {
        region: RegionId::VALUES,
        offset,
        bytes: Bytes::from(vec![0; bytes as usize]),
    };
    let limit = MAX_GROWTH_BYTES;
    let cut = || operation(1, 0, delta(0, 0, &[0]));
    let scripts = [
        (vec![chunk(0, limit)], true),
        (vec![chunk(0, limit + 1)], false),
        (vec![chunk(0, limit), cut(), chunk(limit, 1)], false),
    ];
    for (frames, taken) in scripts {
        let mut backup = with_two_primaries();
        let primaries = vec![seat(P, 1)];
        let epoch = Epoch(7);
        order(
            &mut backup,
            ToServer::Rebuild {
                epoch,
                row: 0,
                primaries,
            },
        );
        call(&mut backup, 3, P, open_frame(1, 7, 0, true));
        let said: Vec<_> = frames
            .into_iter()
            .flat_map(|frame| say(&mut backup, 3, frame))
            .collect();
        let closed = said.contains(&Command::Close { connection: 3 });
        assert_eq!(closed, !taken, "{said:?}");
    }
}

#[test]
fn an_image_that_breaks_off_is_told_and_cannot_be_begun_again() {
    let ways: [fn(&mut FusedBackup) -> Vec<Command>; 2] = [
        |backup| backup.handle(Event::Ended { connection: 3 }),
        |backup| say(backup, 3, DeltaFrame::ImageEnd { lengths: [9, 0, 0] }),
    ];
    for (way, closes) in ways.into_iter().zip([false, true]) {
        let mut backup = with_two_primaries();
        order(
            &mut backup,
            ToServer::Rebuild {
                epoch: Epoch(7),
                row: 0,
                primaries: vec![seat(P, 1)],
            },
        );
        call(&mut backup, 3, P, open_frame(1, 7, 0, true));
        let reason = "the image of node 1 broke off".to_owned();
        let broken = Command::ToManager(FromServer::RebuildBroken {
            epoch: Epoch(7),
            reason,
        });
        let expected: Vec<_> = closes
            .then_some(Command::Close { connection: 3 })
            .into_iter()
            .chain([broken])
            .collect();
        assert_eq!(way(&mut backup), expected);
        let again = call(&mut backup, 4, P, open_frame(1, 7, 0, true));
        assert_eq!(
            again,
            [told(4, AckFrame::NoImage), Command::Close { connection: 4 }]
        );
    }
}
