//! Pauses that double, for one life, until it behaves.

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const NODE: NodeId = NodeId(3);
const LIFE: Incarnation = Incarnation(30);

/// The pauses that a life is asked for if it is suspected again as soon as it is in.
fn pauses(readmission: &mut Readmission, count: usize) -> Vec<Duration> {
    let mut now = ms(1000);
    let suspect = |_| {
        readmission.suspected(now, NODE, LIFE);
        let wait = readmission.wait(now, NODE, LIFE).unwrap_or_default();
        now += wait;
        assert_eq!(readmission.wait(now, NODE, LIFE), None);
        wait
    };
    (0..count).map(suspect).collect()
}

#[test]
fn who_is_suspected_again_and_again_waits_twice_as_long_each_time_up_to_the_limit() {
    let mut readmission = Readmission::new(ms(1000));
    let seconds = [0, 1, 2, 4, 8, 16, 30, 30].map(Duration::from_secs);
    assert_eq!(pauses(&mut readmission, 8), seconds);
    assert_eq!(MAX_READMISSION_PAUSE, seconds[7]);
    assert_eq!(
        pauses(&mut Readmission::new(ms(1000)), 100)[99],
        MAX_READMISSION_PAUSE
    );
}

#[test]
fn others_and_a_new_life_of_the_same_node_do_not_wait() {
    let mut readmission = Readmission::new(ms(1000));
    for _ in 0..2 {
        readmission.suspected(ms(0), NODE, LIFE);
    }
    assert_eq!(readmission.wait(ms(999), NODE, LIFE), Some(ms(1)));
    assert_eq!(readmission.wait(ms(0), NODE, Incarnation(31)), None);
    assert_eq!(readmission.wait(ms(0), NodeId(4), LIFE), None);
    readmission.suspected(ms(0), NODE, Incarnation(31));
    assert_eq!(readmission.wait(ms(0), NODE, Incarnation(31)), None);
}

#[test]
fn a_life_that_behaves_for_long_enough_is_forgiven_and_not_a_moment_before() {
    let suspected_twice = |again_after: Duration| {
        let mut readmission = Readmission::new(ms(1000));
        readmission.suspected(ms(5), NODE, LIFE);
        readmission.suspected(ms(5) + again_after, NODE, LIFE);
        readmission.wait(ms(5) + again_after, NODE, LIFE)
    };
    assert_eq!(suspected_twice(FORGIVEN_AFTER), None);
    assert_eq!(suspected_twice(FORGIVEN_AFTER - ms(1)), Some(ms(1000)));
}
