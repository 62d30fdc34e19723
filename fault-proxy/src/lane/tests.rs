//! Scripts of one lane: what comes in and when, and what is then to be done.

use super::*;

const fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn lane(conduct: Conduct) -> Lane {
    Lane::new(conduct, 1)
}

/// Takes all that may go now, as a reader that never waits does.
fn taken(lane: &mut Lane, now: Duration) -> (Vec<u8>, Step) {
    let mut taken = Vec::new();
    loop {
        let step = lane.step(now);
        if step != Step::Forward {
            return (taken, step);
        }
        let front = lane.front();
        taken.extend_from_slice(&front);
        lane.forwarded(front.len());
    }
}

fn all(text: &str, step: Step) -> (Vec<u8>, Step) {
    (text.as_bytes().to_vec(), step)
}

#[test]
fn what_passes_goes_at_once_and_the_end_after_it() {
    let mut lane = lane(Conduct::default());
    assert_eq!(lane.step(ms(0)), Step::Wait);
    lane.arrive(ms(1), Bytes::from_static(b"one"));
    lane.arrive(ms(1), Bytes::from_static(b" two"));
    assert_eq!(taken(&mut lane, ms(1)), all("one two", Step::Wait));
    lane.end(ms(2));
    assert!(!lane.wants_more());
    assert_eq!(taken(&mut lane, ms(2)), all("", Step::Finish));
}

#[test]
fn a_piece_that_is_half_taken_goes_on_where_it_was() {
    let mut lane = lane(Conduct::default());
    lane.arrive(ms(0), Bytes::from_static(b"abcd"));
    lane.forwarded(3);
    assert_eq!(taken(&mut lane, ms(0)), all("d", Step::Wait));
}

#[test]
fn a_delay_holds_every_piece_and_the_end_for_as_long() {
    let delay = ms(10);
    let mut lane = lane(Conduct {
        delay,
        ..Conduct::default()
    });
    lane.arrive(ms(0), Bytes::from_static(b"a"));
    lane.arrive(ms(4), Bytes::from_static(b"b"));
    lane.end(ms(5));
    assert_eq!(taken(&mut lane, ms(9)), all("", Step::WaitUntil(ms(10))));
    assert_eq!(taken(&mut lane, ms(10)), all("a", Step::WaitUntil(ms(14))));
    assert_eq!(taken(&mut lane, ms(14)), all("b", Step::WaitUntil(ms(15))));
    assert_eq!(taken(&mut lane, ms(15)), all("", Step::Finish));
}

#[test]
fn jitter_changes_moments_within_its_bound_and_never_the_order() {
    let jittered = Conduct {
        delay: ms(1),
        jitter: ms(50),
        flow: Flow::Pass,
    };
    let releases = |seed| {
        let mut lane = Lane::new(jittered, seed);
        for place in 0..100_u8 {
            lane.arrive(ms(place.into()), Bytes::copy_from_slice(&[place]));
        }
        let pieces = lane.held.iter();
        pieces
            .map(|(release, piece)| (*release, piece[0]))
            .collect::<Vec<_>>()
    };
    let some = releases(7);
    assert!(some.is_sorted(), "{some:?}");
    assert_eq!(
        some.iter().map(|(_, piece)| *piece).collect::<Vec<_>>(),
        (0..100).collect::<Vec<_>>()
    );
    for (release, piece) in &some {
        let came = ms(u64::from(*piece));
        assert!(
            (came + ms(1)..=came + ms(51)).contains(release),
            "{piece} at {release:?}"
        );
    }
    assert_eq!(some, releases(7), "the same seed gives the same moments");
    assert_ne!(some, releases(8));
}

