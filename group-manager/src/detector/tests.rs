//! Simulated members, and the suspicion compared with a slow computation from the definition.

use proptest::prelude::*;

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What a cluster file gets that says nothing.
const DEFAULT: Expectations = Expectations {
    heartbeat: ms(100),
    longest_silence: ms(1000),
    threshold: 8,
    window: 128,
    deviation: ms(50),
    pause: ms(500),
};

/// No pause, hardly a deviation: what it learns is what decides.
const BARE: Expectations = Expectations {
    longest_silence: ms(3_600_000),
    deviation: ms(1),
    pause: Duration::ZERO,
    ..DEFAULT
};

/// A member heard after each of these intervals, in milliseconds; and the time then.
fn heard(expected: Expectations, intervals_ms: impl IntoIterator<Item = u64>) -> (Detector, Duration) {
    let mut now = ms(5000);
    let mut detector = Detector::new(expected, now);
    for interval in intervals_ms {
        now += ms(interval);
        detector.heard(now);
    }
    (detector, now)
}

/// After how many whole milliseconds of silence it is suspected.
fn suspected_after_ms((detector, now): (Detector, Duration)) -> u64 {
    (0..)
        .find(|silence| detector.is_suspect(now + ms(*silence)))
        .expect("there is a longest silence")
}

/// In turn `low` and `high`.
fn swinging(low: u64, high: u64) -> impl Iterator<Item = u64> {
    [low, high].into_iter().cycle().take(200)
}

#[test]
fn a_regular_member_is_suspected_when_all_but_one_silence_in_ten_to_the_eighth_would_have_ended() {
    // The normal distribution's quantile is 5.612 deviations.
    assert_eq!(suspected_after_ms(heard(DEFAULT, [100; 200])), 100 + 500 + 281);
    assert_eq!(suspected_after_ms(heard(BARE, [100; 200])), 106);
    assert_eq!(suspected_after_ms(heard(DEFAULT, [])), 881, "as it promised");
}

#[test]
fn a_member_with_jitter_is_given_its_deviation() {
    // Mean 130, deviation 20: 130 + 5.612 * 20.
    assert_eq!(suspected_after_ms(heard(BARE, swinging(110, 150))), 243);
    // Smaller than what is assumed in any case.
    assert_eq!(
        suspected_after_ms(heard(DEFAULT, swinging(110, 150))),
        130 + 500 + 281
    );
}

/// Which silences of a trace a member is suspected in.
fn suspicions(expected: Expectations, intervals_ms: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut now = Duration::ZERO;
    let mut detector = Detector::new(expected, now);
    let mut suspect = |interval: &u64| {
        now += ms(*interval);
        let suspect = detector.is_suspect(now);
        detector.heard(now);
        suspect
    };
    intervals_ms
        .into_iter()
        .filter(|interval| suspect(interval))
        .collect()
}

#[test]
fn late_jittery_pausing_and_slow_members_are_not_suspected_and_a_stopped_one_is() {
    let jittery = (0..1000_u64).map(|place| 40 + place * 7919 % 161);
    assert_eq!(suspicions(DEFAULT, jittery), [0; 0]);
    let pausing = (0..1000).map(|place| if place % 20 == 0 { 600 } else { 100 });
    assert_eq!(suspicions(DEFAULT, pausing), [0; 0]);
    let slowing = (100..1000).step_by(5);
    assert_eq!(suspicions(DEFAULT, slowing), [0; 0]);
    let stopped = [[100; 50].as_slice(), &[900], &[100; 50], &[1001]].concat();
    assert_eq!(suspicions(DEFAULT, stopped), [900, 1001]);
}

#[test]
fn a_slow_member_is_waited_for_as_it_slows_down_but_never_beyond_the_longest_silence() {
    let slow = |interval| suspected_after_ms(heard(DEFAULT, [interval; 200]));
    assert_eq!([slow(100), slow(150), slow(200)], [881, 931, 981]);
    assert_eq!([slow(300), slow(800)], [1001, 1001]);
}

