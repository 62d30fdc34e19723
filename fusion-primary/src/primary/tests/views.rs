//! Servers that come, go, lose their links, are rebuilt, or end this life.

use bytes::Bytes;
use structures::delta::RegionId;
use wire::message::fusion::BLOCKS_AHEAD;

use super::*;

#[test]
fn only_a_view_makes_a_server_one_that_is_not_waited_for() {
    let mut primary = founded(&[S, T]);
    send_write(&mut primary, 1);
    ack(&mut primary, S, 1);
    assert_eq!(
        primary.handle(Event::ServerLost { server: T }),
        [dial(T, 0)],
        "and nothing is answered"
    );
    let without = view(&mut primary, 2, vec![seat(S, 1, true)]);
    assert_eq!(
        without,
        [Command::Disconnect { server: T }, written(1), viewed(2)]
    );
    assert_eq!(view(&mut primary, 1, vec![seat(T, 1, true)]), [], "an older view");
}

#[test]
fn a_server_that_is_back_is_sent_what_it_misses_and_only_that() {
    let mut primary = founded(&[S]);
    (1..=3).for_each(|number| drop(send_write(&mut primary, number)));
    ack(&mut primary, S, 1);
    primary.handle(Event::ServerLost { server: S });
    assert_eq!(send_write(&mut primary, 4), []);
    assert_eq!(
        primary.handle(Event::ServerLinked { server: S }),
        [to(S, open(1, 1, 1, false))]
    );
    let opened = hear(&mut primary, S, AckFrame::Opened { applied: Seq(2) });
    assert_eq!(opened, [written(2), to(S, delta(3, 2)), to(S, delta(4, 2))]);
    assert_eq!(
        hear(&mut primary, S, AckFrame::Gap { expected: Seq(4) }),
        [to(S, delta(4, 2))]
    );
}

#[test]
fn a_server_without_an_image_is_called_again_later_and_later() {
    let mut primary = founded(&[S]);
    assert_eq!(hear(&mut primary, S, AckFrame::NoImage), [dial(S, 1)]);
    primary.handle(Event::ServerLinked { server: S });
    assert_eq!(hear(&mut primary, S, AckFrame::NoImage), [dial(S, 2)]);
    primary.handle(Event::ServerLinked { server: S });
    assert_eq!(
        primary.handle(Event::ServerLost { server: S }),
        [dial(S, 3)],
        "it was never open"
    );
    primary.handle(Event::ServerLinked { server: S });
    assert_eq!(hear(&mut primary, S, AckFrame::Opened { applied: Seq(0) }), []);
    assert_eq!(primary.handle(Event::ServerLost { server: S }), [dial(S, 0)]);
}

fn want(region: RegionId, count: u64) -> AckFrame {
    AckFrame::WantBlocks {
        recovery: 7,
        first: BlockId { region, index: 0 },
        count,
    }
}

#[test]
fn a_word_that_cannot_be_costs_the_server_its_link() {
    let words = [
        AckFrame::Ack { applied: Seq(1) },
        AckFrame::Opened { applied: Seq(1) },
        AckFrame::Gap { expected: Seq(0) },
        want(RegionId::VALUES, BLOCKS_AHEAD + 1),
        want(RegionId::ENTRIES, 1),
        want(RegionId(3), 1),
    ];
    for word in words {
        assert_eq!(hear(&mut founded(&[S]), S, word), [dial(S, 1)]);
    }
    assert_eq!(
        hear(&mut founded(&[S]), T, AckFrame::NoImage),
        [],
        "it is no server of the view"
    );
}

#[test]
fn a_server_in_rebuild_is_sent_the_image_then_required_then_caught_up() {
    let mut primary = founded(&[S]);
    send_write(&mut primary, 1);
    ack(&mut primary, S, 1);
    let servers = || vec![seat(S, 1, true), seat(T, 5, false)];
    assert_eq!(view(&mut primary, 5, servers()), [dial(T, 0), viewed(5)]);
    assert_eq!(
        primary.handle(Event::ServerLinked { server: T }),
        [to(T, open(1, 5, 1, true))]
    );
    assert_eq!(
        send_write(&mut primary, 2),
        [to(S, delta(2, 1)), to(T, delta(2, 1))]
    );
    assert_eq!(ack(&mut primary, S, 2), [written(2)], "it is not waited for yet");

    let (_, structure) = reference(2);
    let chunk = |region| {
        let bytes = Bytes::copy_from_slice(structure.image(region));
        to(
            T,
            DeltaFrame::Image {
                region,
                offset: 0,
                bytes,
            },
        )
    };
    let mut image: Vec<_> = RegionId::ALL.into_iter().map(chunk).collect();
    image.push(to(
        T,
        DeltaFrame::ImageEnd {
            lengths: lengths(&structure),
        },
    ));
    assert_eq!(hear(&mut primary, T, AckFrame::Opened { applied: Seq(1) }), image);

    send_write(&mut primary, 3);
    assert_eq!(
        ack(&mut primary, S, 3),
        [],
        "from the image's end on it is waited for"
    );
    let caught_up = Command::ToManager(FromPrimary::CaughtUp {
        server: T,
        rebuild: Epoch(5),
    });
    assert_eq!(ack(&mut primary, T, 2), vec![caught_up.clone()]);
    assert_eq!(ack(&mut primary, T, 3), [written(3)]);
    assert_eq!(
        view(&mut primary, 6, servers()),
        [caught_up, viewed(6)],
        "the manager may not have heard it"
    );
    let active = vec![seat(S, 1, true), seat(T, 5, true)];
    assert_eq!(view(&mut primary, 7, active), [viewed(7)]);
}