#[test]
fn a_lane_without_its_delay_any_more_still_keeps_the_order() {
    let mut lane = lane(Conduct {
        delay: ms(10),
        ..Conduct::default()
    });
    lane.arrive(ms(0), Bytes::from_static(b"a"));
    lane.set(Conduct::default());
    lane.arrive(ms(1), Bytes::from_static(b"b"));
    assert_eq!(taken(&mut lane, ms(9)), all("", Step::WaitUntil(ms(10))));
    assert_eq!(taken(&mut lane, ms(10)), all("ab", Step::Wait));
}

#[test]
fn a_stall_keeps_what_came_and_takes_no_more_until_it_is_over() {
    let mut lane = lane(Conduct::default());
    lane.arrive(ms(0), Bytes::from_static(b"a"));
    lane.set(Conduct::of(Flow::Stall));
    assert!(!lane.wants_more());
    assert_eq!(taken(&mut lane, ms(99)), all("", Step::Wait));
    lane.set(Conduct::default());
    assert!(lane.wants_more());
    assert_eq!(taken(&mut lane, ms(99)), all("a", Step::Wait));
}

#[test]
fn what_swallowed_anything_breaks_when_it_is_to_pass_again() {
    let swallow = Conduct::of(Flow::Swallow);
    type Happening = fn(&mut Lane);
    let swallowed: [(&str, Happening); 3] = [
        ("bytes", |lane| lane.arrive(ms(1), Bytes::from_static(b"b"))),
        ("the end", |lane| lane.end(ms(1))),
        ("nothing", |_| {}),
    ];
    for (what, happen) in swallowed {
        let mut lane = lane(Conduct::default());
        lane.set(swallow);
        happen(&mut lane);
        assert_eq!(taken(&mut lane, ms(2)), all("", Step::Wait), "{what}");
        lane.set(Conduct::default());
        let then = match what {
            "nothing" => Step::Wait,
            _ => Step::Break(Breakage::Reset),
        };
        assert_eq!(taken(&mut lane, ms(3)), all("", then), "{what}");
    }
}

#[test]
fn what_was_held_when_the_swallowing_began_is_lost_too() {
    let mut lane = lane(Conduct {
        delay: ms(10),
        ..Conduct::default()
    });
    lane.arrive(ms(0), Bytes::from_static(b"a"));
    lane.set(Conduct::of(Flow::Swallow));
    lane.set(Conduct::default());
    assert_eq!(taken(&mut lane, ms(20)), all("", Step::Break(Breakage::Reset)));
}

#[test]
fn a_cut_lets_exactly_so_many_bytes_pass_counted_from_when_it_was_ordered() {
    let mut lane = lane(Conduct::default());
    lane.arrive(ms(0), Bytes::from_static(b"before "));
    assert_eq!(taken(&mut lane, ms(0)), all("before ", Step::Wait));
    lane.set(Conduct::of(Flow::CutAfter(4)));
    lane.arrive(ms(1), Bytes::from_static(b"one"));
    assert_eq!(taken(&mut lane, ms(1)), all("one", Step::Wait));
    lane.arrive(ms(2), Bytes::from_static(b" two"));
    assert_eq!(taken(&mut lane, ms(2)), all(" ", Step::Break(Breakage::Closed)));
}

#[test]
fn a_reset_does_not_wait_for_what_is_held() {
    let mut lane = lane(Conduct::default());
    lane.arrive(ms(0), Bytes::from_static(b"a"));
    lane.set(Conduct::of(Flow::Reset));
    assert_eq!(taken(&mut lane, ms(0)), all("", Step::Break(Breakage::Reset)));
}

#[test]
fn nothing_more_is_read_once_the_limit_is_held() {
    let mut lane = lane(Conduct {
        delay: ms(10),
        ..Conduct::default()
    });
    lane.arrive(ms(0), vec![0; MAX_HELD_BYTES - 1].into());
    assert!(lane.wants_more());
    lane.arrive(ms(0), vec![0; 1].into());
    assert!(!lane.wants_more());
    assert_eq!(lane.step(ms(10)), Step::Forward);
    lane.forwarded(1);
    assert!(lane.wants_more());
}