#[test]
fn pauses_are_learnt_and_forgotten_with_the_window() {
    let often = [100, 100, 100, 400].into_iter().cycle().take(200);
    // Mean 175, deviation 130.
    assert_eq!(suspected_after_ms(heard(BARE, often.clone())), 905);
    let then_regular = often.chain([100; 128]);
    assert_eq!(suspected_after_ms(heard(BARE, then_regular)), 106);
    let almost = [100, 100, 100, 400]
        .into_iter()
        .cycle()
        .take(200)
        .chain([100; 127]);
    assert!(suspected_after_ms(heard(BARE, almost)) > 106, "one pause is left");
}

#[test]
fn traffic_neither_shortens_the_patience_nor_pushes_pauses_out_of_the_window() {
    let pauses = || [100, 400].into_iter().cycle().take(20);
    let quiet = heard(BARE, pauses().chain([100; 30]));
    // The same three seconds with a message each millisecond.
    let busy = heard(BARE, pauses().chain([1; 3000]));
    assert_eq!(suspected_after_ms(busy), suspected_after_ms(quiet));
}

#[test]
fn the_longest_silence_is_believed_in_and_one_microsecond_more_is_not() {
    let sure = Expectations {
        pause: ms(1000),
        ..DEFAULT
    };
    let (detector, now) = heard(sure, [100; 10]);
    let longest = now + sure.longest_silence;
    assert!(!detector.is_suspect(longest));
    assert!(detector.is_suspect(longest + Duration::from_micros(1)));
}

#[test]
fn a_listener_that_was_away_for_half_of_three_heartbeats_and_the_pause_was_held_up() {
    let cases = [(DEFAULT, ms(400)), (BARE, ms(150))];
    let tight = Expectations {
        longest_silence: ms(300),
        ..DEFAULT
    };
    for (expected, limit) in cases.into_iter().chain([(tight, ms(150))]) {
        let (now, more) = (ms(5000), limit + Duration::from_micros(1));
        assert_eq!(Attention::new(expected, now).listens(now + limit), None);
        assert_eq!(Attention::new(expected, now).listens(now + more), Some(more));
        assert!(expected.heartbeat < limit, "it may be a little late");
    }
}

#[test]
fn a_process_that_does_not_take_itself_for_held_up_is_suspected_by_nobody_for_that_silence() {
    for pause in [ms(100), ms(500), ms(5000)] {
        let expected = Expectations { pause, ..DEFAULT };
        let (watcher, now) = heard(expected, [100; 200]);
        let unnoticed = |moment: &Duration| Attention::new(expected, now).listens(*moment).is_none();
        let longest = (1..1000)
            .map(|silence| now + ms(silence))
            .take_while(unnoticed)
            .last();
        assert!(
            !watcher.is_suspect(longest.expect("a millisecond is no gap")),
            "{expected:?}"
        );
    }
}

#[test]
fn a_gap_is_told_once_and_an_old_moment_is_none() {
    let mut attention = Attention::new(DEFAULT, ms(5000));
    assert_eq!(attention.listens(ms(6000)), Some(ms(1000)));
    assert_eq!(attention.listens(ms(6000)), None);
    assert_eq!(attention.listens(ms(5500)), None);
    assert_eq!(attention.listens(ms(6400)), None);
}

#[test]
fn a_listener_that_was_held_up_excuses_the_silence_and_learns_nothing_from_it() {
    let (mut detector, now) = heard(BARE, [100; 200]);
    let later = now + ms(700);
    assert!(detector.is_suspect(later));
    detector.excuse(later);
    assert_eq!(suspected_after_ms((detector, later)), 106);
}

#[test]
fn a_clock_that_stands_still_or_an_old_moment_changes_nothing() {
    let (mut detector, now) = heard(BARE, [100; 200]);
    detector.heard(now);
    detector.heard(now - ms(50));
    assert_eq!(detector.silence(now), Duration::ZERO);
    assert_eq!(suspected_after_ms((detector, now)), 106);
}