#[test]
fn caught_up_waits_until_all_before_the_images_end_is_stable() {
    let mut primary = founded(&[S]);
    send_write(&mut primary, 1);
    view(&mut primary, 5, vec![seat(S, 1, true), seat(T, 5, false)]);
    primary.handle(Event::ServerLinked { server: T });
    hear(&mut primary, T, AckFrame::Opened { applied: Seq(1) });
    assert_eq!(
        ack(&mut primary, T, 1),
        [],
        "the other server could still be cut before operation 1"
    );
    let caught_up = Command::ToManager(FromPrimary::CaughtUp {
        server: T,
        rebuild: Epoch(5),
    });
    assert_eq!(ack(&mut primary, S, 1), [written(1), caught_up]);
}

#[test]
fn an_image_that_broke_off_is_sent_from_the_start_over_the_next_link() {
    let mut primary = founded(&[]);
    send_write(&mut primary, 1);
    view(&mut primary, 5, vec![seat(T, 5, false)]);
    primary.handle(Event::ServerLinked { server: T });
    assert_eq!(primary.handle(Event::ServerLost { server: T }), [dial(T, 1)]);
    send_write(&mut primary, 2);
    assert_eq!(
        primary.handle(Event::ServerLinked { server: T }),
        [to(T, open(1, 5, 2, true))]
    );
    let again = view(&mut primary, 6, vec![seat(T, 6, false)]);
    assert_eq!(
        again,
        [Command::Disconnect { server: T }, dial(T, 0), viewed(6)],
        "another rebuild"
    );
}

#[test]
fn blocks_are_a_coded_region_as_it_is_now_short_or_empty_at_the_end() {
    for (layout, region) in [
        (Layout::Linked, RegionId::VALUES),
        (Layout::Arena, RegionId::VALUES),
        (Layout::Arena, RegionId::SESSIONS),
    ] {
        let mut primary = founded_in(layout, &[S]);
        (1..=3).for_each(|number| drop(send_write(&mut primary, number)));
        let (_, structure) = reference(3);
        let block = |index, bytes: &[u8]| {
            let block = BlockId { region, index };
            let bytes = Bytes::copy_from_slice(bytes);
            to(
                S,
                DeltaFrame::Block {
                    recovery: 7,
                    block,
                    bytes,
                },
            )
        };
        let mut expected = vec![block(0, structure.image(region))];
        expected.extend((1..BLOCKS_AHEAD).map(|index| block(index, &[])));
        assert_eq!(hear(&mut primary, S, want(region, BLOCKS_AHEAD)), expected);
    }
}

#[test]
fn a_view_for_a_later_epoch_of_this_life_makes_every_acknowledgement_doubtful() {
    let mut primary = founded(&[S, T]);
    send_write(&mut primary, 1);
    assert_eq!(ack(&mut primary, S, 1), []);
    // It was taken for lost and did not notice: S was cut, and T is gone.
    let alone = ToPrimary::View {
        epoch: Epoch(3),
        since: Epoch(3),
        servers: vec![seat(S, 1, true)],
        min_backups: 0,
    };
    let disconnect = |server| Command::Disconnect { server };
    let left = [disconnect(S), disconnect(T), disconnect(T), viewed(3)];
    assert_eq!(order(&mut primary, alone), left, "nothing is answered");
    let resume = super::resume(3);
    assert_eq!(order(&mut primary, resume), [dial(S, 0)]);
    let opening = primary.handle(Event::ServerLinked { server: S });
    assert_eq!(opening, [to(S, open(3, 1, 0, false))]);
    let opened = hear(&mut primary, S, AckFrame::Opened { applied: Seq(0) });
    assert_eq!(opened, [to(S, delta(1, 0))]);
    assert_eq!(ack(&mut primary, S, 1), [written(1)]);
}

#[test]
fn a_fenced_life_serves_no_more_until_it_is_resumed_with_what_it_holds() {
    let mut primary = founded(&[S, T]);
    send_write(&mut primary, 1);
    ack(&mut primary, S, 1);
    ack(&mut primary, T, 1);
    send_write(&mut primary, 2);
    let fenced = hear(&mut primary, S, AckFrame::Fenced { epoch: Epoch(9) });
    let expected = [
        Command::HangUp { caller: caller(2) },
        Command::Disconnect { server: S },
        Command::Disconnect { server: T },
        Command::Reenter,
    ];
    assert_eq!(fenced, expected, "what became of write 2 is not known");
    let reason = "the primary was fenced and waits to be resumed";
    assert_eq!(send_write(&mut primary, 3), [unavailable(3, reason)]);

    assert_eq!(order(&mut primary, found(9)), [], "it holds something");
    assert_eq!(order(&mut primary, resume(10)), [dial(S, 0), dial(T, 0)]);
    assert_eq!(order(&mut primary, resume(10)), [], "it lives already");
    assert_eq!(
        primary.handle(Event::ServerLinked { server: S }),
        [to(S, open(10, 1, 1, false))]
    );
    let opened = hear(&mut primary, S, AckFrame::Opened { applied: Seq(1) });
    assert_eq!(opened, [to(S, delta(2, 1))]);
    assert_eq!(send_write(&mut primary, 3), [to(S, delta(3, 1))]);
}