/// The suspicion from the definition: all that was heard, walked through again; mean and deviation in two passes;
/// the tail of the normal distribution by Simpson's rule.
fn reference(expected: &Expectations, heard_us: &[u64], now_us: u64) -> f64 {
    let heartbeat = expected.heartbeat.as_micros() as u64;
    let (mut noted, mut intervals) = (heard_us[0], Vec::new());
    for pair in heard_us.windows(2) {
        if pair[1] - noted >= heartbeat {
            noted = pair[1];
            intervals.push((pair[1] - pair[0]).max(heartbeat) as f64);
        }
    }
    let last = &intervals[intervals.len().saturating_sub(expected.window)..];
    let count = last.len() as f64;
    let (mut mean, mut deviation) = (heartbeat as f64, 0.0);
    if !last.is_empty() {
        mean = last.iter().sum::<f64>() / count;
        deviation = (last.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
    }
    let deviation = deviation.max(expected.deviation.as_micros() as f64);
    let silence = now_us - heard_us[heard_us.len() - 1];
    let from = (silence as f64 - mean - expected.pause.as_micros() as f64) / deviation;
    -upper_tail(from).log10()
}

/// How likely a normally distributed number is greater than this.
fn upper_tail(from: f64) -> f64 {
    const STEPS: usize = 20_000;
    let (from, to) = (from.max(-12.0), from.max(-12.0) + 24.0);
    let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let step = (to - from) / STEPS as f64;
    let weight = |place: usize| match place {
        0 | STEPS => 1.0,
        odd if odd % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let sum: f64 = (0..=STEPS)
        .map(|place| weight(place) * density(from + place as f64 * step))
        .sum();
    sum * step / 3.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_suspicion_is_that_of_the_definition(
        intervals in prop::collection::vec(prop_oneof![0..2_000_u64, 0..400_000_u64], 0..60),
        silence in 0..3_000_000_u64,
        (window, deviation_us, pause_us) in (2..20_usize, 1_000..200_000_u64, 0..500_000_u64),
    ) {
        let expected = Expectations {
            window,
            deviation: Duration::from_micros(deviation_us),
            pause: Duration::from_micros(pause_us),
            ..BARE
        };
        let mut heard_us = vec![7_000_000];
        let mut detector = Detector::new(expected, Duration::from_micros(heard_us[0]));
        for interval in intervals {
            let now = heard_us[heard_us.len() - 1] + interval;
            detector.heard(Duration::from_micros(now));
            heard_us.push(now);
        }
        let now = heard_us[heard_us.len() - 1] + silence;
        let suspicion = detector.suspicion(Duration::from_micros(now));
        let slow = reference(&expected, &heard_us, now);
        // Beyond this the reference has no digits left, and any threshold has passed.
        if slow < 100.0 {
            prop_assert!((suspicion - slow).abs() <= 1e-3 * slow.max(1e-3), "{suspicion} is not {slow}");
        } else {
            prop_assert!(suspicion > 99.0);
        }
    }

    #[test]
    fn the_suspicion_never_falls_while_the_silence_lasts(
        intervals in prop::collection::vec(1..900_u64, 0..40),
        silences in prop::collection::vec(0..200_u64, 1..40),
    ) {
        let mut now = Duration::ZERO;
        let mut detector = Detector::new(DEFAULT, now);
        for interval in intervals {
            now += ms(interval);
            detector.heard(now);
        }
        let (mut last, mut suspect) = (f64::NEG_INFINITY, false);
        for silence in silences {
            now += ms(silence);
            let suspicion = detector.suspicion(now);
            prop_assert!(suspicion >= last);
            prop_assert!(detector.is_suspect(now) || !suspect);
            if detector.silence(now) <= DEFAULT.heartbeat + DEFAULT.pause {
                prop_assert!(!detector.is_suspect(now));
            }
            (last, suspect) = (suspicion, detector.is_suspect(now));
        }
    }
}
